// Searches for values that resources of the population have: some are rare, some are everywhere, and the planner has to tell them apart.

import type { SearchParameter, SearchRegistry } from '../../src/fhir/search/registry.ts';
import { SERVED_TYPES, type ServedType } from '../../src/fhir/types.ts';
import { resourceOf } from './population.ts';
import type { Question } from './questions.ts';
import { queryValue } from './seen-values.ts';

/** The number of resources that are read to find a value, and the number of values that are searched. */
const LOOKED_AT = 60;
const VALUES = 2;

/** A few searches of each parameter of each type, in no order and in that of a date. */
export const seenQuestions = (registry: SearchRegistry, counts: ReadonlyMap<ServedType, number>): Question[] =>
  SERVED_TYPES.flatMap((type) => {
    const dated = registry.list(type).find((parameter) => parameter.type === 'date' && !parameter.code.startsWith('_'));
    return registry.list(type).flatMap((parameter) =>
      valuesOf(type, parameter, counts).flatMap((value): Question[] => {
        const [name, condition]: [string, [string, string]] = [`${parameter.type}, a value that is there`, [parameter.code, value]];
        const sorted: Question[] = dated
          ? [{ name: `${name}, sorted by date`, types: [type], parameters: [condition, ['_sort', `-${dated.code}`]] }]
          : [];
        return [{ name, types: [type], parameters: [condition] }, ...sorted];
      }),
    );
  });

function valuesOf(type: ServedType, parameter: SearchParameter, counts: ReadonlyMap<ServedType, number>): string[] {
  const step = Math.max(1, Math.floor(counts.get(type)! / LOOKED_AT));
  const found = Array.from({ length: LOOKED_AT }, (_one, at) => resourceOf(type, (at * step) % counts.get(type)!, counts)).flatMap(
    (resource) =>
      parameter
        .evaluate(resource)
        .slice(0, 1)
        .flatMap((value) => queryValue(parameter, value) ?? []),
  );
  return [...new Set(found)].slice(0, VALUES);
}
