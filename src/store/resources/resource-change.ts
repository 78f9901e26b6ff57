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

/** Column → its SQL type. */
export const COLUMN_TYPES = {
  rtype: 'smallint',
  id: 'text',
  ver: 'int',
  lu: 'timestamptz',
  method: 'text',
  actor: 'text',
  body: 'text',
  self_h: 'bigint',
  /** An array literal as text, because PostgreSQL accepts arrays of arrays only if all have the same length. */
  tok: 'text',
  ord: 'jsonb',
  rules: 'int',
  previous_rules: 'int',
  previous: 'int',
} as const;

export type ChangeColumn = keyof typeof COLUMN_TYPES;
/** `Object.keys` is typed as string[]. */
export const CHANGE_COLUMNS = Object.keys(COLUMN_TYPES) as ChangeColumn[];

/** The values of all columns. */
export const toColumnValues = ({ index, ...change }: Omit<ResourceChange, 'replaced'>): Record<ChangeColumn, unknown> => ({
  rtype: TYPE_NUMBERS[change.type],
  id: change.id,
  ver: change.version,
  lu: change.lastUpdated,
  method: change.method,
  actor: change.actor,
  body: change.body,
  self_h: index?.self ?? null,
  tok: index ? `{${index.tokens.join(',')}}` : null,
  ord: toSortCodes(index?.codes ?? []),
  // null for a deletion, which does not change the column
  rules: index ? (change.rules ?? 0) : null,
  previous_rules: change.previousRules ?? 0,
  previous: change.previous ?? null,
});

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
  /** The index rows of the previous version, if they are known. Tables whose rows are the same are not written. */
  replaced?: IndexRows;
  /** The number of the rules that built `index`. 0: unregistered rules. */
  rules?: number;
  /** The number of the rules by which the previous version is indexed. */
  previousRules?: number;
}
