// One new version of a resource with its index rows, and its values as parameters of the write statements.
import type { CodeRow, IndexRows } from '../../fhir/indexing/rows.ts';
import type { ServedType } from '../../fhir/types.ts';
import { TYPE_NUMBERS } from '../../fhir/types.ts';
import { toStorableText } from '../database/values.ts';
import type { HistoryRow } from './resource-row.ts';

/** The codes for sorting, as JSON; null if there are none. */
export function toSortCodes(codes: CodeRow[]): string | null {
  const entries = codes.flatMap(({ parameter, low, high }) => [
    [parameter, toStorableText(low)],
    ...(high === low ? [] : [[`${parameter}-`, toStorableText(high)]]),
  ]);
  return entries.length ? JSON.stringify(Object.fromEntries(entries)) : null;
}

/** Column → its SQL type, and its value in a change. */
const COLUMNS = {
  rtype: { type: 'smallint', of: (change: ResourceChange): unknown => TYPE_NUMBERS[change.type] },
  id: { type: 'text', of: (change: ResourceChange) => change.id },
  ver: { type: 'int', of: (change: ResourceChange) => change.version },
  lu: { type: 'timestamptz', of: (change: ResourceChange) => change.lastUpdated },
  method: { type: 'text', of: (change: ResourceChange) => change.method },
  actor: { type: 'text', of: (change: ResourceChange) => change.actor },
  body: { type: 'text', of: (change: ResourceChange) => change.body },
  self_h: { type: 'bigint', of: (change: ResourceChange) => change.index?.self ?? null },
  /** An array literal as text, because PostgreSQL accepts arrays of arrays only if all have the same length. */
  tok: { type: 'text', of: (change: ResourceChange) => (change.index ? `{${change.index.tokens.join(',')}}` : null) },
  ord: { type: 'jsonb', of: ({ index }: ResourceChange) => toSortCodes(index?.codes ?? []) },
  /** Null for a deletion, which does not change the column. */
  rules: { type: 'int', of: ({ index, rules = 0 }: ResourceChange) => (index ? rules : null) },
  previous_rules: { type: 'int', of: ({ previousRules = 0 }: ResourceChange) => previousRules },
  previous: { type: 'int', of: (change: ResourceChange) => change.previous ?? null },
} as const;

export type ChangeColumn = keyof typeof COLUMNS;
/** `Object.keys` is typed as string[]. */
export const CHANGE_COLUMNS = Object.keys(COLUMNS) as ChangeColumn[];

export const findColumnType = (column: ChangeColumn): string => COLUMNS[column].type;
export const readColumnValue = (column: ChangeColumn, change: ResourceChange): unknown => COLUMNS[column].of(change);

/** One new version. `previous`: the version that it replaces; absent for the first. If another version is current by then, the change is not applied. */
export interface ResourceChange {
  type: ServedType;
  id: string;
  version: number;
  previous?: number;
  lastUpdated: string;
  method: HistoryRow['method'];
  /** The id of the API key that made the change. */
  actor: string;
  /** Null for a deletion, which has no index rows either. */
  body: string | null;
  index?: IndexRows;
  /** The number of the rules that built `index`. 0: unregistered rules. */
  rules?: number;
  /** The number of the rules by which the previous version is indexed. */
  previousRules?: number;
}
