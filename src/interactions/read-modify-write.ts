// Changes a resource as it stands at the moment of writing: when another writer was first, the change is made again on what that one wrote, and nothing of
// it is lost. https://hl7.org/fhir/R4/http.html#concurrency
import { parseExact } from '../fhir/json.ts';
import type { Resource, ServedType } from '../fhir/types.ts';
import type { Row } from '../store/resources/row.ts';
import type { Context } from './context.ts';
import { retryOnVersionConflict } from './retry-on-version-conflict.ts';
import { isSame } from './update.ts';
import { draftOf, write } from './write.ts';

interface Rewrite {
  type: ServedType;
  id: string;
  /** The new content from the one that stands (digits as written), and the row it stands in; may be asked several times. */
  edit(current: Resource, row: Row): Resource | Promise<Resource>;
  /** How history says it was changed; PUT unless it says otherwise. */
  method?: 'PUT' | 'PATCH';
  /** Store a version also when it says what the one before says. */
  always?: boolean;
}

/** The version that stands afterwards; undefined when there is no resource to change. Fails with 409 when others keep being first. */
export async function readModifyWrite(
  context: Context,
  { type, id, edit, method = 'PUT', always = false }: Rewrite,
): Promise<Row | undefined> {
  const { row } = await retryOnVersionConflict<{ row: Row | undefined }>(context, { type, id }, async (now, previous) => {
    if (!previous?.body) return { row: undefined };
    const draft = draftOf({ ...(await edit(parseExact(previous.body) as Resource, previous)), id });
    if (!always && isSame(draft, previous)) return { row: previous };
    return write(now, { type, id, method, draft, previous });
  });
  return row;
}
