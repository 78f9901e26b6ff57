// patch: https://hl7.org/fhir/R4/http.html#patch. The patched resource is checked and stored like an update. If another writer was first, the patch is applied
// again to the new version.
import type { Patch } from '../fhir/patch/patch.ts';
import type { ServedType } from '../fhir/types.ts';
import { parseExactBody } from '../store/resources/resource-row.ts';
import type { Context, WriteResult } from './context.ts';
import { checkIfMatch } from './if-match.ts';
import { localizeReferences } from './local-references.ts';
import { toDraft } from './prepare-write.ts';
import { requireCurrent } from './read.ts';
import { requireSecurityContext } from './redaction.ts';
import { retryOnVersionConflict } from './retry-on-version-conflict.ts';
import { requireReadScopeForTests } from './scope-filter.ts';
import { isUnchanged } from './update.ts';
import { writeResource } from './write.ts';

/** Stores the patched resource. Refuses: not found (404), deleted (410), another version than `ifMatch` (412), the patch does not apply (422). */
export async function patchResource(
  context: Context,
  { type, id, change, ifMatch }: { type: ServedType; id: string; change: Patch; ifMatch?: string },
): Promise<WriteResult> {
  requireReadScopeForTests(context.caller, type, change);
  return retryOnVersionConflict<WriteResult>(context, { type, id }, async (now, current) => {
    const previous = requireCurrent(current, type);
    requireSecurityContext(context.caller, previous, 'u');
    checkIfMatch(previous, ifMatch);
    const draft = localizeReferences(context, toDraft(change(parseExactBody(previous.body))));
    if (isUnchanged(draft, previous)) return { row: previous, outcome: 'unchanged' };
    const written = await writeResource(now, { type, id, method: 'PATCH', draft, previous });
    return written && { ...written, outcome: 'updated' };
  });
}
