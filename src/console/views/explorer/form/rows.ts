// The rows of the search form: each is one parameter. A row keeps its id while it is edited, so that its inputs keep the focus.

import { type Capabilities, findParameter, type SearchableParameter } from '../query/capabilities.ts';
import { type ParameterPath, parsePath, type Step } from '../query/parameter-path.ts';
import type { Parameter } from '../query/search-query.ts';
import { joinAlternatives, splitAlternatives } from '../query/search-value.ts';

export interface Row {
  id: number;
  name: string;
  value: string;
}

let lastId = 0;

export const createRow = (name = '', value = ''): Row => ({ id: ++lastId, name, value });

/** The rows of parameters. Those that were at the same place keep their ids. */
export const toRows = (parameters: readonly Parameter[], before: readonly Row[] = []): Row[] =>
  parameters.map(([name, value], at) => ({ id: before[at]?.id ?? ++lastId, name, value }));

/** What the rows say: those that are filled in, without empty alternatives. */
export const toParameters = (rows: readonly Row[]): Parameter[] => listSaying(rows).map(({ name, value }): Parameter => [name, value]);

/** The rows that say something, in the order of the parameters that are sent. */
export const listSaying = (rows: readonly Row[]): Row[] =>
  rows.map((row) => ({ ...row, value: dropEmpty(row) })).filter(({ name, value }) => value !== '' && parsePath(name).code !== '');

/** The value of _filter has a syntax of its own. */
const dropEmpty = ({ name, value }: Row): string =>
  name === '_filter' ? value : joinAlternatives(splitAlternatives(value).filter((alternative) => alternative !== ''));

/** The parameters that shape the result; all others are conditions. */
export const isResultRow = ({ name }: Row): boolean => /^_(?:sort|count|total|include|revinclude)(?:$|:)/.test(name);

/** The types that the end of a path is about: several if a reference may lead to several. */
export function followSteps(capabilities: Capabilities, type: string, steps: readonly Step[]): string[] {
  return steps.reduce<string[]>(
    (types, step) => {
      if (step.direction === 'from') return [step.type];
      if (step.type !== undefined) return [step.type];
      return [...new Set(types.flatMap((one) => findParameter(capabilities, one, step.code)?.targets ?? []))];
    },
    [type],
  );
}

/** The parameter at the end of a path; undefined if the server lists none of this name. Where several types have it, it may lead to the targets of each. */
export function findEnd(capabilities: Capabilities, type: string, { steps, code }: ParameterPath): SearchableParameter | undefined {
  const found = followSteps(capabilities, type, steps).flatMap((one) => findParameter(capabilities, one, code) ?? []);
  return found[0] && { ...found[0], targets: [...new Set(found.flatMap(({ targets }) => targets))] };
}
