// Changes the current version of a resource. If another writer was first, the change is applied again to the new version, so that neither change is lost.
// https://hl7.org/fhir/R4/http.html#concurrency
import type { Resource, ServedType } from '../fhir/types.ts';
import { parseExactBody, type ResourceRow } from '../store/resources/resource-row.ts';
import type { Context } from './context.ts';
import { toDraft } from './prepare-write.ts';
import { retryOnVersionConflict } from './retry-on-version-conflict.ts';
import { isUnchanged } from './update.ts';
import { writeResource } from './write.ts';

interface ReadModifyWrite {
  type: ServedType;
  id: string;
  /** Returns the new content. `current`: the stored content with exact decimals. `row`: the stored row. May be called several times. */
  edit(current: Resource, row: ResourceRow): Resource | Promise<Resource>;
  /** The method that the history records. Default: PUT. */
  method?: 'PUT' | 'PATCH';
  /** Stores a new version even if the content is unchanged. */
  storeUnchanged?: boolean;
}

/** Returns the current version; undefined if there is no resource to change. Fails with 409 if other writers are first in every attempt. */
export async function readModifyWrite(
  context: Context,
  { type, id, edit, method = 'PUT', storeUnchanged = false }: ReadModifyWrite,
): Promise<ResourceRow | undefined> {
  const { row } = await retryOnVersionConflict<{ row: ResourceRow | undefined }>(context, { type, id }, async (now, previous) => {
    if (!previous?.body) return { row: undefined };
    const draft = toDraft({ ...(await edit(parseExactBody(previous.body), previous)), id });
    if (!storeUnchanged && isUnchanged(draft, previous)) return { row: previous };
    return writeResource(now, { type, id, method, draft, previous });
  });
  return row;
}
