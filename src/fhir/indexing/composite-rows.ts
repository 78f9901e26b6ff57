// What composite parameters find in a resource. Where all components are tokens, an occurrence is a token for each pair of forms; where one is a range
// or a text, it is a row of its own, found by the codes of the others. https://hl7.org/fhir/R4/search.html#composite

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

/** Of more codes in one value a composite does not see the rest: an occurrence would have as many entries as they have pairs. */
const MAX_CODES = 16;

const readComponentTokens = ({ caseInsensitive }: CompositeComponent, values: TypedValue[]): Token[] =>
  values
    .flatMap((value) => readTypedValue(TOKEN_VALUES, value) ?? [])
    .slice(0, MAX_CODES)
    .map((token) => (caseInsensitive ? foldTokenCase(token) : token));

const removeDuplicates = <T>(items: T[]): T[] => [...new Set(items)];

/** One of each list, in all ways. */
const combineLists = <T>(lists: T[][]): T[][] =>
  lists.reduce<T[][]>((done, list) => done.flatMap((earlier) => list.map((item) => [...earlier, item])), [[]]);

/** The hash of an occurrence in which each component has a form. */
export const hashCodePair = ({ name }: CompositePart, forms: readonly string[]): Hash =>
  hash(`${name}=${forms.map(escapeDollars).join('$')}`);

/** What a row is found by: the bare codes (as forms) of its token components. */
export const hashCompositeKey = (codes: readonly string[]): Hash => hash(codes.map(escapeDollars).join('$'));

/** A form of the token component at a place among the token components. */
export const hashComponentForm = (at: number, form: string): Hash => hash(`${at}=${form}`);

const escapeDollars = (text: string): string => text.replace(/[\\$]/g, '\\$&');

type ValueColumns = Omit<CompositeRow, 'parameter' | 'key'>;

/** What the component that is no token says of a row. */
const VALUE_COLUMNS: Record<Exclude<CompositeComponent['kind'], 'token'>, (values: TypedValue[]) => ValueColumns[]> = {
  number: (values) => readNumberRanges(values).map(({ from, to }) => ({ forms: [], number: { from, to } })),
  quantity: (values) => readNumberRanges(values).map((range) => toQuantityRow(toQuantityColumns(range))),
  date: (values) => values.flatMap((value) => readTypedValue(DATE_RANGES, value) ?? []).map((date) => ({ forms: [], date })),
  string: (values) =>
    removeDuplicates(values.flatMap((value) => readTypedValue(STRING_TEXTS, value) ?? []).map((text) => foldText(text ?? '')))
      .filter((norm) => norm !== '')
      .map((norm) => ({ forms: [], norm })),
};

/** The names of its unit and the unit it is compared in are forms too. */
function toQuantityRow({ from, to, unit, label, measure }: ReturnType<typeof toQuantityColumns>): ValueColumns {
  const { unit: scale, ...span }: NonNullable<NumberRow['measure']> = measure ?? { from, to };
  const forms = [unit, label, scale].filter((form) => form !== undefined);
  return { forms, number: { from, to }, ...(scale !== undefined && { measure: span }) };
}
