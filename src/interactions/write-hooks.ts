// Runs the write hooks of one or several writes: all checks before anything is stored, all effects afterwards.

import { conflict } from '../fhir/outcome.ts';
import { type Context, findWriteHooks, type NewResource, type PendingWrite } from './context.ts';
import { prepareServerWrite } from './prepare-write.ts';

/** Runs `work` for the n-th write, and adds the position of the write to errors. */
type Locate = <T>(nth: number, work: () => Promise<T>) => Promise<T>;

const withoutPosition: Locate = (_nth, work) => work();

/** The checks of writes that are stored together. */
export async function runChecks(context: Context, writes: PendingWrite[], locate = withoutPosition): Promise<void> {
  for (const [nth, write] of writes.entries())
    await locate(nth, async () => {
      for (const hook of findWriteHooks(context, write.type, write)) await hook.check?.(context, write, writes);
    });
}

/** The effects of stored writes. What they create is stored in one statement. */
export async function runEffects(context: Context, writes: PendingWrite[], locate = withoutPosition): Promise<void> {
  const creations: NewResource[] = [];
  for (const [nth, write] of writes.entries())
    await locate(nth, async () => {
      for (const hook of findWriteHooks(context, write.type, write))
        await hook.after?.(context, write, (creation) => creations.push(creation));
    });
  if (creations.length) await createTogether(context, creations);
}

async function createTogether(context: Context, creations: NewResource[]): Promise<void> {
  const changes = creations
    .map(({ resource, ...creation }) => prepareServerWrite(context, { ...creation, method: 'POST', draft: { resource, exact: resource } }))
    .map(({ change }) => change)
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  if ((await context.store.write(context.caller.tenant, changes)) < changes.length)
    throw conflict('the id chosen for this resource is already in use');
}
