// transaction: many writes, all or none, whose effect does not depend on their order. https://hl7.org/fhir/R4/http.html#trules
// Conditions are looked at inside the database transaction, under the locks of their criteria; a transaction that was overtaken starts again from nothing.
// docs/decisions/0011-transactions.md
import { setTimeout as delay } from 'node:timers/promises';
import { locateErrorInEntry } from '../fhir/bundle.ts';
import { invalid, writeContention } from '../fhir/outcome.ts';
import { findMatches, toCriteriaKey } from './conditional-match.ts';
import type { Context } from './context.ts';
import { requireReadScopeForTests } from './scope-filter.ts';
import { type EntryOutcome, NO_ENTRY, type TransactionEntry, WriteConflict, withEntryError } from './transaction-entry.ts';
import { buildLinks } from './transaction-links.ts';
import { storeTargets } from './transaction-store.ts';
import { lockTargets, readIdentity, rereadTargets, resolveTargets, type Target } from './transaction-targets.ts';

const ATTEMPTS = 10;

/** Does all of it, then `after` (the entries that read, and the answer), in one transaction; `done` is by the entries' places. */
export async function executeTransaction<T>(
  context: Context,
  entries: TransactionEntry[],
  after: (inside: Context, done: Map<number, EntryOutcome>) => Promise<T>,
): Promise<T> {
  refuseSharedFullUrls(entries);
  for (const { index, type, patch } of entries)
    if (patch) await withEntryError(index, () => requireReadScopeForTests(context.caller, type, patch));
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const now = context.clock();
    try {
      return await context.store.transaction(async (store) => {
        const inside = { ...context, store, clock: () => now };
        return await after(inside, await writeEntries(inside, entries));
      });
    } catch (error) {
      if (!(error instanceof WriteConflict)) throw error;
    }
    await delay(Math.random() * 10 * attempt);
  }
  throw writeContention('others kept writing the same resources: try again');
}

/** "FullUrl must be unique in a bundle": else nobody knows whom a reference means. https://hl7.org/fhir/R4/bundle.html#bdl-7 */
function refuseSharedFullUrls(entries: TransactionEntry[]): void {
  const seen = new Set<string>();
  for (const { fullUrl, index } of entries) {
    if (fullUrl === undefined) continue;
    if (seen.has(fullUrl))
      throw locateErrorInEntry(invalid('another entry of this transaction has the same fullUrl', `Bundle.entry[${index}].fullUrl`), index);
    seen.add(fullUrl);
  }
}

async function writeEntries(context: Context, entries: TransactionEntry[]): Promise<Map<number, EntryOutcome>> {
  const conditional = entries.filter((entry) => entry.criteria !== undefined);
  await context.store.lockKeys(
    context.caller.tenant,
    conditional.map(({ type, criteria }) => toCriteriaKey(type, criteria!)),
  );
  const claim = claimIdentities();
  for (const entry of entries) claim(entry, readIdentity(entry));
  const held = await lockTargets(context, entries);
  const deletions = await resolveTargets(context, filterByMethod(entries, ['DELETE']), held);
  for (const { entry, id } of deletions) claim(entry, id);
  const gone = await storeTargets(context, deletions, undefined);
  const writes = await resolveTargets(context, filterByMethod(entries, ['POST', 'PUT', 'PATCH']), held);
  for (const { entry, id, outcome } of writes) if (!outcome) claim(entry, id, entry.criteria);
  const current = gone.size ? await rereadTargets(context, writes) : writes;
  const done = await storeTargets(context, current, buildLinks(writes, context.baseUrl));
  await refuseMatchesOfCreated(context, writes);
  return new Map([...gone, ...done]);
}

const filterByMethod = (entries: TransactionEntry[], methods: string[]): TransactionEntry[] =>
  entries.filter(({ method }) => methods.includes(method));

/**
 * "If any resource identities (including resolved identities from conditional update/delete) overlap in steps 1-3, then the transaction SHALL fail."
 * Refuses (400) an id or criteria that another entry writes. Called as soon as an identity is known, and before anything of that entry is stored.
 */
function claimIdentities(): (entry: TransactionEntry, id: string | undefined, criteria?: string) => void {
  const owners = new Map<string, number>();
  return ({ type, index }, id, criteria) => {
    const identities = [...(id === undefined ? [] : [`${type}/${id}`]), ...(criteria === undefined ? [] : [toCriteriaKey(type, criteria)])];
    for (const identity of identities) {
      const owner = owners.get(identity) ?? index;
      if (owner !== index) throw locateErrorInEntry(invalid('another entry of this transaction writes the same resource'), index);
      owners.set(identity, index);
    }
  };
}

/** The criteria of an update that mean a resource which this same transaction creates: the result would hang on the order. */
async function refuseMatchesOfCreated(context: Context, writes: Target[]): Promise<void> {
  const made = new Set(writes.flatMap(({ entry, id, outcome }) => (entry.method === 'POST' && !outcome ? `${entry.type}/${id}` : [])));
  const types = new Set(writes.filter(({ entry }) => entry.method === 'POST').map(({ entry }) => entry.type));
  for (const { entry } of writes) {
    const { type, method, criteria } = entry;
    if (method === 'POST' || criteria === undefined || !types.has(type)) continue;
    const rows = await findMatches(context, type, { criteria, count: 20 });
    if (rows.some((row) => made.has(`${row.type}/${row.id}`)))
      throw locateErrorInEntry(invalid('the criteria mean a resource that another entry of this transaction creates'), entry.index);
  }
}

/** Does it. Several matches are refused (412), criteria that are empty or not understood too (400): they never mean "all". */
export async function writeConditionally(
  context: Context,
  entry: Omit<TransactionEntry, 'index'> & { criteria: string },
): Promise<EntryOutcome> {
  const done = await executeTransaction(context, [{ ...entry, index: NO_ENTRY }], async (_inside, all) => all);
  return done.get(NO_ENTRY)!;
}
