// The index entries of composite parameters. If all components are tokens, an occurrence becomes a token for each combination of their forms. If one component
// is a range or a text, the occurrence becomes a row, whose key is made of the codes of the other components. https://hl7.org/fhir/R4/search.html#composite

import { DATE_RANGES } from '../date-range.ts';
import { hash } from '../hash.ts';
import type { Resource } from '../types.ts';
import type { CompositeComponent, CompositePart } from './indexed-parameter.ts';
import { readNumberRanges, toQuantityColumns } from './number-rows.ts';
import type { CompositeRow, Hash, NumberRow } from './rows.ts';
import { STRING_TEXTS } from './string-values.ts';
import { foldText } from './text-folding.ts';
import { foldTokenCase, listTokenForms, type Token, toCodeForm } from './token.ts';
import { TOKEN_VALUES } from './token-values.ts';
import { readTypedValue, type TypedValue } from './typed-value.ts';

/** The tokens and rows of one part in one resource. */
export function buildCompositeEntries(part: CompositePart, resource: Resource): { tokens: Hash[]; composites: CompositeRow[] } {
  const entries = part.occurrences.evaluate(resource).map(({ value }) => buildOccurrenceEntries(part, value));
  return { tokens: entries.flatMap(({ tokens }) => tokens), composites: entries.flatMap(({ composites }) => composites) };
}

function buildOccurrenceEntries(part: CompositePart, occurrence: unknown): { tokens: Hash[]; composites: CompositeRow[] } {
  const codes: Token[][] = [];
  let others: Omit<CompositeRow, 'parameter' | 'key'>[] | undefined;
  for (const component of part.components) {
    const values = component.findValues(occurrence);
    if (!values.length) return { tokens: [], composites: [] };
    if (component.kind === 'token') codes.push(readComponentTokens(component, values));
    else others = VALUE_COLUMNS[component.kind](values);
  }
  if (!others)
    return {
      tokens: combineLists(codes.map((tokens) => tokens.flatMap(listTokenForms))).map((forms) => hashCodePair(part, forms)),
      composites: [],
    };
  const combinations = combineLists(codes.map((tokens) => [...Map.groupBy(tokens, ({ code = '' }) => toCodeForm(code))]));
  const composites = combinations.flatMap((groups) => {
    const key = hashCompositeKey(groups.map(([code]) => code));
    const forms = groups.flatMap(([, tokens], at) =>
      removeDuplicates(tokens.flatMap(listTokenForms)).map((form) => hashComponentForm(at, form)),
    );
    return others.map((other) => ({ parameter: part.number, key, ...other, forms: [...forms, ...other.forms] }));
  });
  return { tokens: [], composites };
}

/** The most codes of one value that are indexed, because the entries of an occurrence grow with the product of its codes. */
const MAX_CODES = 16;

const readComponentTokens = ({ caseInsensitive }: CompositeComponent, values: TypedValue[]): Token[] =>
  values
    .flatMap((value) => readTypedValue(TOKEN_VALUES, value) ?? [])
    .slice(0, MAX_CODES)
    .map((token) => (caseInsensitive ? foldTokenCase(token) : token));

const removeDuplicates = <T>(items: T[]): T[] => [...new Set(items)];

/** All combinations of one item of each list. */
const combineLists = <T>(lists: T[][]): T[][] =>
  lists.reduce<T[][]>((done, list) => done.flatMap((earlier) => list.map((item) => [...earlier, item])), [[]]);

/** The hash of an occurrence from one form of each component. */
export const hashCodePair = ({ name }: CompositePart, forms: readonly string[]): Hash =>
  hash(`${name}=${forms.map(escapeDollars).join('$')}`);

/** The key of a row, from the codes (as forms, without systems) of its token components. */
export const hashCompositeKey = (codes: readonly string[]): Hash => hash(codes.map(escapeDollars).join('$'));

/** The hash of a form. `at`: the index of its component among the token components. */
export const hashComponentForm = (at: number, form: string): Hash => hash(`${at}=${form}`);

const escapeDollars = (text: string): string => text.replace(/[\\$]/g, '\\$&');

type ValueColumns = Omit<CompositeRow, 'parameter' | 'key'>;

/** Kind of the component that is not a token → the columns of its rows. */
const VALUE_COLUMNS: Record<Exclude<CompositeComponent['kind'], 'token'>, (values: TypedValue[]) => ValueColumns[]> = {
  number: (values) => readNumberRanges(values).map(({ from, to }) => ({ forms: [], number: { from, to } })),
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
