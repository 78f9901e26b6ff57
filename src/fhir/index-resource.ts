// What a resource is found by: the rows its search parameters make of it. https://hl7.org/fhir/R4/search.html
import { DATES } from './date-values.ts';
import { fold } from './fold.ts';
import { hash } from './hash.ts';
import type { DateRow, Hash, IndexRows, NumberRow, ReferenceRow, StringRow } from './index-rows.ts';
import { NUMBERS, type NumberRange } from './number-values.ts';
import { canonicalTexts, REFERENCES } from './reference-values.ts';
import type { TypedValue } from './search-expression.ts';
import { COLUMNS, type ParameterKind, type Registry, type SearchParameter } from './search-parameters.ts';
import { soundex } from './soundex.ts';
import { STRINGS } from './string-values.ts';
import { codeHash, exactHash, identifierOf, ofTypeHash, type Token, tokenHashes, unitHash, withoutCase } from './token.ts';
import { TOKEN_TEXTS, TOKENS, typedIdentifiers } from './token-values.ts';
import type { Resource } from './types.ts';

/** What one parameter finds in one resource. */
type Part = Partial<Omit<IndexRows, 'self'>>;
type Indexer = (parameter: SearchParameter, values: TypedValue[], baseUrl: string) => Part;

const INDEXERS: Record<ParameterKind, Indexer> = {
  token: tokenPart,
  string: stringPart,
  date: datePart,
  reference: referencePart,
  uri: ({ code }, values) => ({ tokens: [...new Set(texts(values))].map((text) => codeHash(code, text)) }),
  number: numberPart,
  quantity: numberPart,
};

/**
 * The index rows of a resource that has its id. `extra`: further tokens (an alias). `baseUrl`: this server's FHIR base, without a trailing slash;
 * absolute references under it are indexed as local ones.
 */
export function indexRows(resource: Resource, registry: Registry, extra: Hash[] = [], baseUrl = ''): IndexRows {
  const tokens = [...extra];
  const strings: StringRow[] = [];
  const dates: DateRow[] = [];
  const numbers: NumberRow[] = [];
  const references: ReferenceRow[] = [];
  for (const parameter of registry.list(resource.resourceType)) {
    const values = COLUMNS.has(parameter.code) ? [] : parameter.values(resource);
    if (!values.length) continue;
    const part = INDEXERS[parameter.type](parameter, values, baseUrl);
    tokens.push(parameter.presence);
    if (part.tokens) append(tokens, part.tokens);
    if (part.strings) append(strings, part.strings);
    if (part.dates) append(dates, part.dates);
    if (part.numbers) append(numbers, part.numbers);
    if (part.references) append(references, part.references);
  }
  return { self: hash(`${resource.resourceType}/${resource.id}`), tokens, strings, dates, numbers, references };
}

function append<T>(list: T[], items: readonly T[]): void {
  for (const item of items) list.push(item);
}

function tokenPart({ code, caseless, textNumber }: SearchParameter, values: TypedValue[]): Part {
  const tokens: Hash[] = [];
  for (const { type, value } of values) {
    for (const token of TOKENS[type]!(value as never)) {
      for (const form of tokenHashes(code, caseless ? caselessToken(token) : token)) tokens.push(form);
    }
    if (type === 'Identifier') for (const typed of typedIdentifiers(value as object)) tokens.push(ofTypeHash(code, typed, typed.value));
  }
  return { tokens: distinct(tokens), strings: textRows(textNumber, values) };
}

const distinct = (tokens: Hash[]): Hash[] => (tokens.length > 1 ? [...new Set(tokens)] : tokens);

const caselessToken = ({ system, code }: Token): Token => ({ system, code: code && withoutCase(code) });

/** What a person reads beside the codes (`:text`). */
function textRows(parameter: number, values: TypedValue[]): StringRow[] {
  const norms = new Set<string>();
  for (const { type, value } of values) for (const text of TOKEN_TEXTS[type]?.(value as never) ?? []) if (text) norms.add(fold(text));
  norms.delete('');
  return norms.size ? [...norms].map((norm) => ({ parameter, norm, low: false, high: false, infix: true })) : [];
}

function stringPart({ code, number, infix, phonetic }: SearchParameter, values: TypedValue[]): Part {
  const written = new Set<string>();
  for (const { type, value } of values) {
    // A list of strings holds null where one has extensions only.
    for (const text of STRINGS[type]!(value as never)) if (typeof text === 'string') written.add(text.normalize('NFC'));
  }
  const norms = new Set<string>();
  for (const text of written) norms.add(fold(text));
  norms.delete('');
  if (phonetic) return { strings: soundexOf(norms).map((norm) => stringRow(number, norm)) };
  const whole = [...norms];
  const { least, greatest } = ends(whole);
  const tokens: Hash[] = [];
  for (const text of written) tokens.push(exactHash(code, text));
  const strings: StringRow[] = whole.map((norm, at) => ({ parameter: number, norm, low: at === least, high: at === greatest, infix }));
  for (const norm of familyParts(code, values)) if (!norms.has(norm)) strings.push(stringRow(number, norm));
  return { tokens, strings };
}

const soundexOf = (norms: Set<string>): string[] => [...new Set([...norms].flatMap(soundex))];

/** A row that is found, but not sorted by. */
const stringRow = (parameter: number, norm: string): StringRow => ({ parameter, norm, low: false, high: false, infix: false });

/** The later words of family names, so that each is found by its beginning: `Carreno Quinones` also as `quinones`. */
function familyParts(code: string, values: TypedValue[]): Set<string> {
  const parts = new Set<string>();
  for (const { type, value } of values) {
    const family = type === 'HumanName' ? (value as { family?: string }).family : value;
    if ((code !== 'family' && type !== 'HumanName') || typeof family !== 'string') continue;
    const words = fold(family).split(' ');
    for (let at = 1; at < words.length; at++) parts.add(words.slice(at).join(' '));
  }
  return parts;
}

function datePart({ number }: SearchParameter, values: TypedValue[]): Part {
  const ranges = values.flatMap(({ type, value }) => DATES[type]!(value as never) ?? []);
  const distinctRanges = [...new Map(ranges.map((range) => [range.from + range.to, range])).values()];
  const { least, greatest } = ends(distinctRanges.map(({ from }) => from));
  return { dates: distinctRanges.map(({ from, to }, at) => ({ parameter: number, from, to, low: at === least, high: at === greatest })) };
}

function numberPart({ number }: SearchParameter, values: TypedValue[]): Part {
  const ranges = values.flatMap(({ type, value }) => NUMBERS[type]!(value as never) ?? []);
  const { least, greatest } = ends(ranges.map(({ from }) => Number(from)));
  return {
    numbers: ranges.flatMap((range, at) =>
      units(range).map((unit, form) => ({
        parameter: number,
        from: range.from,
        to: range.to,
        ...(unit !== undefined && { unit }),
        low: at === least && form === 0,
        high: at === greatest && form === 0,
      })),
    ),
  };
}

/** One row per way a search may name the unit: by system and code, and by code or human unit alone. One without a unit if there is none. */
function units({ system, code, unit }: NumberRange): (Hash | undefined)[] {
  const names = new Set([code, unit].filter((name) => name !== undefined));
  const hashes = [...(system && code ? [unitHash(system, code)] : []), ...[...names].map((name) => unitHash(null, name))];
  return hashes.length ? hashes : [undefined];
}

function referencePart({ code, number }: SearchParameter, values: TypedValue[], baseUrl: string): Part {
  const found = values.map(({ type, value }) => REFERENCES[type]!(value as never, baseUrl));
  const targets = new Set(found.flatMap((referred) => referred.targets));
  return {
    tokens: distinct(found.flatMap(({ identifier }) => (identifier ? tokenHashes(identifierOf(code), identifier) : []))),
    references: [...targets].map((target) => ({ parameter: number, target: hash(target) })),
  };
}

/** The texts of uris; of canonicals with and without their version. */
const texts = (values: TypedValue[]): string[] =>
  values.flatMap(({ type, value }) => (type === 'canonical' ? canonicalTexts(value as string) : [value as string]));

/** Where the least and the greatest stand: one each, since a resource has one place in an order. */
function ends<T extends string | number>(items: T[]): { least: number; greatest: number } {
  let [least, greatest] = [0, 0];
  for (let at = 1; at < items.length; at++) {
    if (items[at]! < items[least]!) least = at;
    if (items[at]! > items[greatest]!) greatest = at;
  }
  return { least, greatest };
}
