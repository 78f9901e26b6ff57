// Replaces the references to one resource by references to another in all resources of the tenant, as part of a transaction. A reference to a version stays:
// that version exists only under the old id.

import { isAllowed, toSmallestScope } from '../fhir/access-scope.ts';
import { rewriteLinks } from '../fhir/links.ts';
import { businessRule, forbidden, writeContention } from '../fhir/outcome.ts';
import { normalizeReference } from '../fhir/reference.ts';
import { type Resource, SERVED_TYPES } from '../fhir/types.ts';
import { parseExactBody, type ResourceRow } from '../store/resources/resource-row.ts';
import type { ResourceName } from '../store/search/referrers.ts';
import type { Context, PendingWrite } from './context.ts';
import { buildPendingWrite, toDraft } from './prepare-write.ts';
import { runChecks, runEffects } from './write-hooks.ts';

/** The most resources that one merge changes. All of them are locked until it ends. */
const MAX_MOVED = 10_000;
/** The resources that are read and written at once. */
const BATCH = 200;
/** How often the search for references is repeated, because other requests may store some in the meantime. */
const ROUNDS = 4;

export interface Move {
  from: ResourceName;
  to: ResourceName;
}

/**
 * Returns the number of changed resources. The two resources themselves are not changed. Runs inside a transaction. `others`: further resources that may refer to
 * the source, by elements that the index does not have.
 */
export async function moveReferences(context: Context, move: Move, others: ResourceName[] = []): Promise<number> {
  const seen = new Set([move.from, move.to].map(toName));
  let moved = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const all = [...(await findReferrers(context, move.from)), ...(round === 0 ? others : [])];
    const found = [...new Map(all.map((name) => [toName(name), name])).values()].filter((name) => !seen.has(toName(name)));
    requireMovable(found);
    if (!found.length) break;
    for (const name of found) seen.add(toName(name));
    for (let at = 0; at < found.length; at += BATCH) moved += await moveInBatch(context, found.slice(at, at + BATCH), move);
  }
  return moved;
}

const toName = ({ type, id }: ResourceName): string => `${type}/${id}`;

async function findReferrers({ store, caller, registry }: Context, target: ResourceName): Promise<ResourceName[]> {
  const parameters = SERVED_TYPES.flatMap((type) => registry.list(type)).filter(({ type }) => type === 'reference');
  return store.findReferrers(caller.tenant, { target, parameters: parameters.map(({ number }) => number), limit: MAX_MOVED + 1 });
}

function requireMovable(found: ResourceName[]): void {
  if (found.length > MAX_MOVED)
    throw businessRule(`more than ${MAX_MOVED.toLocaleString('en')} resources refer to the source: move some of them by updates first`);
}

/** The resources that are read by one statement, and in all. 200,000 of 3.5 kB take 1.2 s. */
const READ_AT_ONCE = 20_000;
const MAX_READ = 2_000_000;

/** The resources whose JSON has a reference to the target, in any element. `isComplete`: all resources of the tenant were read. */
export async function findMentions(
  { store, caller }: Context,
  target: ResourceName,
): Promise<{ names: ResourceName[]; isComplete: boolean }> {
  const names: ResourceName[] = [];
  let after: string | undefined;
  for (let read = 0; read < MAX_READ; read += READ_AT_ONCE) {
    const part = await store.findMentions(caller.tenant, { text: `${toName(target)}"`, after, limit: READ_AT_ONCE });
    names.push(...part.names);
    requireMovable(names);
    if (part.next === undefined) return { names, isComplete: true };
    after = part.next;
  }
  return { names, isComplete: false };
}

async function moveInBatch(context: Context, names: ResourceName[], move: Move): Promise<number> {
  const { store, caller } = context;
  const rows = await store.readForUpdate(caller.tenant, names);
  const writes = rows.flatMap((row) => prepareMove(context, row, move) ?? []);
  await storeMoved(context, writes);
  return writes.length;
}

function prepareMove(context: Context, row: ResourceRow, { from, to }: Move): PendingWrite | undefined {
  if (row.body === null) return undefined;
  const { type, id } = row;
  const resource = parseExactBody(row.body);
  const moved = rewriteLinks(resource, (link, place) =>
    place === 'reference' && isCurrentReference(link, from, context.baseUrl) ? toName(to) : undefined,
  );
  if (moved === resource) return undefined;
  if (!isAllowed(context.caller.scopes, type, 'u'))
    throw forbidden(`this changes references in ${type} resources: it needs ${toSmallestScope(type, 'u')}`);
  return buildMovedWrite(context, { type, id, previous: row, resource: moved });
}

const isCurrentReference = (link: string, target: ResourceName, baseUrl: string): boolean =>
  !link.includes('/_history/') && normalizeReference(link, baseUrl) === toName(target);

/** A write that is not a user's edit of the resource. Its content was valid when it was stored, so it is not checked again. */
export const buildMovedWrite = (
  context: Context,
  { type, id, previous, resource }: ResourceName & { previous: ResourceRow; resource: Resource },
): PendingWrite => ({
  ...buildPendingWrite(context, { type, id, method: 'PUT', draft: toDraft(resource), previous }),
  movesReferences: true,
});

/** Stores locked resources, with their write hooks. */
export async function storeMoved(context: Context, writes: PendingWrite[]): Promise<void> {
  await runChecks(context, writes);
  const changes = writes.map(({ change }) => change);
  if ((await context.store.write(context.caller.tenant, changes)) < changes.length)
    throw writeContention('other requests are writing the resources of these patients: try again');
  await runEffects(context, writes);
}
