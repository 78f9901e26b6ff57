// Splits the names and values of search parameters. In a value, `,` separates alternatives, `$` the values of a composite, `|` parts. A `\` escapes each of these and itself.
// https://hl7.org/fhir/R4/search.html#escaping
import { invalid, notSupported } from '../outcome.ts';

const MISPLACED = /\\(?![,|$\\])/;
/** The most alternatives of a value. */
const MAX_ALTERNATIVES = 5000;

/** The alternatives of a value, still escaped. An empty alternative is refused. */
export function splitAlternatives(parameter: string, value: string): string[] {
  if (MISPLACED.test(value.replaceAll('\\\\', '')))
    throw invalid(`${parameter}: a backslash may occur only before , | $ or another backslash`);
  const values = splitUnescaped(value, ',');
  if (values.length > MAX_ALTERNATIVES) throw invalid(`${parameter} may have at most ${MAX_ALTERNATIVES} values separated by comma`);
  if (values.some((piece) => piece.trim() === '')) throw invalid(`${parameter} needs a value`);
  return values;
}

/** The parts of one alternative (`system|code`), unescaped. */
export const splitParts = (alternative: string): string[] => splitUnescaped(alternative, '|').map(unescapeValue);

/** The values of one alternative of a composite (`code$value`), still escaped. */
export const splitComponents = (alternative: string): string[] => splitUnescaped(alternative, '$');

/** One alternative without its escapes. */
export const unescapeValue = (alternative: string): string =>
  alternative.includes('\\') ? alternative.replace(/\\(.)/gs, '$1') : alternative;

/** A text as one value of a parameter: its separators are literal characters. */
export const escapeSearchValue = (text: string): string => text.replace(/[\\,|$]/g, '\\$&');

function splitUnescaped(text: string, separator: ',' | '|' | '$'): string[] {
  if (!text.includes('\\')) return text.split(separator);
  const values = [''];
  for (const [letter] of text.matchAll(/\\.|./gs)) {
    if (letter === separator) values.push('');
    else values[values.length - 1] += letter;
  }
  return values;
}

export const PREFIXES = ['eq', 'ne', 'gt', 'lt', 'ge', 'le', 'sa', 'eb', 'ap'] as const;
export type Prefix = (typeof PREFIXES)[number];

/** Splits a value into its prefix (default `eq`) and the rest. */
export function splitPrefix(value: string): { prefix: Prefix; rest: string } {
  const prefix = PREFIXES.find((candidate) => value.startsWith(candidate));
  return prefix ? { prefix, rest: value.slice(2) } : { prefix: 'eq', rest: value };
}

/** Splits `code:modifier`. The modifier may be absent (empty), but a colon without a modifier is refused. */
export function splitModifier(name: string): { code: string; modifier: string } {
  const colon = name.indexOf(':');
  if (colon < 0) return { code: name, modifier: '' };
  const modifier = name.slice(colon + 1);
  if (modifier === '') throw notSupported(`${name} has no modifier after its colon`);
  return { code: name.slice(0, colon), modifier };
}

/** The code at the start of a name, before a modifier or the next link of a chain. */
export const readParameterCode = (name: string): string => name.split(/[:.]/, 1)[0]!;
