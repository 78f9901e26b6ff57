// A change of one resource that counts as a change of another: what a shape shows of both must never look older than it did before.
// The other gets a new version with the same content, so that its lastUpdated (and every search by it) moves with it.
import { parseExact } from '../fhir/json.ts';
import { isServed, type Resource } from '../fhir/types.ts';
import type { Row } from '../store/store.ts';
import type { Context, Effect, PendingWrite } from './context.ts';
import { draftOf, write } from './write.ts';

/** The effect of writes of one type: the resources that `referencesOf` names, before or after the write, are touched. */
export function touching(referencesOf: (resource: Resource) => string[]): Effect {
  return {
    async after(context: Context, { resource, previous }: PendingWrite): Promise<void> {
      const before = previous?.body ? referencesOf(JSON.parse(previous.body) as Resource) : [];
      const now = resource ? referencesOf(resource) : [];
      for (const reference of [...new Set([...before, ...now])].sort()) await touch(context, reference);
    },
  };
}

const ATTEMPTS = 10;

/** A reference that leads to nothing here is nobody's to touch. */
async function touch(context: Context, reference: string): Promise<void> {
  const [type = '', id = ''] = reference.split('/');
  if (!isServed(type)) return;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const previous = await context.store.read(context.caller.tenant, type, id);
    if (!previous?.body || (await again(context, previous))) return;
  }
}

const again = (context: Context, previous: Row): Promise<Row | undefined> =>
  write(context, { type: previous.type, id: previous.id, method: 'PUT', draft: draftOf(parseExact(previous.body!) as Resource), previous });
