// delete: https://hl7.org/fhir/R4/http.html#delete. Deleting twice, or what never was, is no error: the end is the same.
import { conflict } from '../fhir/outcome.ts';
import type { ServedType } from '../fhir/types.ts';
import type { Row } from '../store/store.ts';
import type { Context } from './context.ts';
import { precondition } from './update.ts';
import { write } from './write.ts';

/** The version that records the deletion; undefined when there was nothing to delete. */
export async function remove(context: Context, request: { type: ServedType; id: string; ifMatch?: string }): Promise<Row | undefined> {
  const { type, id, ifMatch } = request;
  for (let attempt = 0; attempt < 10; attempt++) {
    const previous = await context.store.read(context.caller.tenant, type, id);
    precondition(previous, ifMatch);
    if (!previous || previous.body === null) return undefined;
    const row = await write(context, { type, id, method: 'DELETE', previous });
    if (row) return row;
  }
  throw conflict(`this ${type} is being written by others: read it again and retry`);
}
