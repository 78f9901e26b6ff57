// Finds the resource that each entry of a transaction writes: by the id in its URL, or by its criteria. https://hl7.org/fhir/R4/http.html#cond-update
import { conflict, invalidStructure, notFound } from '../fhir/outcome.ts';
import type { ServedType } from '../fhir/types.ts';
import type { ResourceRow } from '../store/resources/resource-row.ts';
import { findMatch } from './conditional-match.ts';
import type { Context } from './context.ts';
import { checkIfMatch, checkIfNoneMatch } from './if-match.ts';
import { requireNotDeleted } from './read.ts';
import { requireSecurityContext } from './redaction.ts';
import { type EntryOutcome, type TransactionEntry, WriteConflict, withEntryError } from './transaction-entry.ts';

/** An entry with the resource it writes. `id` is absent only if there is nothing to delete. If `outcome` is present, nothing has to be written. */
export interface Target {
  entry: TransactionEntry;
  id?: string;
  previous?: ResourceRow;
  outcome?: EntryOutcome;
}

/** `Type/id` → the current row, locked until the transaction ends. */
type LockedRows = Map<string, ResourceRow>;

const toKey = ({ type, id }: { type: ServedType; id: string }): string => `${type}/${id}`;

/** The id in the URL of an entry or in the body of an update. Undefined for a create, and if only criteria identify the resource. */
export const readIdentity = ({ method, id, draft }: TransactionEntry): string | undefined =>
  id ?? (method === 'PUT' ? draft?.resource.id : undefined);

/** Locks and reads all resources that entries name by id, in one statement. */
export async function lockTargets(context: Context, entries: TransactionEntry[]): Promise<LockedRows> {
  const targets = entries.flatMap((entry) => {
    const id = readIdentity(entry);
    return id === undefined ? [] : [{ type: entry.type, id }];
  });
  const rows = await context.store.readForUpdate(context.caller.tenant, targets);
  return new Map(rows.map((row) => [toKey(row), row]));
}

/** The targets of these entries, from the current rows. */
export async function resolveTargets(context: Context, entries: TransactionEntry[], locked: LockedRows): Promise<Target[]> {
  const found = new Map<TransactionEntry, ResourceRow>();
  for (const entry of entries) {
    if (entry.criteria === undefined) continue;
    const match = await withEntryError(entry.index, () => findMatch(context, entry.type, entry.criteria!));
    if (match) found.set(entry, match);
  }
  await lockMatches(context, [...found], locked);
  return Promise.all(
    entries.map((entry) => withEntryError(entry.index, () => RESOLVERS[entry.method](context, entry, { match: found.get(entry), locked }))),
  );
}

/** A match that another writer changed between the search and the lock may no longer meet the criteria. */
async function lockMatches(context: Context, found: [TransactionEntry, ResourceRow][], locked: LockedRows): Promise<void> {
  const written = found.filter(([entry]) => entry.method !== 'POST').map(([, row]) => row);
  for (const row of await context.store.readForUpdate(context.caller.tenant, written)) locked.set(toKey(row), row);
  if (written.some((row) => locked.get(toKey(row))?.version !== row.version)) throw new WriteConflict();
}

/** The same targets with their rows read again after the deletions, whose write hooks may have written some of them. Preconditions were checked before. */
export async function rereadTargets(context: Context, targets: Target[]): Promise<Target[]> {
  const rows = await context.store.readForUpdate(
    context.caller.tenant,
    targets.flatMap(({ previous }) => previous ?? []),
  );
  const now = new Map(rows.map((row) => [toKey(row), row]));
  return targets.map((target) => (target.previous ? { ...target, previous: now.get(toKey(target.previous))! } : target));
}

interface ResolvedState {
  match: ResourceRow | undefined;
  locked: LockedRows;
}

const RESOLVERS: Record<TransactionEntry['method'], (context: Context, entry: TransactionEntry, state: ResolvedState) => Target> = {
  DELETE: resolveDelete,
  POST: resolveCreate,
  PUT: resolveUpdate,
  PATCH: resolvePatch,
};

function resolveDelete(_context: Context, entry: TransactionEntry, { match, locked }: ResolvedState): Target {
  const id = entry.id ?? match?.id;
  const previous = id === undefined ? undefined : locked.get(toKey({ type: entry.type, id }));
  checkIfMatch(previous, entry.ifMatch);
  const target = { entry, ...(id !== undefined && { id }), ...(previous && { previous }) };
  if (previous && previous.body !== null) return target;
  return { ...target, outcome: { outcome: 'deleted', ...(previous && { row: previous }) } };
}

function resolveCreate(context: Context, entry: TransactionEntry, { match }: ResolvedState): Target {
  return match ? { entry, id: match.id, outcome: { outcome: 'unchanged', row: match } } : { entry, id: context.newId() };
}

function resolveUpdate(context: Context, entry: TransactionEntry, { match, locked }: ResolvedState): Target {
  const id = findUpdatedId(entry, match) ?? context.newId();
  const previous = locked.get(toKey({ type: entry.type, id }));
  if (entry.id === undefined && !match && previous && previous.body !== null)
    throw conflict('there is a resource with this id, and it does not meet the criteria', `${entry.type}.id`);
  checkIfMatch(previous, entry.ifMatch);
  if (entry.onlyNew) checkIfNoneMatch(previous);
  const { resource, exact } = entry.draft!;
  const draft = resource.id === id ? entry.draft! : { resource: { ...resource, id }, exact: { ...exact, id } };
  return { entry: { ...entry, draft }, id, ...(previous && { previous }) };
}

/** The id that an update writes; undefined for a new id. An id in the body must be the same. */
function findUpdatedId(
  { type, id, draft }: Pick<TransactionEntry, 'type' | 'id' | 'draft'>,
  match: ResourceRow | undefined,
): string | undefined {
  const own = draft!.resource.id;
  if (id !== undefined && own !== id) throw invalidStructure('the id in the body must be the id in the URL', `${type}.id`);
  if (match && own !== undefined && own !== match.id) throw invalidStructure('the id in the body is not that of the match', `${type}.id`);
  return id ?? match?.id ?? own;
}

function resolvePatch({ caller }: Context, entry: TransactionEntry, { match, locked }: ResolvedState): Target {
  const id = entry.id ?? match?.id;
  const previous = id === undefined ? undefined : locked.get(toKey({ type: entry.type, id }));
  if (!previous) throw notFound(`there is no ${entry.type} to patch`);
  requireSecurityContext(caller, previous, 'u');
  checkIfMatch(previous, entry.ifMatch);
  return { entry, id: previous.id, previous: requireNotDeleted(previous) };
}
