// Shared by the steps of a transaction: the entry, its outcome, errors that name an entry, and the error that restarts the transaction.
import { locateErrorInEntry } from '../fhir/bundle.ts';
import { FhirError, type Issue } from '../fhir/outcome.ts';
import type { Patch } from '../fhir/patch/patch.ts';
import type { ServedType } from '../fhir/types.ts';
import type { ResourceRow } from '../store/resources/resource-row.ts';
import type { Draft } from './context.ts';

/** One write of a transaction. */
export interface TransactionEntry {
  /** The index in the Bundle, from 0. */
  index: number;
  method: 'DELETE' | 'POST' | 'PUT' | 'PATCH';
  type: ServedType;
  /** The id in the URL. */
  id?: string;
  /** The criteria of a conditional write: `If-None-Exist` of a POST, or the parameters in the URL of other methods. */
  criteria?: string;
  draft?: Draft;
  patch?: Patch;
  ifMatch?: string;
  /** `If-None-Match: *`: write only if no current version exists. */
  onlyNew?: boolean;
  /** The URL by which other entries refer to the resource. */
  fullUrl?: string;
}

/** The outcome of one entry. `row` is absent if there was nothing to delete. */
export interface EntryOutcome {
  outcome: 'created' | 'updated' | 'unchanged' | 'deleted';
  row?: ResourceRow;
  /** Warnings for the client. */
  warnings?: Issue[];
}

/** Another writer was first. This attempt is rolled back, and the transaction starts again with the new versions. */
export class WriteConflict extends Error {}

/** The index of a single request, which is not an entry of a Bundle. */
export const NO_ENTRY = -1;

/** Adds the entry to the location of an error. */
export const toEntryError = (error: FhirError, at: number, type?: ServedType): FhirError =>
  at === NO_ENTRY ? error : locateErrorInEntry(error, at, type);

/** Runs `work` for one entry. Errors name the entry. `type`: see locateErrorInEntry. */
export async function withEntryError<T>(at: number, work: () => Promise<T> | T, type?: ServedType): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof FhirError ? toEntryError(error, at, type) : error;
  }
}
