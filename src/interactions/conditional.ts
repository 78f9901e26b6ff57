// conditional update, patch and delete: the resource is the one that meets the criteria. https://hl7.org/fhir/R4/http.html#cond-update, #3.1.0.7.1
// Each is a transaction of one write: the criteria are looked at under their lock, inside the database transaction.
import type { Context } from './context.ts';
import { executeTransaction } from './transaction.ts';
import { type EntryOutcome, NO_ENTRY, type TransactionEntry } from './transaction-entry.ts';

/** Does it. Several matches are refused (412), criteria that are empty or not understood too (400): they never mean "all". */
export async function writeConditionally(
  context: Context,
  entry: Omit<TransactionEntry, 'index'> & { criteria: string },
): Promise<EntryOutcome> {
  const done = await executeTransaction(context, [{ ...entry, index: NO_ENTRY }], async (_inside, all) => all);
  return done.get(NO_ENTRY)!;
}
