// Stores many new resources of one type, all of them or none. A resource whose id is already in use is not changed.
// https://hl7.org/fhir/R4/http.html#create
import { setImmediate } from 'node:timers/promises';
import type { Resource, ServedType } from '../fhir/types.ts';
import type { ResourceRow } from '../store/resources/resource-row.ts';
import type { Context, PendingWrite } from './context.ts';
import { prepareWrite, toDraft, toStoredRow } from './prepare-write.ts';
import { WriteConflict } from './transaction-entry.ts';
import { runChecks, runEffects } from './write-hooks.ts';

/** A resource to be created, and its id. */
interface Creation {
  id: string;
  build(): Resource;
  /** Runs `work` and adds the position of this resource to its errors. */
  withErrorContext<T>(work: () => Promise<T>): Promise<T>;
}

/** After this many resources, the event loop runs other requests. */
const YIELD_INTERVAL = 100;

/**
 * Returns the current rows by id. Of several creations with one id, the first is used. A deleted resource is created again. Runs in a transaction, or joins the
 * current one. Throws a `WriteConflict` if another writer creates one of the resources at the same time: the caller tries again with the new rows.
 */
export async function createResources(context: Context, type: ServedType, creations: Creation[]): Promise<Map<string, ResourceRow>> {
  return context.store.transaction(async (store) => {
    const inside = { ...context, store };
    const distinct = [...new Map(creations.toReversed().map((creation) => [creation.id, creation])).values()];
    const locked = await store.readForUpdate(
      context.caller.tenant,
      distinct.map(({ id }) => ({ type, id })),
    );
    const known = new Map(locked.map((row) => [row.id, row]));
    const writes = await preparePending(inside, { type, known, creations: distinct });
    await storePending(inside, writes);
    return new Map([...known, ...writes.map((write): [string, ResourceRow] => [write.id, toStoredRow(write)])]);
  });
}

interface CreationBatch {
  type: ServedType;
  /** The stored rows with these ids, deletions included. */
  known: ReadonlyMap<string, ResourceRow>;
  creations: Creation[];
}

async function preparePending(context: Context, { type, known, creations }: CreationBatch): Promise<PendingWrite[]> {
  const writes: PendingWrite[] = [];
  for (const [turn, { id, build, withErrorContext }] of creations.entries()) {
    if (turn % YIELD_INTERVAL === YIELD_INTERVAL - 1) await setImmediate();
    const previous = known.get(id);
    if (previous && previous.body !== null) continue;
    const request = { type, id, method: 'POST' as const, draft: toDraft({ ...build(), id }), ...(previous && { previous }) };
    writes.push(await withErrorContext(() => prepareWrite(context, request)));
  }
  return writes;
}

/** Every request writes in the same order, so that two requests cannot deadlock. */
async function storePending(context: Context, writes: PendingWrite[]): Promise<void> {
  await runChecks(context, writes);
  const changes = writes.map(({ change }) => change).sort((a, b) => (a.id < b.id ? -1 : 1));
  for (const replaces of [false, true]) {
    const group = changes.filter((change) => (change.previous !== undefined) === replaces);
    if ((await context.store.write(context.caller.tenant, group)) < group.length) throw new WriteConflict();
  }
  await runEffects(context, writes);
}
