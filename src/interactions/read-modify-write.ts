// Changes a resource as it stands at the moment of writing: when another writer was first, the change is made again on what that one wrote, and nothing of
// it is lost. https://hl7.org/fhir/R4/http.html#concurrency
import type { Resource, ServedType } from '../fhir/types.ts';
import { parseExactBody, type ResourceRow } from '../store/resources/resource-row.ts';
import type { Context } from './context.ts';
import { retryOnVersionConflict } from './retry-on-version-conflict.ts';
import { isUnchanged } from './update.ts';
import { toDraft, writeResource } from './write.ts';

interface ReadModifyWrite {
  type: ServedType;
  id: string;
  /** The new content from the one that stands (digits as written), and the row it stands in; may be asked several times. */
  edit(current: Resource, row: ResourceRow): Resource | Promise<Resource>;
  /** How history says it was changed; PUT unless it says otherwise. */
  method?: 'PUT' | 'PATCH';
  /** Store a version also when it says what the one before says. */
  storeUnchanged?: boolean;
}

/** The version that stands afterwards; undefined when there is no resource to change. Fails with 409 when others keep being first. */
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
