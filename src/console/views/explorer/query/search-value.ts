// The value of a search parameter in its parts: alternatives by comma, a prefix, a system. https://hl7.org/fhir/R4/search.html#escaping, #prefix
import { escapeValue } from '../../../api/fhir.ts';

/** The alternatives of a value, still escaped. */
export function splitAlternatives(value: string): string[] {
  return splitAt(value, ',');
}

export const joinAlternatives = (alternatives: readonly string[]): string => alternatives.join(',');

/** Splits at a separator that no backslash stands before. */
function splitAt(text: string, separator: string): string[] {
  const parts = [''];
  for (const [piece] of text.matchAll(/\\.|\\$|[^\\]/gsu)) {
    if (piece === separator) parts.push('');
    else parts[parts.length - 1] += piece;
  }
  return parts;
}

export const unescapeValue = (value: string): string => value.replace(/\\([\\,$|])/g, '$1');

/** How a value compares. https://hl7.org/fhir/R4/search.html#prefix */
export const PREFIXES: Readonly<Record<string, string>> = {
  eq: 'is',
  ne: 'is not',
  gt: 'is after',
  ge: 'is on or after',
  lt: 'is before',
  le: 'is on or before',
  sa: 'starts after',
  eb: 'ends before',
  ap: 'is about',
};

/** The same for numbers and quantities. */
export const NUMBER_PREFIXES: Readonly<Record<string, string>> = {
  eq: 'is',
  ne: 'is not',
  gt: 'is more than',
  ge: 'is at least',
  lt: 'is less than',
  le: 'is at most',
  sa: 'starts above',
  eb: 'ends below',
  ap: 'is about',
};

/** A value with its prefix; '' if it has none, which means the same as `eq`. */
export interface PrefixedValue {
  prefix: string;
  value: string;
}

export function parsePrefixed(text: string): PrefixedValue {
  const prefix = text.slice(0, 2);
  return Object.hasOwn(PREFIXES, prefix) ? { prefix, value: text.slice(2) } : { prefix: '', value: text };
}

/** `eq` is left out. */
export const formatPrefixed = ({ prefix, value }: PrefixedValue): string => (value === '' ? '' : (prefix === 'eq' ? '' : prefix) + value);

/** A token. `system` undefined: of any system; '': of none. */
interface TokenValue {
  system?: string;
  code: string;
}

export function parseToken(text: string): TokenValue {
  const [first = '', ...rest] = splitAt(text, '|');
  return rest.length ? { system: unescapeValue(first), code: unescapeValue(rest.join('|')) } : { code: unescapeValue(first) };
}

export const formatToken = ({ system, code }: TokenValue): string =>
  system === undefined ? escapeValue(code) : `${escapeValue(system)}|${escapeValue(code)}`;

/** A quantity: a number, and a unit by code or as it is written. https://hl7.org/fhir/R4/search.html#quantity */
export interface QuantityValue extends PrefixedValue {
  system: string;
  unit: string;
}

export function parseQuantity(text: string): QuantityValue {
  const [number = '', system = '', ...unit] = splitAt(text, '|');
  return { ...parsePrefixed(number), system: unescapeValue(system), unit: unescapeValue(unit.join('|')) };
}

export function formatQuantity({ prefix, value, system, unit }: QuantityValue): string {
  const number = formatPrefixed({ prefix, value });
  return system === '' && unit === '' ? number : `${number}|${escapeValue(system)}|${escapeValue(unit)}`;
}
