// Small sentences of conditions, said in one place.
import type { Condition } from './query.ts';

/** True of everything. */
export const MATCH_ALL: Condition = { on: 'and', all: [] };

/** One of these; the condition itself when there is only one. */
export function combineWithOr(conditions: Condition[]): Condition {
  if (conditions.length === 1) return conditions[0]!;
  return conditions.length ? { on: 'or', any: conditions } : { on: 'nothing' };
}
