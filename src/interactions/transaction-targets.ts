// Which resource each entry of a transaction writes: by the id in its URL, or by what its criteria match. https://hl7.org/fhir/R4/http.html#cond-update
import { conflict, notFound, structure } from '../fhir/outcome.ts';
import type { ServedType } from '../fhir/types.ts';
import type { Row } from '../store/resources/row.ts';
import { lockedMatch } from './conditional-match.ts';
import type { Context } from './context.ts';
import { standing } from './read.ts';
import { refuseOutside } from './security-context.ts';
import { type Done, Overtaken, type TransactionEntry, within } from './transaction-entry.ts';
import { precondition, refuseCurrent } from './update.ts';

/** An entry with the resource it writes. `id` is absent only where there is nothing to delete. `settled`: nothing is left to do. */
export interface Target {
  entry: TransactionEntry;
  id?: string;
  previous?: Row;
  settled?: Done;
}

/** `Type/id` → the current row, which nobody else writes until the transaction ends. */
type Held = Map<string, Row>;

const keyOf = ({ type, id }: { type: ServedType; id: string }): string => `${type}/${id}`;

/** The id that an entry itself names, in its URL or in the body of an update; undefined: only its criteria say which resource it writes. */
export const identityOf = ({ method, id, draft }: TransactionEntry): string | undefined =>
  id ?? (method === 'PUT' ? draft?.plain.id : undefined);

/** Locks and reads all that is named by id, at once. */
export async function heldTargets(context: Context, entries: TransactionEntry[]): Promise<Held> {
  const wanted = entries.flatMap((entry) => {
    const id = identityOf(entry);
    return id === undefined ? [] : [{ type: entry.type, id }];
  });
  const rows = await context.store.hold(context.caller.tenant, wanted);
  return new Map(rows.map((row) => [keyOf(row), row]));
}

/** The targets of these entries, as things stand now. */
export async function targetsOf(context: Context, entries: TransactionEntry[], held: Held): Promise<Target[]> {
  const found = new Map<TransactionEntry, Row>();
  for (const entry of entries) {
    if (entry.criteria === undefined) continue;
    const match = await within(entry.at, () => lockedMatch(context, entry.type, entry.criteria!));
    if (match) found.set(entry, match);
  }
  await holdMatches(context, [...found], held);
  return Promise.all(
    entries.map((entry) => within(entry.at, () => TARGETS[entry.method](context, entry, { match: found.get(entry), held }))),
  );
}

/** A match that was written between its search and its lock may be a match no more. */
async function holdMatches(context: Context, found: [TransactionEntry, Row][], held: Held): Promise<void> {
  const written = found.filter(([entry]) => entry.method !== 'POST').map(([, row]) => row);
  for (const row of await context.store.hold(context.caller.tenant, written)) held.set(keyOf(row), row);
  if (written.some((row) => held.get(keyOf(row))?.version !== row.version)) throw new Overtaken();
}

/** The same targets with the rows that stand after the deletions, whose write hooks may have written some of them. Preconditions were checked before that. */
export async function refreshTargets(context: Context, targets: Target[]): Promise<Target[]> {
  const rows = await context.store.hold(
    context.caller.tenant,
    targets.flatMap(({ previous }) => previous ?? []),
  );
  const now = new Map(rows.map((row) => [keyOf(row), row]));
  return targets.map((target) => (target.previous ? { ...target, previous: now.get(keyOf(target.previous))! } : target));
}

interface State {
  match: Row | undefined;
  held: Held;
}

const TARGETS: Record<TransactionEntry['method'], (context: Context, entry: TransactionEntry, state: State) => Target> = {
  DELETE: deletion,
  POST: creation,
  PUT: replacement,
  PATCH: patching,
};

function deletion(_context: Context, entry: TransactionEntry, { match, held }: State): Target {
  const id = entry.id ?? match?.id;
  const previous = id === undefined ? undefined : held.get(keyOf({ type: entry.type, id }));
  precondition(previous, entry.ifMatch);
  const target = { entry, ...(id !== undefined && { id }), ...(previous && { previous }) };
  if (previous && previous.body !== null) return target;
  return { ...target, settled: { outcome: 'deleted', ...(previous && { row: previous }) } };
}

function creation(context: Context, entry: TransactionEntry, { match }: State): Target {
  return match ? { entry, id: match.id, settled: { outcome: 'unchanged', row: match } } : { entry, id: context.newId() };
}

function replacement(context: Context, entry: TransactionEntry, { match, held }: State): Target {
  const id = replacedId(entry, match) ?? context.newId();
  const previous = held.get(keyOf({ type: entry.type, id }));
  if (entry.id === undefined && !match && previous && previous.body !== null)
    throw conflict('there is a resource with this id, and it does not meet the criteria', `${entry.type}.id`);
  precondition(previous, entry.ifMatch);
  if (entry.onlyNew) refuseCurrent(previous);
  const { plain, exact } = entry.draft!;
  const draft = plain.id === id ? entry.draft! : { plain: { ...plain, id }, exact: { ...exact, id } };
  return { entry: { ...entry, draft }, id, ...(previous && { previous }) };
}

/** The id that an update writes; undefined: a new one. What the body says must agree. */
function replacedId({ type, id, draft }: Pick<TransactionEntry, 'type' | 'id' | 'draft'>, match: Row | undefined): string | undefined {
  const own = draft!.plain.id;
  if (id !== undefined && own !== id) throw structure('the id in the body must be the id in the URL', `${type}.id`);
  if (match && own !== undefined && own !== match.id) throw structure('the id in the body is not that of the match', `${type}.id`);
  return id ?? match?.id ?? own;
}

function patching({ caller }: Context, entry: TransactionEntry, { match, held }: State): Target {
  const id = entry.id ?? match?.id;
  const previous = id === undefined ? undefined : held.get(keyOf({ type: entry.type, id }));
  if (!previous) throw notFound(`there is no ${entry.type} to patch`);
  refuseOutside(caller, previous, 'u');
  precondition(previous, entry.ifMatch);
  return { entry, id: previous.id, previous: standing(previous) };
}
