// A change of one resource that counts as a change of another: what is shown of both together must never look older than it did before.
// The other gets a new version with the same content, so that its lastUpdated, and every search by it, moves on.
import type { Resource, ServedType } from '../fhir/types.ts';
import { parseBody } from '../store/resources/resource-row.ts';
import type { Context, PendingWrite, WriteHook } from './context.ts';
import { NO_PROFILE_CHECKS } from './profiles.ts';
import { readModifyWrite } from './read-modify-write.ts';

/** Which resources a write touches, by what stood before and what stands now. `baseUrl`: this server's, for references that are absolute. */
type FindRelated = (previous: Resource, next: Resource | undefined, baseUrl: string) => { type: ServedType; id: string }[];

/** The effect that gives those resources a new version, in the transaction of the write. One that is not there is nobody's to touch. */
export function buildRelatedVersionHook(touched: FindRelated): WriteHook {
  return {
    async after(context: Context, { resource, previous }: PendingWrite): Promise<void> {
      if (!previous?.body) return;
      for (const { type, id } of touched(parseBody(previous.body), resource, context.baseUrl))
        await readModifyWrite({ ...context, profiles: NO_PROFILE_CHECKS }, { type, id, edit: (current) => current, storeUnchanged: true });
    },
  };
}
