// delete: https://hl7.org/fhir/R4/http.html#delete. Deleting a resource that is already deleted, or was never stored, is not an error.
import type { ServedType } from '../fhir/types.ts';
import type { ResourceRow } from '../store/resources/resource-row.ts';
import type { Context } from './context.ts';
import { checkIfMatch } from './if-match.ts';
import { retryOnVersionConflict } from './retry-on-version-conflict.ts';
import { writeResource } from './write.ts';

/** The version that records the deletion; undefined if there was nothing to delete. */
export async function remove(
  context: Context,
  request: { type: ServedType; id: string; ifMatch?: string },
): Promise<ResourceRow | undefined> {
  const { type, id, ifMatch } = request;
  const { row } = await retryOnVersionConflict(context, request, async (now, previous) => {
    checkIfMatch(previous, ifMatch);
    if (!previous || previous.body === null) return { row: undefined };
    const written = await writeResource(now, { type, id, method: 'DELETE', previous });
    return written;
  });
  return row;
}
