// Runs the write hooks of one or several writes: all checks before anything is stored, all effects afterwards.

import { conflict } from '../fhir/outcome.ts';
import { type Context, findWriteHooks, type NewResource, type PendingWrite } from './context.ts';
import { prepareServerWrite } from './prepare-write.ts';

export async function runChecks(context: Context, writes: PendingWrite[]): Promise<void> {
  for (const write of writes) for (const hook of findWriteHooks(context, write.type, write)) await hook.check?.(context, write);
}

/** Runs `work`, the effects of the n-th write, and adds the position of the write to errors. */
type Locate = (nth: number, work: () => Promise<void>) => Promise<void>;

/** The effects of stored writes. What they create is stored in one statement. */
export async function runEffects(context: Context, writes: PendingWrite[], locate: Locate = (_nth, work) => work()): Promise<void> {
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
