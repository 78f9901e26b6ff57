// Builds the index rows of a resource from its search parameters. https://hl7.org/fhir/R4/search.html

import { DATE_RANGES, type DateRange } from '../date-range.ts';
import { hash } from '../hash.ts';
import { readMember } from '../json-values.ts';
import type { Resource } from '../types.ts';
import { buildCompositeEntries } from './composite-rows.ts';
import { buildPositionRows } from './geography.ts';
import { COLUMN_PARAMETERS, type IndexedParameter, type IndexedParameters, type ParameterKind } from './indexed-parameter.ts';
import { buildNumberRows, buildQuantityRows, readNumberRanges } from './number-rows.ts';
import { isVersionsBelow, listCanonicalForms, REFERENCE_TARGETS } from './reference-values.ts';
import { findExtremes, type Hash, type IndexRows, type ParameterNumber, type StringRow } from './rows.ts';
import { type SharedTexts, shareTexts } from './shared-texts.ts';
import { STRING_TEXTS } from './string-values.ts';
import { encodeSoundex, foldText, truncateText } from './text-folding.ts';
import {
  foldCase,
  foldTokenCase,
  hashCode,
  hashExactText,
  hashIdentifierOfType,
  hashSpelling,
  hashToken,
  toIdentifierParameter,
} from './token.ts';
import { TOKEN_TEXTS, TOKEN_VALUES, TYPED_IDENTIFIERS } from './token-values.ts';
import { readTypedValue, type TypedValue } from './typed-value.ts';

/** The rows of one parameter of a resource. */
type ParameterRows = Partial<Omit<IndexRows, 'self' | 'texts'>> & Pick<IndexRows, 'texts'>;
type RowBuilder = (parameter: IndexedParameter, values: TypedValue[], baseUrl: string) => ParameterRows;

/** Kind → builder of rows. Composites are indexed by their parts, which several parameters may share. The only special parameter is `near`. */
const ROW_BUILDERS: Record<Exclude<ParameterKind, 'composite'>, RowBuilder> = {
  token: buildTokenRows,
  string: buildStringRows,
  date: buildDateRows,
  reference: buildReferenceRows,
  special: ({ number }, values) => ({ composites: buildPositionRows(number, values) }),
  uri: buildUriRows,
  number: ({ number }, values) => ({ numbers: buildNumberRows(number, readNumberRanges(values)) }),
  quantity: ({ number }, values) => ({ numbers: buildQuantityRows(number, readNumberRanges(values)) }),
};

/**
 * The index rows of a resource that has an id. `extra`: further tokens (a UUID alias). `baseUrl`: this server's FHIR base, without a trailing slash. Absolute
 * references below it are indexed as local references.
 */
export function buildIndexRows(resource: Resource, registry: IndexedParameters, extra: Hash[] = [], baseUrl = ''): IndexRows {
  const rows: Required<Omit<ParameterRows, 'texts'>> & Pick<IndexRows, 'texts'> = {
    tokens: [...extra],
    strings: [],
    dates: [],
    numbers: [],
    references: [],
    codes: [],
    composites: [],
  };
  const sharing: [ParameterNumber, SharedTexts][] = [];
  for (const parameter of registry.listIndexed(resource.resourceType)) {
    if (parameter.type === 'composite' || COLUMN_PARAMETERS.has(parameter.code)) continue;
    if (parameter.fullText) rows.texts ??= [];
    const values = parameter.evaluate(resource);
    if (!values.length) continue;
    rows.tokens.push(parameter.presence);
    if (parameter.shared) sharing.push([parameter.number, parameter.shared]);
    addRows(rows, ROW_BUILDERS[parameter.type](parameter, values, baseUrl));
  }
  if (sharing.length)
    rows.strings = shareTexts(
      rows.strings,
      sharing.sort(([, a], [, b]) => a.bit - b.bit),
    );
  const pairs = registry.listParts(resource.resourceType).map((part) => buildCompositeEntries(part, resource, baseUrl));
  appendAll(rows.tokens, removeDuplicates(pairs.flatMap(({ tokens }) => tokens)));
  for (const { composites } of pairs) appendAll(rows.composites, composites);
  return { self: hash(`${resource.resourceType}/${resource.id}`), ...rows };
}

function addRows(
  rows: Required<Omit<ParameterRows, 'texts'>> & Pick<IndexRows, 'texts'>,
  { tokens, strings, dates, numbers, references, codes, composites, texts }: ParameterRows,
): void {
  if (texts) rows.texts = [...(rows.texts ?? []), ...texts];
  if (tokens) appendAll(rows.tokens, tokens);
  if (strings) appendAll(rows.strings, strings);
  if (dates) appendAll(rows.dates, dates);
  if (numbers) appendAll(rows.numbers, numbers);
  if (references) appendAll(rows.references, references);
  if (codes) appendAll(rows.codes, codes);
  if (composites) appendAll(rows.composites, composites);
}

function appendAll<T>(list: T[], items: readonly T[]): void {
  for (const item of items) list.push(item);
}

function buildTokenRows({ code, number, caseInsensitive, textNumber }: IndexedParameter, values: TypedValue[]): ParameterRows {
  const tokens: Hash[] = [];
  const codes: string[] = [];
  for (const typedValue of values) {
    for (const token of readTypedValue(TOKEN_VALUES, typedValue) ?? []) {
      for (const form of hashToken(code, caseInsensitive ? foldTokenCase(token) : token)) tokens.push(form);
      if (token.code !== undefined) codes.push(foldCase(token.code).slice(0, MAX_CODE_LENGTH));
    }
    for (const typed of readTypedValue(TYPED_IDENTIFIERS, typedValue) ?? []) tokens.push(hashIdentifierOfType(code, typed, typed.value));
  }
  const { least, greatest } = findExtremes(codes);
  return {
    tokens: removeDuplicates(tokens),
    strings: buildTextRows(textNumber, values),
    ...(codes.length && { codes: [{ parameter: number, low: codes[least]!, high: codes[greatest]! }] }),
  };
}

/** Codes are sorted by this many characters. */
const MAX_CODE_LENGTH = 64;

const removeDuplicates = (tokens: Hash[]): Hash[] => (tokens.length > 1 ? [...new Set(tokens)] : tokens);

/** The displayed texts of the codes, for `:text`. */
function buildTextRows(parameter: number, values: TypedValue[]): StringRow[] {
  const norms = new Set<string>();
  for (const typedValue of values) for (const text of readTypedValue(TOKEN_TEXTS, typedValue) ?? []) if (text) norms.add(foldText(text));
  norms.delete('');
  return norms.size ? [...norms].map((norm) => ({ parameter, norm, low: false, high: false, infix: true })) : [];
}

function buildStringRows({ code, number, substringIndexed, phonetic, fullText }: IndexedParameter, values: TypedValue[]): ParameterRows {
  if (fullText) return { texts: values.map(({ value }) => ({ parameter: number, words: String(value) })) };
  const written = new Set<string>();
  for (const typedValue of values) {
    // a list of strings has null for an item with extensions only
    for (const text of readTypedValue(STRING_TEXTS, typedValue) ?? []) if (typeof text === 'string') written.add(text.normalize('NFC'));
  }
  const tokens: Hash[] = [];
  const spelled: { norm: string; spelling: number }[] = [];
  for (const text of written) {
    const norm = foldText(text);
    if (norm === '') tokens.push(hashExactText(code, text));
    else spelled.push({ norm, spelling: hashSpelling(text) });
  }
  const norms = spelled.map(({ norm }) => norm);
  if (phonetic) return { tokens: listSoundexCodes(norms).map((sound) => hashCode(code, sound)) };
  const { least, greatest } = findExtremes(norms);
  const strings: StringRow[] = spelled.map(({ norm, spelling }, at) => ({
    parameter: number,
    norm,
    spelling,
    low: at === least,
    high: at === greatest,
    infix: substringIndexed,
  }));
  const whole = new Set(norms);
  for (const norm of listFamilyNameParts(code, values)) if (!whole.has(norm)) strings.push(buildStringRow(number, norm));
  return { tokens, strings };
}

const listSoundexCodes = (norms: string[]): string[] => [...new Set(norms.flatMap(encodeSoundex))];

/** A row for searches, but not for sorting. */
const buildStringRow = (parameter: number, norm: string): StringRow => ({ parameter, norm, low: false, high: false, infix: false });

/** The later words of family names, because a search matches the beginning of a text: `Carreno Quinones` is also indexed as `quinones`. */
function listFamilyNameParts(code: string, values: TypedValue[]): Set<string> {
  const parts = new Set<string>();
  for (const { type, value } of values) {
    const family = type === 'HumanName' ? readMember(value, 'family') : value;
    if ((code !== 'family' && type !== 'HumanName') || typeof family !== 'string') continue;
    const words = foldText(family).split(' ');
    for (let at = 1; at < words.length; at++) parts.add(words.slice(at).join(' '));
  }
  return parts;
}

function buildDateRows({ number }: IndexedParameter, values: TypedValue[]): ParameterRows {
  const distinctRanges = new Map<string, DateRange>();
  for (const typedValue of values) {
    const range = readTypedValue(DATE_RANGES, typedValue);
    if (range) distinctRanges.set(range.from + range.to, range);
  }
  const ranges = [...distinctRanges.values()];
  const { least, greatest } = findExtremes(ranges.map(({ from }) => from));
  return { dates: ranges.map(({ from, to }, at) => ({ parameter: number, from, to, low: at === least, high: at === greatest })) };
}

function buildReferenceRows({ code, number }: IndexedParameter, values: TypedValue[], baseUrl: string): ParameterRows {
  const tokens: Hash[] = [];
  const targets = new Set<string>();
  for (const typedValue of values) {
    const found = readTypedValue(REFERENCE_TARGETS, typedValue, baseUrl);
    for (const target of found?.targets ?? []) targets.add(target);
    if (found?.identifier) appendAll(tokens, hashToken(toIdentifierParameter(code), found.identifier));
  }
  return {
    tokens: removeDuplicates(tokens),
    references: [...targets].map((target) => ({
      parameter: number,
      target: hash(target),
      ...(!isVersionsBelow(target) && { text: truncateText(target) }),
    })),
  };
}

/** A URI is indexed as a token for equality, and as a string for `:above`, `:below` and sorting. */
function buildUriRows({ code, number }: IndexedParameter, values: TypedValue[]): ParameterRows {
  const written = [...new Set(listUriTexts(values))];
  const { least, greatest } = findExtremes(written);
  return {
    tokens: written.map((text) => hashCode(code, text)),
    strings: written.map((text, at) => ({ ...buildStringRow(number, truncateText(text)), low: at === least, high: at === greatest })),
  };
}

/** The texts of URIs. A canonical has a text with its version and one without. */
const listUriTexts = (values: TypedValue[]): string[] =>
  values.flatMap(({ type, value }) => (typeof value !== 'string' ? [] : type === 'canonical' ? listCanonicalForms(value) : [value]));
