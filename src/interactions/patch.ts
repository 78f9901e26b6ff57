// patch: https://hl7.org/fhir/R4/http.html#patch. The result is checked and stored like an update; a lost race is run again on what stands then.
import { parseExact } from '../fhir/json.ts';
import type { Patch } from '../fhir/patch/patch.ts';
import type { Resource, ServedType } from '../fhir/types.ts';
import type { Context, Saved } from './context.ts';
import { found } from './read.ts';
import { retryOnVersionConflict } from './retry-on-version-conflict.ts';
import { refuseComparing } from './scope-filter.ts';
import { refuseOutside } from './security-context.ts';
import { isSame, precondition } from './update.ts';
import { draftOf, write } from './write.ts';

/** The resource as the patch leaves it. Not there: 404, deleted: 410, not as `ifMatch` says: 412, not as the patch expects: 422. */
export async function patch(
  context: Context,
  { type, id, change, ifMatch }: { type: ServedType; id: string; change: Patch; ifMatch?: string },
): Promise<Saved> {
  refuseComparing(context.caller, type, change);
  return retryOnVersionConflict<Saved>(context, { type, id }, async (now, current) => {
    const previous = found(current, type);
    refuseOutside(context.caller, previous, 'u');
    precondition(previous, ifMatch);
    const draft = draftOf(change(parseExact(previous.body) as Resource));
    if (isSame(draft, previous)) return { row: previous, outcome: 'unchanged' };
    const made = await write(now, { type, id, method: 'PATCH', draft, previous });
    return made && { ...made, outcome: 'updated' };
  });
}
