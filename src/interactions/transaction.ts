// transaction: many writes, all or none, whose effect does not depend on their order. https://hl7.org/fhir/R4/http.html#trules
// Conditions are looked at inside the database transaction, under the locks of their criteria; a transaction that was overtaken starts again from nothing.
// docs/decisions/0011-transactions.md
import { setTimeout as delay } from 'node:timers/promises';
import { inEntry } from '../fhir/bundle-request.ts';
import { contended, invalid } from '../fhir/outcome.ts';
import { matches, matchKey } from './conditional-match.ts';
import type { Context } from './context.ts';
import { refuseComparing } from './scope-filter.ts';
import { type Done, Overtaken, type TransactionEntry, within } from './transaction-entry.ts';
import { linksOf } from './transaction-links.ts';
import { storeAll } from './transaction-store.ts';
import { heldTargets, identityOf, refreshTargets, type Target, targetsOf } from './transaction-targets.ts';

const ATTEMPTS = 10;

/** Does all of it, then `after` (the entries that read, and the answer), in one transaction; `done` is by the entries' places. */
export async function transaction<T>(
  context: Context,
  entries: TransactionEntry[],
  after: (inside: Context, done: Map<number, Done>) => Promise<T>,
): Promise<T> {
  refuseSharedNames(entries);
  for (const { at, type, patch } of entries) if (patch) await within(at, () => refuseComparing(context.caller, type, patch));
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const now = context.clock();
    try {
      return await context.store.transaction(async (store) => {
        const inside = { ...context, store, clock: () => now };
        return await after(inside, await perform(inside, entries));
      });
    } catch (error) {
      if (!(error instanceof Overtaken)) throw error;
    }
    await delay(Math.random() * 10 * attempt);
  }
  throw contended('others kept writing the same resources: try again');
}

/** "FullUrl must be unique in a bundle": else nobody knows whom a reference means. https://hl7.org/fhir/R4/bundle.html#bdl-7 */
function refuseSharedNames(entries: TransactionEntry[]): void {
  const seen = new Set<string>();
  for (const { fullUrl, at } of entries) {
    if (fullUrl === undefined) continue;
    if (seen.has(fullUrl))
      throw inEntry(invalid('another entry of this transaction has the same fullUrl', `Bundle.entry[${at}].fullUrl`), at);
    seen.add(fullUrl);
  }
}

async function perform(context: Context, entries: TransactionEntry[]): Promise<Map<number, Done>> {
  const conditional = entries.filter((entry) => entry.criteria !== undefined);
  await context.store.lock(
    context.caller.tenant,
    conditional.map(({ type, criteria }) => matchKey(type, criteria!)),
  );
  const claim = claimIdentities();
  for (const entry of entries) claim(entry, identityOf(entry));
  const held = await heldTargets(context, entries);
  const deletions = await targetsOf(context, of(entries, ['DELETE']), held);
  for (const { entry, id } of deletions) claim(entry, id);
  const gone = await storeAll(context, deletions, undefined);
  const writes = await targetsOf(context, of(entries, ['POST', 'PUT', 'PATCH']), held);
  for (const { entry, id, settled } of writes) if (!settled) claim(entry, id, entry.criteria);
  const current = gone.size ? await refreshTargets(context, writes) : writes;
  const done = await storeAll(context, current, linksOf(writes, context.baseUrl));
  await refuseMadeMatches(context, writes);
  return new Map([...gone, ...done]);
}

const of = (entries: TransactionEntry[], methods: string[]): TransactionEntry[] => entries.filter(({ method }) => methods.includes(method));

/**
 * "If any resource identities (including resolved identities from conditional update/delete) overlap in steps 1-3, then the transaction SHALL fail."
 * Refuses (400) an id or criteria that another entry writes. Called as soon as an identity is known, and before anything of that entry is stored.
 */
function claimIdentities(): (entry: TransactionEntry, id: string | undefined, criteria?: string) => void {
  const owners = new Map<string, number>();
  return ({ type, at }, id, criteria) => {
    const identities = [...(id === undefined ? [] : [`${type}/${id}`]), ...(criteria === undefined ? [] : [matchKey(type, criteria)])];
    for (const identity of identities) {
      const owner = owners.get(identity) ?? at;
      if (owner !== at) throw inEntry(invalid('another entry of this transaction writes the same resource'), at);
      owners.set(identity, at);
    }
  };
}

/** The criteria of an update that mean a resource which this same transaction creates: the result would hang on the order. */
async function refuseMadeMatches(context: Context, writes: Target[]): Promise<void> {
  const made = new Set(writes.flatMap(({ entry, id, settled }) => (entry.method === 'POST' && !settled ? `${entry.type}/${id}` : [])));
  const types = new Set(writes.filter(({ entry }) => entry.method === 'POST').map(({ entry }) => entry.type));
  for (const { entry } of writes) {
    const { type, method, criteria } = entry;
    if (method === 'POST' || criteria === undefined || !types.has(type)) continue;
    const rows = await matches(context, type, { criteria, count: 20 });
    if (rows.some((row) => made.has(`${row.type}/${row.id}`)))
      throw inEntry(invalid('the criteria mean a resource that another entry of this transaction creates'), entry.at);
  }
}
