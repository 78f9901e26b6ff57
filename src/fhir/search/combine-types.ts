// One condition for resources of several types, of what each of the types is asked: as few tests as say the same.

import type { ServedType } from '../types.ts';
import { combineWithOr } from './condition-sentences.ts';
import type { Condition } from './query.ts';

type OfType = [types: ServedType[], condition: Condition];

/** True for a resource of one of the types exactly when the condition of its type is. */
export function combineByType(conditions: [ServedType, Condition][]): Condition {
  const alike = groupByCondition(conditions.map(([type, condition]) => [[type], condition]));
  if (alike.length === 1) return alike[0]![1];
  const merged = mergeByParameter(alike);
  return merged ?? combineWithOr(alike.map(([types, condition]) => ({ on: 'and', all: [{ on: 'type', types }, condition] })));
}

/** Types for which the same condition holds are asked for together. */
function groupByCondition(conditions: OfType[]): OfType[] {
  const groups = Map.groupBy(conditions, ([, condition]) => JSON.stringify(condition));
  return [...groups.values()].map((group) => [group.flatMap(([types]) => types), group[0]![1]]);
}

/** Tests that differ in their parameter alone are one test of a row of any of them: the parameter's number says which type it is of. */
function mergeByParameter(conditions: OfType[]): Condition | undefined {
  const parameters: number[] = [];
  const tests = new Set<string>();
  for (const [, condition] of conditions) {
    if (!('parameter' in condition) || condition.on === 'has') return undefined;
    const { parameter, ...test } = condition;
    parameters.push(parameter);
    tests.add(JSON.stringify(test));
  }
  const [parameter, ...others] = parameters;
  return tests.size === 1
    ? { ...(conditions[0]![1] as Extract<Condition, { others?: number[] }>), parameter: parameter!, others }
    : undefined;
}
