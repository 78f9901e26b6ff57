// What the steps of a transaction share: an entry and what became of it, failing for one entry, and starting again.
import { locateErrorInEntry } from '../fhir/bundle.ts';
import { FhirError, type Issue } from '../fhir/outcome.ts';
import type { Patch } from '../fhir/patch/patch.ts';
import type { ServedType } from '../fhir/types.ts';
import type { ResourceRow } from '../store/resources/resource-row.ts';
import type { Draft } from './context.ts';

/** One write of a transaction. */
export interface TransactionEntry {
  /** Its place in the Bundle, from 0. */
  index: number;
  method: 'DELETE' | 'POST' | 'PUT' | 'PATCH';
  type: ServedType;
  /** The id in the URL. */
  id?: string;
  /** Of a conditional write: `If-None-Exist` of a POST, the parameters in the URL of the others. */
  criteria?: string;
  draft?: Draft;
  patch?: Patch;
  ifMatch?: string;
  /** `If-None-Match: *`: only if there is none yet. */
  onlyNew?: boolean;
  /** What other entries call the resource. */
  fullUrl?: string;
}

/** What became of one. `row` is absent where there was nothing to delete. */
export interface EntryOutcome {
  outcome: 'created' | 'updated' | 'unchanged' | 'deleted';
  row?: ResourceRow;
  /** What the client should know of the write. */
  warnings?: Issue[];
}

/** Somebody else wrote one of the resources first: nothing of this attempt stays, and the transaction starts again from what stands now. */
export class WriteConflict extends Error {}

/** The place of an entry that is no entry of a Bundle, but a request by itself. */
export const NO_ENTRY = -1;

/** The error as said of an entry. */
export const toEntryError = (error: FhirError, at: number, type?: ServedType): FhirError =>
  at === NO_ENTRY ? error : locateErrorInEntry(error, at, type);

/** Does `work` for one entry; what is wrong with it is said of that entry. `type`: see locateErrorInEntry. */
export async function withEntryError<T>(at: number, work: () => Promise<T> | T, type?: ServedType): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof FhirError ? toEntryError(error, at, type) : error;
  }
}
