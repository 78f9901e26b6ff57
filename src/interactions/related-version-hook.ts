// Gives a resource a new version when a related resource changes, because a vendor's view shows both together. The new version has the same content; its
// later lastUpdated lets clients find the change by searching for it.
import type { Resource, ServedType } from '../fhir/types.ts';
import { parseBody } from '../store/resources/resource-row.ts';
import type { Context, PendingWrite, WriteHook } from './context.ts';
import { NO_PROFILE_CHECKS } from './profiles.ts';
import { readModifyWrite } from './read-modify-write.ts';

/** Returns the related resources of a write. `next`: undefined for a deletion. `baseUrl`: the base URL of this server, for absolute references. */
type FindRelated = (previous: Resource, next: Resource | undefined, baseUrl: string) => { type: ServedType; id: string }[];

/** The write hook that stores the new versions in the transaction of the write. Skips resources that do not exist. */
export function buildRelatedVersionHook(touched: FindRelated): WriteHook {
  return {
    async after(context: Context, { resource, previous }: PendingWrite): Promise<void> {
      if (!previous?.body) return;
      for (const { type, id } of touched(parseBody(previous.body), resource, context.baseUrl))
        await readModifyWrite({ ...context, profiles: NO_PROFILE_CHECKS }, { type, id, edit: (current) => current, storeUnchanged: true });
    },
  };
}
