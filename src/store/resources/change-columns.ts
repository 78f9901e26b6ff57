// A change as the parameters of a writing statement.
import type { CodeOrder } from '../../fhir/indexing/rows.ts';
import { TYPES } from '../../fhir/types.ts';
import type { Change } from './change.ts';
import { storable } from './storable.ts';

/** The codes to sort by, as JSON; null where there are none. */
export function orderOf(codes: CodeOrder[]): string | null {
  const entries = codes.flatMap(({ parameter, low, high }) => [
    [parameter, storable(low)],
    ...(high === low ? [] : [[`${parameter}-`, storable(high)]]),
  ]);
  return entries.length ? JSON.stringify(Object.fromEntries(entries)) : null;
}

/** Column → its type, and its value in a change. */
const COLUMNS = {
  rtype: { type: 'smallint', of: (change: Change): unknown => TYPES[change.type] },
  id: { type: 'text', of: (change: Change) => change.id },
  ver: { type: 'int', of: (change: Change) => change.version },
  lu: { type: 'timestamptz', of: (change: Change) => change.lastUpdated },
  method: { type: 'text', of: (change: Change) => change.method },
  actor: { type: 'text', of: (change: Change) => change.actor },
  body: { type: 'text', of: (change: Change) => change.body },
  self_h: { type: 'bigint', of: (change: Change) => change.index?.self ?? null },
  /** An array literal: arrays of arrays would have to be even. */
  tok: { type: 'text', of: (change: Change) => (change.index ? `{${change.index.tokens.join(',')}}` : null) },
  ord: { type: 'jsonb', of: ({ index }: Change) => orderOf(index?.codes ?? []) },
  /** null: a deletion, which leaves the row's own. */
  rules: { type: 'int', of: ({ index, rules = 0 }: Change) => (index ? rules : null) },
  previous_rules: { type: 'int', of: ({ previousRules = 0 }: Change) => previousRules },
  previous: { type: 'int', of: (change: Change) => change.previous ?? null },
} as const;

export type ChangeColumn = keyof typeof COLUMNS;
export const CHANGE_COLUMNS = Object.keys(COLUMNS) as ChangeColumn[];

export const columnType = (column: ChangeColumn): string => COLUMNS[column].type;
export const columnValue = (column: ChangeColumn, change: Change): unknown => COLUMNS[column].of(change);
