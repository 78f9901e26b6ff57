// Combines the conditions of several types into one condition with as few tests as possible.

import type { SharedTexts } from '../indexing/shared-texts.ts';
import type { ServedType } from '../types.ts';
import { type Condition, combineWithOr } from './query.ts';

type OfType = [types: ServedType[], condition: Condition];

/** The combined condition holds for a resource if the condition of its type holds. */
export function combineByType(conditions: [ServedType, Condition][]): Condition {
  const alike = groupByCondition(conditions.map(([type, condition]) => [[type], condition]));
  if (alike.length === 1) return alike[0]![1];
  const merged = mergeByParameter(alike);
  return merged ?? combineWithOr(alike.map(([types, condition]) => ({ on: 'and', all: [{ on: 'type', types }, condition] })));
}

/** Groups types with equal conditions. */
function groupByCondition(conditions: OfType[]): OfType[] {
  const groups = Map.groupBy(conditions, ([, condition]) => JSON.stringify(condition));
  return [...groups.values()].map((group) => [group.flatMap(([types]) => types), group[0]![1]]);
}

/** Merges conditions that differ only in their parameter into one test with several parameters. This is safe because each parameter number belongs to one type. */
function mergeByParameter(conditions: OfType[]): Condition | undefined {
  const parameters: number[] = [];
  const shared: SharedTexts[] = [];
  const tests = new Set<string>();
  for (const [, condition] of conditions) {
    if (!('parameter' in condition) || condition.on === 'has') return undefined;
    const { parameter, shared: some, ...test } = { shared: undefined, ...condition };
    parameters.push(parameter);
    shared.push(...(some ?? []));
    tests.add(JSON.stringify(test));
  }
  // the assertion: all conditions here have a `parameter`, so `others` may be added to the first
  const [parameter, ...others] = parameters;
  return tests.size === 1
    ? {
        ...(conditions[0]![1] as Extract<Condition, { others?: number[] }>),
        parameter: parameter!,
        others,
        ...(shared.length && { shared }),
      }
    : undefined;
}
