// Shared constructors of conditions.
import type { Condition } from './query.ts';

/** Holds for every resource. */
export const MATCH_ALL: Condition = { on: 'and', all: [] };

/** Any of the conditions. A single condition is returned unchanged. */
export function combineWithOr(conditions: Condition[]): Condition {
  if (conditions.length === 1) return conditions[0]!;
  return conditions.length ? { on: 'or', any: conditions } : { on: 'nothing' };
}
