// What composite parameters find in a resource. Where all components are tokens, an occurrence is a token for each pair of forms; where one is a range
// or a text, it is a row of its own, found by the codes of the others. https://hl7.org/fhir/R4/search.html#composite

import { hash } from '../hash.ts';
import type { Resource } from '../types.ts';
import type { Component, Part } from './composite.ts';
import { DATES } from './date-values.ts';
import { fold } from './fold.ts';
import { quantityOf, rangesOf } from './numbers.ts';
import type { CompositeRow, Hash, Span } from './rows.ts';
import { STRINGS } from './string-values.ts';
import { codeForm, type Token, tokenForms, tokenWithoutCase } from './token.ts';
import { TOKENS } from './token-values.ts';
import type { TypedValue } from './typed-value.ts';

/** The tokens and rows of one part in one resource. */
export function compositeEntries(part: Part, resource: Resource): { tokens: Hash[]; composites: CompositeRow[] } {
  const entries = part.occurrences.values(resource).map(({ value }) => occurrenceEntries(part, value));
  return { tokens: entries.flatMap(({ tokens }) => tokens), composites: entries.flatMap(({ composites }) => composites) };
}

function occurrenceEntries(part: Part, occurrence: unknown): { tokens: Hash[]; composites: CompositeRow[] } {
  const codes: Token[][] = [];
  let others: Omit<CompositeRow, 'parameter' | 'key'>[] | undefined;
  for (const component of part.components) {
    const values = component.values(occurrence);
    if (!values.length) return { tokens: [], composites: [] };
    if (component.kind === 'token') codes.push(tokensIn(component, values));
    else others = OTHERS[component.kind](values);
  }
  if (!others)
    return { tokens: pairs(codes.map((tokens) => tokens.flatMap(tokenForms))).map((forms) => pairHash(part, forms)), composites: [] };
  const combinations = pairs(codes.map((tokens) => [...Map.groupBy(tokens, ({ code = '' }) => codeForm(code))]));
  const composites = combinations.flatMap((groups) => {
    const key = keyHash(groups.map(([code]) => code));
    const forms = groups.flatMap(([, tokens], at) => distinct(tokens.flatMap(tokenForms)).map((form) => formHashAt(at, form)));
    return others.map((other) => ({ parameter: part.number, key, ...other, forms: [...forms, ...other.forms] }));
  });
  return { tokens: [], composites };
}

/** Of more codes in one value a composite does not see the rest: an occurrence would have as many entries as they have pairs. */
const MOST_CODES = 16;

const tokensIn = ({ caseless }: Component, values: TypedValue[]): Token[] =>
  values
    .flatMap(({ type, value }) => TOKENS[type]!(value as never))
    .slice(0, MOST_CODES)
    .map((token) => (caseless ? tokenWithoutCase(token) : token));

const distinct = <T>(items: T[]): T[] => [...new Set(items)];

/** One of each list, in all ways. */
const pairs = <T>(lists: T[][]): T[][] =>
  lists.reduce<T[][]>((done, list) => done.flatMap((earlier) => list.map((item) => [...earlier, item])), [[]]);

/** The hash of an occurrence in which each component has a form. */
export const pairHash = ({ name }: Part, forms: readonly string[]): Hash => hash(`${name}=${forms.map(escaped).join('$')}`);

/** What a row is found by: the bare codes (as forms) of its token components. */
export const keyHash = (codes: readonly string[]): Hash => hash(codes.map(escaped).join('$'));

/** A form of the token component at a place among the token components. */
export const formHashAt = (at: number, form: string): Hash => hash(`${at}=${form}`);

const escaped = (text: string): string => text.replace(/[\\$]/g, '\\$&');

type Other = Omit<CompositeRow, 'parameter' | 'key'>;

/** What the component that is no token says of a row. */
const OTHERS: Record<Exclude<Component['kind'], 'token'>, (values: TypedValue[]) => Other[]> = {
  number: (values) => rangesOf(values).map(({ from, to }) => ({ forms: [], number: { from, to } })),
  quantity: (values) => rangesOf(values).map((range) => quantityRow(quantityOf(range))),
  date: (values) => values.flatMap(({ type, value }) => DATES[type]!(value as never) ?? []).map((date) => ({ forms: [], date })),
  string: (values) =>
    distinct(values.flatMap(({ type, value }) => STRINGS[type]!(value as never).map((text) => fold(text ?? ''))))
      .filter((norm) => norm !== '')
      .map((norm) => ({ forms: [], norm })),
};

/** The names of its unit and the unit it is compared in are forms too. */
function quantityRow({ from, to, unit, label, measure }: ReturnType<typeof quantityOf>): Other {
  const { unit: scale, ...span } = measure as Span & { unit?: Hash };
  const forms = [unit, label, scale].filter((form) => form !== undefined);
  return { forms, number: { from, to }, ...(scale !== undefined && { measure: span }) };
}
