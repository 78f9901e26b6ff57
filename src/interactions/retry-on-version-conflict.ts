// Writes that replace what stands: looked at and written at once, and where another writer was first, again with the resource held, so that this time nobody is.
// However many write one resource, each gets its turn. https://hl7.org/fhir/R4/http.html#concurrency
import { writeContention } from '../fhir/outcome.ts';
import type { ServedType } from '../fhir/types.ts';
import type { ResourceRow } from '../store/resources/resource-row.ts';
import type { Context } from './context.ts';

/** One attempt on what stands (undefined: never stored). Undefined: another writer was first, and nothing was written. */
type Attempt<T> = (context: Context, current: ResourceRow | undefined) => Promise<T | undefined>;

/** Two writers of an id that is new to both cannot hold it before one has stored it. */
const ATTEMPTS = 5;

/** What the first attempt that is not overtaken answers. Fails with 409 and Retry-After when all are. */
export async function retryOnVersionConflict<T>(
  context: Context,
  { type, id }: { type: ServedType; id: string },
  attempt: Attempt<T>,
): Promise<T> {
  const { tenant } = context.caller;
  const first = await attempt(context, await context.store.read(tenant, type, id));
  if (first !== undefined) return first;
  for (let again = 1; again < ATTEMPTS; again++) {
    const answer = await context.store.transaction(async (store) => {
      const [held] = await store.readForUpdate(tenant, [{ type, id }]);
      return attempt({ ...context, store }, held);
    });
    if (answer !== undefined) return answer;
  }
  throw writeContention(`this ${type} is being written by others: read it again and retry`);
}
