// Retries a write that replaces the current version. The first attempt reads and writes without a lock. If another writer was first, the next attempts lock the
// resource, so that every writer gets its turn. https://hl7.org/fhir/R4/http.html#concurrency
import { writeContention } from '../fhir/outcome.ts';
import type { ServedType } from '../fhir/types.ts';
import type { ResourceRow } from '../store/resources/resource-row.ts';
import type { Context } from './context.ts';

/** One attempt. `current`: the current version; undefined if the id was never stored. Returns undefined if another writer was first and nothing was written. */
type Attempt<T> = (context: Context, current: ResourceRow | undefined) => Promise<T | undefined>;

/** An id that is not stored yet cannot be locked, so a locked attempt can also fail. */
const ATTEMPTS = 5;

/** Returns the result of the first successful attempt. Fails with 409 and Retry-After if another writer is first in every attempt. */
export async function retryOnVersionConflict<T>(
  context: Context,
  { type, id }: { type: ServedType; id: string },
  attempt: Attempt<T>,
): Promise<T> {
  const { tenant } = context.caller;
  const first = await attempt(context, await context.store.read(tenant, type, id));
  if (first !== undefined) return first;
  for (let n = 1; n < ATTEMPTS; n++) {
    const result = await context.store.transaction(async (store) => {
      const [locked] = await store.readForUpdate(tenant, [{ type, id }]);
      return attempt({ ...context, store }, locked);
    });
    if (result !== undefined) return result;
  }
  throw writeContention(`other requests are writing this ${type}: read it again and retry`);
}
