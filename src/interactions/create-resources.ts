// Stores many new resources of one type, all of them or none, in one statement. One that stands already under its id is left as it stands.
// https://hl7.org/fhir/R4/http.html#create
import { setImmediate } from 'node:timers/promises';
import type { Resource, ServedType } from '../fhir/types.ts';
import type { ResourceRow } from '../store/resources/resource-row.ts';
import { type Context, findWriteHooks, type PendingWrite } from './context.ts';
import { WriteConflict } from './transaction-entry.ts';
import { prepareWrite, toDraft, toStoredRow } from './write.ts';

/** A resource, and the id under which it is to stand. */
interface Creation {
  id: string;
  build(): Resource;
  /** Does what is done for this one: what is wrong with it is said of it. */
  withErrorContext<T>(work: () => Promise<T>): Promise<T>;
}

/** Between so many resources, other requests get their turn. */
const YIELD_INTERVAL = 100;

/**
 * The rows that stand afterwards, by id; of several creations with one id the first counts, and one that was deleted is made anew. In a transaction, joined
 * when there is one. Fails with `Overtaken` when another writer makes one of them at the same moment: to be tried again from what stands then.
 */
export async function createResources(context: Context, type: ServedType, creations: Creation[]): Promise<Map<string, ResourceRow>> {
  return context.store.transaction(async (store) => {
    const inside = { ...context, store };
    const wanted = [...new Map(creations.toReversed().map((one) => [one.id, one])).values()];
    const held = await store.readForUpdate(
      context.caller.tenant,
      wanted.map(({ id }) => ({ type, id })),
    );
    const known = new Map(held.map((row) => [row.id, row]));
    const writes = await preparePending(inside, { type, known, wanted });
    await storePending(inside, writes);
    return new Map([...known, ...writes.map((write): [string, ResourceRow] => [write.id, toStoredRow(write)])]);
  });
}

interface CreationBatch {
  type: ServedType;
  /** What was stored under these ids, deletions among it. */
  known: ReadonlyMap<string, ResourceRow>;
  wanted: Creation[];
}

async function preparePending(context: Context, { type, known, wanted }: CreationBatch): Promise<PendingWrite[]> {
  const writes: PendingWrite[] = [];
  for (const [turn, { id, build, withErrorContext }] of wanted.entries()) {
    if (turn % YIELD_INTERVAL === YIELD_INTERVAL - 1) await setImmediate();
    const previous = known.get(id);
    if (previous && previous.body !== null) continue;
    const request = { type, id, method: 'POST' as const, draft: toDraft({ ...build(), id }), ...(previous && { previous }) };
    writes.push(await withErrorContext(() => prepareWrite(context, request)));
  }
  return writes;
}

/** In one order for everybody, so that two such requests never wait for each other in a circle. */
async function storePending(context: Context, writes: PendingWrite[]): Promise<void> {
  const writeHooks = writes.flatMap((write) => findWriteHooks(context, write.type, write).map((hook) => ({ hook, write })));
  for (const { hook, write } of writeHooks) await hook.check?.(context, write);
  const changes = writes.map(({ change }) => change).sort((a, b) => (a.id < b.id ? -1 : 1));
  for (const replaces of [false, true]) {
    const some = changes.filter((change) => (change.previous !== undefined) === replaces);
    if ((await context.store.write(context.caller.tenant, some)) < some.length) throw new WriteConflict();
  }
  for (const { hook, write } of writeHooks) await hook.after?.(context, write);
}
