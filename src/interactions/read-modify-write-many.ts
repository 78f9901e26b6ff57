// Changes the current versions of several resources, all of them or none. Inserts are one statement, and updates are one statement.
// https://hl7.org/fhir/R4/http.html#concurrency
import { isDeepStrictEqual } from 'node:util';
import { conflict } from '../fhir/outcome.ts';
import type { Resource, ServedType } from '../fhir/types.ts';
import { parseExactBody, type ResourceRow } from '../store/resources/resource-row.ts';
import type { Context, PendingWrite } from './context.ts';
import { prepareServerWrite, toDraft, toStoredRow } from './prepare-write.ts';
import { runChecks, runEffects } from './write-hooks.ts';

export interface ResourceEdit {
  type: ServedType;
  id: string;
  /**
   * Returns the new content. `current`: the stored content with exact decimals; undefined if there is none. Return the same object, or undefined, to change
   * nothing.
   */
  edit(current: Resource | undefined): Resource | undefined;
}

/**
 * Returns the stored versions. Unchanged content is not stored, and deleted resources stay deleted. Runs in a transaction, or joins the current one. Fails
 * with 409 if another writer creates one of the new resources at the same time. `locked`: the rows of all of them, if the current transaction has locked them.
 */
export async function readModifyWriteMany(context: Context, rewritings: ResourceEdit[], locked?: ResourceRow[]): Promise<ResourceRow[]> {
  return context.store.transaction(async (store) => {
    const inside = { ...context, store };
    const rows = locked ?? (await store.readForUpdate(context.caller.tenant, rewritings));
    const current = new Map(rows.map((row) => [`${row.type}/${row.id}`, row]));
    const writes: PendingWrite[] = [];
    for (const rewriting of rewritings) {
      const write = preparePending(inside, rewriting, current.get(`${rewriting.type}/${rewriting.id}`));
      if (write) writes.push(write);
    }
    await runChecks(inside, writes);
    for (const replaces of [false, true]) await writePending(inside, writes, replaces);
    await runEffects(inside, writes);
    return writes.map(toStoredRow);
  });
}

function preparePending(context: Context, { type, id, edit }: ResourceEdit, previous: ResourceRow | undefined): PendingWrite | undefined {
  if (previous?.body === null) return undefined;
  const current = previous && parseExactBody(previous.body!);
  const edited = edit(current);
  if (!edited || isDeepStrictEqual(edited, current)) return undefined;
  return prepareServerWrite(context, { type, id, method: 'PUT', draft: toDraft({ ...edited, id }), ...(previous && { previous }) });
}

/** Writes either the new resources or the replaced ones, in one statement. */
async function writePending({ store, caller }: Context, writes: PendingWrite[], replaces: boolean): Promise<void> {
  const changes = writes.flatMap(({ previous, change }) => ((previous !== undefined) === replaces ? change : []));
  if ((await store.write(caller.tenant, changes)) < changes.length)
    throw conflict('other requests are changing these resources: try again');
}
