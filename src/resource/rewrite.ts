// Changes a resource as it stands at the moment of writing: when another writer was first, the change is made again on what that one wrote, and nothing of
// it is lost. https://hl7.org/fhir/R4/http.html#concurrency
import { parseExact } from '../fhir/json.ts';
import { conflict } from '../fhir/outcome.ts';
import type { Resource, ServedType } from '../fhir/types.ts';
import type { Row } from '../store/store.ts';
import type { Context } from './context.ts';
import { isSame } from './update.ts';
import { draftOf, write } from './write.ts';

const ATTEMPTS = 10;

export interface Rewrite {
  type: ServedType;
  id: string;
  /** The new content from the one that stands (digits as written); may be asked several times. */
  edit(current: Resource): Resource | Promise<Resource>;
  /** Store a version also when it says what the one before says. */
  always?: boolean;
}

/** The version that stands afterwards; undefined when there is no resource to change. Fails with 409 when others keep being first. */
export async function rewrite(context: Context, { type, id, edit, always = false }: Rewrite): Promise<Row | undefined> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const previous = await context.store.read(context.caller.tenant, type, id);
    if (!previous?.body) return undefined;
    const draft = draftOf({ ...(await edit(parseExact(previous.body) as Resource)), id });
    if (!always && isSame(draft, previous)) return previous;
    const row = await write(context, { type, id, method: 'PUT', draft, previous });
    if (row) return row;
  }
  throw conflict(`this ${type} is being changed by others: try again`);
}
