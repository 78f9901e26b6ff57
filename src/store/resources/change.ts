// What is to be written: one new version of a resource, with its index rows.
import type { IndexRows } from '../../fhir/indexing/rows.ts';
import type { ServedType } from '../../fhir/types.ts';
import type { HistoryRow } from './resource-row.ts';

/** One new version. `previous`: the version it replaces, absent for the first; when the store holds another by then, the change is not applied. */
export interface ResourceChange {
  type: ServedType;
  id: string;
  version: number;
  previous?: number;
  lastUpdated: string;
  method: HistoryRow['method'];
  /** Who did it: the API key's id. */
  actor: string;
  /** null: a deletion, which has no index rows either. */
  body: string | null;
  index?: IndexRows;
  /** The number of the rules that made `index`, and of those the previous version stands by. 0: rules that nobody counted. */
  rules?: number;
  previousRules?: number;
}
