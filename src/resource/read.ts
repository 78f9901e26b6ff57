// read: https://hl7.org/fhir/R4/http.html#read
import { deleted, notFound } from '../fhir/outcome.ts';
import type { ServedType } from '../fhir/types.ts';
import type { Row } from '../store/store.ts';
import type { Context } from './context.ts';

/** The current version. Never stored, or another tenant's: 404; deleted: 410. */
export async function read(context: Context, { type, id }: { type: ServedType; id: string }): Promise<Row & { body: string }> {
  const row = await context.store.read(context.caller.tenant, type, id);
  if (!row) throw notFound(`there is no ${type} with this id`);
  return standing(row);
}

/** The row, unless it records a deletion (410). */
export function standing<T extends Row>(row: T): T & { body: string } {
  if (row.body === null) throw deleted(`this ${row.type} was deleted`);
  return row as T & { body: string };
}
