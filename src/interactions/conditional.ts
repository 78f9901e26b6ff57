// conditional update, patch and delete: the resource is the one that meets the criteria. https://hl7.org/fhir/R4/http.html#cond-update, #3.1.0.7.1
// Each is a transaction of one write: the criteria are looked at under their lock, inside the database transaction.
import type { Context } from './context.ts';
import { transaction } from './transaction.ts';
import { ALONE, type Done, type TransactionEntry } from './transaction-entry.ts';

/** Does it. Several matches are refused (412), criteria that are empty or not understood too (400): they never mean "all". */
export async function conditional(context: Context, entry: Omit<TransactionEntry, 'at'> & { criteria: string }): Promise<Done> {
  const done = await transaction(context, [{ ...entry, at: ALONE }], async (_inside, all) => all);
  return done.get(ALONE)!;
}
