// Changes several resources as they stand at the moment of writing, all of them or none, each kind of change in one statement.
// https://hl7.org/fhir/R4/http.html#concurrency
import { isDeepStrictEqual } from 'node:util';
import { conflict } from '../fhir/outcome.ts';
import type { Resource, ServedType } from '../fhir/types.ts';
import { parseExactBody, type ResourceRow } from '../store/resources/resource-row.ts';
import { type Context, findWriteHooks, type PendingWrite } from './context.ts';
import { prepareServerWrite, toDraft, toStoredRow } from './write.ts';

export interface ResourceEdit {
  type: ServedType;
  id: string;
  /** The new content from the one that stands (digits as written), undefined: there is none yet. The same object, or undefined: no change. */
  edit(current: Resource | undefined): Resource | undefined;
}

/**
 * The versions that were stored; what says the same as before makes none, and what somebody has deleted stays deleted. In a transaction, joined when there is
 * one. Fails with 409 when another writer makes one of the new ones at the same moment.
 */
export async function readModifyWriteMany(context: Context, rewritings: ResourceEdit[]): Promise<ResourceRow[]> {
  return context.store.transaction(async (store) => {
    const inside = { ...context, store };
    const held = await store.readForUpdate(context.caller.tenant, rewritings);
    const standing = new Map(held.map((row) => [`${row.type}/${row.id}`, row]));
    const writes = rewritings.flatMap((one) => preparePending(inside, one, standing.get(`${one.type}/${one.id}`)));
    for (const write of writes) for (const hook of findWriteHooks(inside, write.type, write)) await hook.check?.(inside, write);
    for (const replaces of [false, true]) await writePending(inside, writes, replaces);
    for (const write of writes) for (const hook of findWriteHooks(inside, write.type, write)) await hook.after?.(inside, write);
    return writes.map(toStoredRow);
  });
}

function preparePending(context: Context, { type, id, edit }: ResourceEdit, previous: ResourceRow | undefined): PendingWrite[] {
  if (previous?.body === null) return [];
  const current = previous && parseExactBody(previous.body!);
  const edited = edit(current);
  if (!edited || isDeepStrictEqual(edited, current)) return [];
  return [prepareServerWrite(context, { type, id, method: 'PUT', draft: toDraft({ ...edited, id }), ...(previous && { previous }) })];
}

/** What is new, or what replaces something: a statement each. */
async function writePending({ store, caller }: Context, writes: PendingWrite[], replaces: boolean): Promise<void> {
  const changes = writes.filter(({ previous }) => (previous !== undefined) === replaces).map(({ change }) => change);
  if ((await store.write(caller.tenant, changes)) < changes.length)
    throw conflict('these resources are being changed by others: try again');
}
