// The index entries of composite parameters. If all components are tested for equality, an occurrence becomes a token for each combination of their forms. If
// some components are ranges or texts, the occurrence becomes a row, whose key is made of the codes of the other components.
// https://hl7.org/fhir/R4/search.html#composite

import { DATE_RANGES } from '../date-range.ts';
import { hash } from '../hash.ts';
import type { Resource } from '../types.ts';
import {
  type CodedComponent,
  type CodedKind,
  type CompositePart,
  isCoded,
  isRanged,
  type RangeComponent,
  type RangeKind,
} from './indexed-parameter.ts';
import { readNumberRanges, toQuantityColumns } from './number-rows.ts';
import { isVersionsBelow, REFERENCE_TARGETS } from './reference-values.ts';
import type { CompositeRow, Hash, NumberRow } from './rows.ts';
import { STRING_TEXTS } from './string-values.ts';
import { foldText } from './text-folding.ts';
import { foldTokenCase, listTokenForms, type Token, toCodeForm } from './token.ts';
import { TOKEN_VALUES } from './token-values.ts';
import { readTypedValue, type TypedValue } from './typed-value.ts';

/** The index entries of occurrences. */
interface CompositeEntries {
  tokens: Hash[];
  composites: CompositeRow[];
}

/** The tokens and rows of one part in one resource. `baseUrl`: as in buildIndexRows. */
export function buildCompositeEntries(part: CompositePart, resource: Resource, baseUrl: string): CompositeEntries {
  const entries = part.occurrences.evaluate(resource).map(({ value }) => buildOccurrenceEntries(part, value, { resource, baseUrl }));
  return { tokens: entries.flatMap(({ tokens }) => tokens), composites: entries.flatMap(({ composites }) => composites) };
}

/** A code with the forms in which a query can name it. */
type CodeForms = [code: string, forms: string[]];

function buildOccurrenceEntries(part: CompositePart, occurrence: unknown, of: { resource: Resource; baseUrl: string }): CompositeEntries {
  const coded = part.components.filter(isCoded).map((component) => {
    const values = component.findValues(occurrence, of.resource).slice(0, MAX_VALUES);
    return CODE_READERS[component.kind](component, values, of.baseUrl).slice(0, MAX_VALUES);
  });
  const ranges = part.components
    .filter(isRanged)
    .map((component) => listRangeColumns(component, component.findValues(occurrence, of.resource)));
  if (!ranges.length)
    return {
      tokens: combineLists(coded.map((codes) => codes.flatMap(([, forms]) => forms))).map((forms) => hashCodePair(part, forms)),
      composites: [],
    };
  const spans = combineLists(ranges.length > 1 ? ranges.map((list) => list.slice(0, MAX_VALUES)) : ranges).map(mergeColumns);
  return { tokens: [], composites: combineLists(coded).flatMap((codes) => buildRows(part, codes, spans)) };
}

function buildRows({ number: parameter }: CompositePart, codes: CodeForms[], spans: ValueColumns[]): CompositeRow[] {
  const key = hashCompositeKey(codes.map(([code]) => code));
  const forms = codes.flatMap(([, texts], at) => texts.map((form) => hashComponentForm(at, form)));
  return spans.map((span) => ({ parameter, key, ...span, forms: [...forms, ...span.forms] }));
}

/** The most values of a component that are indexed, because the entries of an occurrence grow with the product of its values. */
const MAX_VALUES = 16;

/** Kind of a coded component → its codes, each with its forms. */
const CODE_READERS: Record<CodedKind, (component: CodedComponent, values: TypedValue[], baseUrl: string) => CodeForms[]> = {
  token: (component, values) => {
    const codes = Map.groupBy(readComponentTokens(component, values), ({ code = '' }) => toCodeForm(code));
    return Array.from(codes, ([code, tokens]): CodeForms => [code, removeDuplicates(tokens.flatMap(listTokenForms))]);
  },
  reference: (_component, values, baseUrl) =>
    removeDuplicates(values.flatMap((value) => readTypedValue(REFERENCE_TARGETS, value, baseUrl)?.targets ?? []))
      .filter((target) => !isVersionsBelow(target))
      .map((target) => [target, [target]]),
};

const readComponentTokens = ({ caseInsensitive }: CodedComponent, values: TypedValue[]): Token[] =>
  values
    .flatMap((value) => readTypedValue(TOKEN_VALUES, value) ?? [])
    .slice(0, MAX_VALUES)
    .map((token) => (caseInsensitive ? foldTokenCase(token) : token));

const removeDuplicates = <T>(items: T[]): T[] => [...new Set(items)];

/** All combinations of one item of each list. */
export const combineLists = <T>(lists: T[][]): T[][] =>
  lists.reduce<T[][]>((done, list) => done.flatMap((earlier) => list.map((item) => [...earlier, item])), [[]]);

/** The hash of an occurrence from one form of each component. */
export const hashCodePair = ({ name }: CompositePart, forms: readonly string[]): Hash =>
  hash(`${name}=${forms.map(escapeDollars).join('$')}`);

/** The key of a row, from the codes (forms without systems, targets of references) of its coded components. */
export const hashCompositeKey = (codes: readonly string[]): Hash => hash(codes.map(escapeDollars).join('$'));

/** The hash of a form. `at`: the index of its component among the coded components. */
export const hashComponentForm = (at: number, form: string): Hash => hash(`${at}=${form}`);

const escapeDollars = (text: string): string => text.replace(/[\\$]/g, '\\$&');

type ValueColumns = Omit<CompositeRow, 'parameter' | 'key'>;

/** The columns of each value of a range component. */
const listRangeColumns = (component: RangeComponent, values: TypedValue[]): ValueColumns[] =>
  RANGE_READERS[component.kind](values, component);

/** The columns of one row with a value of each range component. */
const mergeColumns = (columns: ValueColumns[]): ValueColumns => ({
  ...Object.assign({}, ...columns),
  forms: columns.flatMap(({ forms }) => forms),
});

/** Kind of a range component → the columns of its values. */
const RANGE_READERS: Record<RangeKind, (values: TypedValue[], component: RangeComponent) => ValueColumns[]> = {
  number: (values, { column }) => readNumberRanges(values).map(({ from, to }) => ({ forms: [], [column]: { from, to } })),
  quantity: (values) => readNumberRanges(values).map((range) => toQuantityRow(toQuantityColumns(range))),
  date: (values) => values.flatMap((value) => readTypedValue(DATE_RANGES, value) ?? []).map((date) => ({ forms: [], date })),
  string: (values) =>
    removeDuplicates(values.flatMap((value) => readTypedValue(STRING_TEXTS, value) ?? []).map((text) => foldText(text ?? '')))
      .filter((norm) => norm !== '')
      .map((norm) => ({ forms: [], norm })),
};

/** The names of the unit, and the unit of comparison, are forms of the row. */
function toQuantityRow({ from, to, unit, label, measure }: ReturnType<typeof toQuantityColumns>): ValueColumns {
  const { unit: scale, ...span }: NonNullable<NumberRow['measure']> = measure ?? { from, to };
  const forms = [unit, label, scale].filter((form) => form !== undefined);
  return { forms, number: { from, to }, ...(scale !== undefined && { measure: span }) };
}
