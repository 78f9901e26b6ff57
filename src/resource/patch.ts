// patch: https://hl7.org/fhir/R4/http.html#patch. The result is checked and stored like an update; a lost race is run again on what stands then.
import { parseExact } from '../fhir/json.ts';
import { conflict } from '../fhir/outcome.ts';
import type { Patch } from '../fhir/patch.ts';
import type { Resource, ServedType } from '../fhir/types.ts';
import type { Context, Saved } from './context.ts';
import { read } from './read.ts';
import { isSame, precondition } from './update.ts';
import { draftOf, write } from './write.ts';

const ATTEMPTS = 10;

/** The resource as the patch leaves it. Not there: 404, deleted: 410, not as `ifMatch` says: 412, not as the patch expects: 422. */
export async function patch(
  context: Context,
  { type, id, change, ifMatch }: { type: ServedType; id: string; change: Patch; ifMatch?: string },
): Promise<Saved> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const previous = await read(context, { type, id });
    precondition(previous, ifMatch);
    const draft = draftOf(change(parseExact(previous.body) as Resource));
    if (isSame(draft, previous)) return { row: previous, outcome: 'unchanged' };
    const row = await write(context, { type, id, method: 'PATCH', draft, previous });
    if (row) return { row, outcome: 'updated' };
  }
  throw conflict(`this ${type} is being written by others: read it again and retry`);
}
