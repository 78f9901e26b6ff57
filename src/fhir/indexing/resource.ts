// What a resource is found by: the rows its search parameters make of it. https://hl7.org/fhir/R4/search.html

import { hash } from '../hash.ts';
import type { Resource } from '../types.ts';
import { compositeEntries } from './composites.ts';
import { DATES } from './date-values.ts';
import { ends } from './ends.ts';
import { cut, fold } from './fold.ts';
import { numberRows, quantityRows, rangesOf } from './numbers.ts';
import { COLUMNS, type IndexedParameter, type IndexedParameters, type ParameterKind } from './parameter.ts';
import { positionRows } from './positions.ts';
import { canonicalTexts, isBelow, REFERENCES } from './reference-values.ts';
import type { Hash, IndexRows, StringRow } from './rows.ts';
import { soundex } from './soundex.ts';
import { STRINGS } from './string-values.ts';
import { codeHash, exactHash, identifierOf, ofTypeHash, tokenHashes, tokenWithoutCase, withoutCase } from './token.ts';
import { TOKEN_TEXTS, TOKENS, typedIdentifiers } from './token-values.ts';
import type { TypedValue } from './typed-value.ts';

/** What one parameter finds in one resource. */
type Part = Partial<Omit<IndexRows, 'self'>>;
type Indexer = (parameter: IndexedParameter, values: TypedValue[], baseUrl: string) => Part;

/** Composites are indexed by what they look at, which several may share. The one special parameter is near. */
const INDEXERS: Record<Exclude<ParameterKind, 'composite'>, Indexer> = {
  token: tokenPart,
  string: stringPart,
  date: datePart,
  reference: referencePart,
  special: ({ number }, values) => ({ composites: positionRows(number, values) }),
  uri: uriPart,
  number: ({ number }, values) => ({ numbers: numberRows(number, rangesOf(values)) }),
  quantity: ({ number }, values) => ({ numbers: quantityRows(number, rangesOf(values)) }),
};

/**
 * The index rows of a resource that has its id. `extra`: further tokens (an alias). `baseUrl`: this server's FHIR base, without a trailing slash;
 * absolute references under it are indexed as local ones.
 */
export function indexRows(resource: Resource, registry: IndexedParameters, extra: Hash[] = [], baseUrl = ''): IndexRows {
  const rows: Required<Part> = { tokens: [...extra], strings: [], dates: [], numbers: [], references: [], codes: [], composites: [] };
  for (const parameter of registry.list(resource.resourceType)) {
    if (parameter.type === 'composite' || COLUMNS.has(parameter.code)) continue;
    const values = parameter.values(resource);
    if (!values.length) continue;
    rows.tokens.push(parameter.presence);
    add(rows, INDEXERS[parameter.type](parameter, values, baseUrl));
  }
  const pairs = registry.parts(resource.resourceType).map((part) => compositeEntries(part, resource));
  append(rows.tokens, distinct(pairs.flatMap(({ tokens }) => tokens)));
  for (const { composites } of pairs) append(rows.composites, composites);
  return { self: hash(`${resource.resourceType}/${resource.id}`), ...rows };
}

function add(rows: Required<Part>, { tokens, strings, dates, numbers, references, codes, composites }: Part): void {
  if (tokens) append(rows.tokens, tokens);
  if (strings) append(rows.strings, strings);
  if (dates) append(rows.dates, dates);
  if (numbers) append(rows.numbers, numbers);
  if (references) append(rows.references, references);
  if (codes) append(rows.codes, codes);
  if (composites) append(rows.composites, composites);
}

function append<T>(list: T[], items: readonly T[]): void {
  for (const item of items) list.push(item);
}

function tokenPart({ code, number, caseless, textNumber }: IndexedParameter, values: TypedValue[]): Part {
  const tokens: Hash[] = [];
  const codes: string[] = [];
  for (const { type, value } of values) {
    for (const token of TOKENS[type]!(value as never)) {
      for (const form of tokenHashes(code, caseless ? tokenWithoutCase(token) : token)) tokens.push(form);
      if (token.code !== undefined) codes.push(withoutCase(token.code).slice(0, LONGEST_CODE));
    }
    if (type === 'Identifier') for (const typed of typedIdentifiers(value as object)) tokens.push(ofTypeHash(code, typed, typed.value));
  }
  const { least, greatest } = ends(codes);
  return {
    tokens: distinct(tokens),
    strings: textRows(textNumber, values),
    ...(codes.length && { codes: [{ parameter: number, low: codes[least]!, high: codes[greatest]! }] }),
  };
}

/** More of a code nobody reads to see an order. */
const LONGEST_CODE = 64;

const distinct = (tokens: Hash[]): Hash[] => (tokens.length > 1 ? [...new Set(tokens)] : tokens);

/** What a person reads beside the codes (`:text`). */
function textRows(parameter: number, values: TypedValue[]): StringRow[] {
  const norms = new Set<string>();
  for (const { type, value } of values) for (const text of TOKEN_TEXTS[type]?.(value as never) ?? []) if (text) norms.add(fold(text));
  norms.delete('');
  return norms.size ? [...norms].map((norm) => ({ parameter, norm, low: false, high: false, infix: true })) : [];
}

function stringPart({ code, number, infix, phonetic }: IndexedParameter, values: TypedValue[]): Part {
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

function datePart({ number }: IndexedParameter, values: TypedValue[]): Part {
  const ranges = values.flatMap(({ type, value }) => DATES[type]!(value as never) ?? []);
  const distinctRanges = [...new Map(ranges.map((range) => [range.from + range.to, range])).values()];
  const { least, greatest } = ends(distinctRanges.map(({ from }) => from));
  return { dates: distinctRanges.map(({ from, to }, at) => ({ parameter: number, from, to, low: at === least, high: at === greatest })) };
}

function referencePart({ code, number }: IndexedParameter, values: TypedValue[], baseUrl: string): Part {
  const found = values.map(({ type, value }) => REFERENCES[type]!(value as never, baseUrl));
  const targets = new Set(found.flatMap((referred) => referred.targets));
  return {
    tokens: distinct(found.flatMap(({ identifier }) => (identifier ? tokenHashes(identifierOf(code), identifier) : []))),
    references: [...targets].map((target) => ({ parameter: number, target: hash(target), ...(!isBelow(target) && { text: cut(target) }) })),
  };
}

/** Tokens for a uri as it is written; strings for those above and below it, and to sort by. */
function uriPart({ code, number }: IndexedParameter, values: TypedValue[]): Part {
  const written = [...new Set(texts(values))];
  const { least, greatest } = ends(written);
  return {
    tokens: written.map((text) => codeHash(code, text)),
    strings: written.map((text, at) => ({ ...stringRow(number, cut(text)), low: at === least, high: at === greatest })),
  };
}

/** The texts of uris; of canonicals with and without their version. */
const texts = (values: TypedValue[]): string[] =>
  values.flatMap(({ type, value }) => (type === 'canonical' ? canonicalTexts(value as string) : [value as string]));
