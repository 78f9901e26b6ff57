// transaction: many writes, all or none. Their effect does not depend on their order. https://hl7.org/fhir/R4/http.html#trules
// Criteria are searched inside the database transaction, after they were locked. If another writer was first, the transaction starts again.
// docs/decisions/0011-transactions.md
import { setTimeout as delay } from 'node:timers/promises';
import { locateErrorInEntry } from '../fhir/bundle.ts';
import { type FhirError, invalid, writeContention } from '../fhir/outcome.ts';
import { findMatches, toCriteriaKey } from './conditional-match.ts';
import type { Context } from './context.ts';
import { IntegrityError } from './reference-integrity.ts';
import { requireReadScopeForTests } from './scope-filter.ts';
import { type EntryOutcome, NO_ENTRY, type TransactionEntry, toEntryError, WriteConflict, withEntryError } from './transaction-entry.ts';
import { buildLinks } from './transaction-links.ts';
import { storeTargets } from './transaction-store.ts';
import { lockTargets, readIdentity, rereadTargets, resolveTargets, type Target } from './transaction-targets.ts';

const ATTEMPTS = 10;

/** Writes all entries and then runs `after` (reads and the response), in one transaction. `done`: the outcomes by the index of the entry. */
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
    let done = new Map<number, EntryOutcome>();
    try {
      return await context.store.transaction(async (store) => {
        const inside = { ...context, store, clock: () => now };
        done = await writeEntries(inside, entries);
        return await after(inside, done);
      });
    } catch (error) {
      if (error instanceof IntegrityError) throw toIntegrityEntryError(error, done);
      if (!(error instanceof WriteConflict)) throw error;
    }
    await delay(Math.random() * 10 * attempt);
  }
  throw writeContention('other requests kept writing the same resources: try again');
}

/** The references of all entries are checked together, at the end. The error names the entry that wrote the resource. */
function toIntegrityEntryError(error: IntegrityError, done: ReadonlyMap<number, EntryOutcome>): FhirError {
  const [index] = [...done].find(([, { row }]) => row?.type === error.type && row.id === error.id) ?? [];
  return index === undefined ? error : toEntryError(error, index, error.type);
}

/** "FullUrl must be unique in a bundle": otherwise references would be ambiguous. https://hl7.org/fhir/R4/bundle.html#bdl-7 */
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
  const locked = await lockTargets(context, entries);
  const deletions = await resolveTargets(context, filterByMethod(entries, ['DELETE']), locked);
  for (const { entry, id } of deletions) claim(entry, id);
  const deleted = await storeTargets(context, deletions, undefined);
  const writes = await resolveTargets(context, filterByMethod(entries, ['POST', 'PUT', 'PATCH']), locked);
  for (const { entry, id, outcome } of writes) if (!outcome) claim(entry, id, entry.criteria);
  const current = deleted.size ? await rereadTargets(context, writes) : writes;
  const done = await storeTargets(context, current, buildLinks(writes, context.baseUrl));
  await refuseMatchesOfCreated(context, writes);
  return new Map([...deleted, ...done]);
}

const filterByMethod = (entries: TransactionEntry[], methods: string[]): TransactionEntry[] =>
  entries.filter(({ method }) => methods.includes(method));

/**
 * "If any resource identities (including resolved identities from conditional update/delete) overlap in steps 1-3, then the transaction SHALL fail."
 * Refuses (400) an id or criteria that another entry also writes. Call it when the identity of an entry is known, before that entry is stored.
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

/** Refuses an update whose criteria match a resource that the same transaction creates, because the result would depend on the order of the entries. */
async function refuseMatchesOfCreated(context: Context, writes: Target[]): Promise<void> {
  const createdUrls = new Set(
    writes.flatMap(({ entry, id, outcome }) => (entry.method === 'POST' && !outcome ? `${entry.type}/${id}` : [])),
  );
  const types = new Set(writes.filter(({ entry }) => entry.method === 'POST').map(({ entry }) => entry.type));
  for (const { entry } of writes) {
    const { type, method, criteria } = entry;
    if (method === 'POST' || criteria === undefined || !types.has(type)) continue;
    const rows = await findMatches(context, type, { criteria, count: 20 });
    if (rows.some((row) => createdUrls.has(`${row.type}/${row.id}`)))
      throw locateErrorInEntry(invalid('the criteria match a resource that another entry of this transaction creates'), entry.index);
  }
}

/** Executes one conditional write. If several resources match: 412. Empty criteria or unknown parameters are refused (400); they never match all resources. */
export async function writeConditionally(
  context: Context,
  entry: Omit<TransactionEntry, 'index'> & { criteria: string },
): Promise<EntryOutcome> {
  const done = await executeTransaction(context, [{ ...entry, index: NO_ENTRY }], async (_inside, all) => all);
  return done.get(NO_ENTRY)!;
}
