// The Store on a Database. Each part of the contract has its own file.
import type { Query } from '../fhir/search/query.ts';
import { type ServedType, TYPE_NUMBERS } from '../fhir/types.ts';
import { deleteExpiredTokens } from './access-tokens.ts';
import type { ClientRequest, Database } from './database/database.ts';
import { type LockBatch, lockKeys, pruneLocks } from './database/locks.ts';
import { createSharedStatements, type Reader, type RunShared, SharingReader } from './database/shared-statements.ts';
import { createStatisticsUpdate, type NoteWrites } from './database/statistics.ts';
import { createDefinitions } from './definitions.ts';
import { createIdempotencyKeys } from './idempotency-keys.ts';
import { createInbox } from './queues/inbox.ts';
import { createNetworkInsurances } from './queues/network-insurances.ts';
import { createOutbox } from './queues/outbox.ts';
import { createSubscriptions } from './queues/subscriptions.ts';
import { createTrackedOrders } from './queues/tracked-orders.ts';
import { createReindexing } from './reindexing.ts';
import { createGroupedWrites, type WriteGrouped } from './resources/grouped-writes.ts';
import { countHistory, type HistoryQuery, type HistorySpan, readHistory } from './resources/history.ts';
import {
  type LockedRows,
  lockReferenced,
  readCurrent,
  readForUpdate,
  readMany,
  readVersion,
  readVersions,
  wasDeletedSince,
} from './resources/read.ts';
import type { ResourceChange } from './resources/resource-change.ts';
import { writeChanges } from './resources/write.ts';
import { explainSearch } from './search/explain.ts';
import { type LatestRanking, readLatest } from './search/latest.ts';
import type { PageStart } from './search/page.ts';
import { findMentions, findReferrers, type TextSearch } from './search/referrers.ts';
import { search, searchBodies, searchVersions } from './search/search.ts';
import { createSettings } from './settings.ts';
import type { Store, TenantStore, WriteGuard } from './store.ts';

interface Stores {
  /** The store for the server's own work. */
  store: Store;
  /** The store for one request. Without a request, the store for the server's own work. `guard`: checks the writes of the request. */
  forRequest(caller: { tenant: number }, request?: ClientRequest, guard?: WriteGuard): TenantStore;
}

/** `background`: a handle of the same database, for work that no caller waits for. `guard`: checks the server's own writes. */
export function createStores(database: Database, background = database, guard?: WriteGuard): Stores {
  const wrote = createStatisticsUpdate(background);
  const store = new SqlStore(database, wrote, guard && { check: guard });
  const groups = {
    share: createSharedStatements(
      (tenant, signal) => database.forRequest(tenant, { safe: true, hasBegun: true, ...(signal && { signal }) }),
      database.maxWaitMs,
    ),
    write: createGroupedWrites((tenant) => database.forRequest(tenant, { safe: false, hasBegun: true }), database.maxWaitMs),
  };
  return {
    store,
    forRequest: ({ tenant }, request, own) =>
      request ? new SqlStore(database.forRequest(tenant, request), wrote, own && { check: own }, { tenant, ...groups }) : store,
  };
}

export const createStore = (database: Database, guard?: WriteGuard): Store => createStores(database, database, guard).store;

/** `written`: the writes that `check` sees at the end of the transaction. Absent outside of a transaction. */
interface Guard {
  check: WriteGuard;
  written?: { tenant: number; change: ResourceChange }[];
}

/**
 * What the requests of a tenant do together. A statement for another tenant would be a fault: it is left to the handle of the request, because with the wall between
 * tenants the database hides the rows of others from it.
 */
interface Grouped {
  tenant: number;
  share: RunShared;
  write: WriteGrouped;
}

/** The store of a database handle. On the handle of a transaction, it joins that transaction. It is a class so that creating one for each request is cheap. */
class SqlStore implements Store {
  private readonly database: Database;
  private readonly onWrites: NoteWrites;
  private readonly guard: Guard | undefined;
  private readonly grouped: Grouped | undefined;

  /** `wrote` is called with the types of applied changes. `grouped`: absent inside a transaction. */
  constructor(database: Database, wrote: NoteWrites, guard?: Guard, grouped?: Grouped) {
    this.database = database;
    this.onWrites = wrote;
    this.guard = guard;
    this.grouped = grouped;
  }

  isDistributed() {
    return this.database.isDistributed();
  }

  read(tenant: number, type: ServedType, id: string) {
    return readCurrent(this.reader(tenant), tenant, type, id);
  }

  /** Citus routes a statement by its text alone, which the shared texts have not been tried with. */
  private reader(tenant: number): Reader {
    const { database, grouped } = this;
    return grouped?.tenant === tenant && !database.isDistributed() ? new SharingReader(database, tenant, grouped.share) : database;
  }

  readMany(tenant: number, targets: Parameters<Store['readMany']>[1], maxBytes?: number) {
    return readMany(this.database, tenant, targets, maxBytes);
  }

  readVersion(tenant: number, type: ServedType, id: string, version: number) {
    return readVersion(this.reader(tenant), tenant, type, id, version);
  }

  readVersions(tenant: number, type: ServedType, id: string, page: { count: number; before?: number }) {
    return readVersions(this.reader(tenant), tenant, type, id, page);
  }

  wasDeletedSince(tenant: number, type: ServedType, id: string, version: number) {
    return wasDeletedSince(this.database, tenant, type, id, version);
  }

  readHistory(tenant: number, page: HistoryQuery) {
    return readHistory(this.reader(tenant), tenant, page);
  }

  countHistory(tenant: number, span: HistorySpan) {
    return countHistory(this.database, tenant, span);
  }

  searchVersions(tenant: number, query: Query, start?: PageStart) {
    return searchVersions(this.reader(tenant), tenant, query, start);
  }

  search(tenant: number, query: Query, start?: PageStart) {
    return search(this.reader(tenant), tenant, query, start);
  }

  searchBodies(tenant: number, query: Query, start?: PageStart) {
    return searchBodies(this.reader(tenant), tenant, query, start);
  }

  explainSearch(tenant: number, query: Query, start?: PageStart) {
    return explainSearch(this.database, tenant, query, start);
  }

  readLatest(tenant: number, query: Query, ranking: LatestRanking) {
    return readLatest(this.database, tenant, query, ranking);
  }

  findReferrers(tenant: number, which: Parameters<Store['findReferrers']>[1]) {
    return findReferrers(this.database, tenant, which);
  }

  findMentions(tenant: number, search: TextSearch) {
    return findMentions(this.database, tenant, search);
  }

  async write(tenant: number, changes: ResourceChange[]): Promise<number> {
    if (this.guard && !this.guard.written) return this.transaction((inside) => inside.write(tenant, changes));
    if (this.guard) await this.lockDeleted(tenant, changes);
    const applied = await this.apply(tenant, changes);
    // after a conflict, the caller rolls back or tries again
    if (applied < changes.length) return applied;
    this.onWrites(changes.map(({ type }) => TYPE_NUMBERS[type]));
    for (const change of changes) this.guard?.written?.push({ tenant, change });
    return applied;
  }

  private apply(tenant: number, changes: ResourceChange[]): Promise<number> {
    const { database, grouped } = this;
    const [first, ...others] = changes;
    if (!first || others.length || grouped?.tenant !== tenant || !this.isGrouped(first)) return writeChanges(database, tenant, changes);
    return database.share((signal) => grouped.write(tenant, first, signal));
  }

  /** Creations with a new id, and updates. Citus cannot lock rows inside a statement that writes others (docs/decisions/0002-database-engines.md). */
  private isGrouped({ index, previous, method }: ResourceChange): boolean {
    if (!index) return false;
    return previous === undefined ? method === 'POST' : !this.database.isDistributed();
  }

  lockReferenced(tenant: number, targets: { type: ServedType; id: string }[]) {
    return lockReferenced(this.database, tenant, targets);
  }

  readForUpdate(tenant: number, targets: { type: ServedType; id: string }[], lockedRows?: LockedRows) {
    return readForUpdate(this.database, tenant, targets, lockedRows);
  }

  lockKeys(tenant: number, keys: string[]) {
    return lockKeys(this.database, tenant, keys);
  }

  deleteExpiredTokens(at: string, limit: number) {
    return deleteExpiredTokens(this.database, at, limit);
  }

  pruneLocks(tenant: number, which: LockBatch) {
    return pruneLocks(this.database, tenant, which);
  }

  /**
   * Locks the rows before this transaction deletes them. PostgreSQL does not see the lock that another transaction took with `lockReferenced` on the row
   * version that the deletion makes.
   */
  private lockDeleted(tenant: number, changes: ResourceChange[]) {
    return this.readForUpdate(
      tenant,
      changes.filter(({ body }) => body === null),
    );
  }

  async transaction<T>(work: (store: Store) => Promise<T>, { guardWaitMs }: { guardWaitMs?: number } = {}): Promise<T> {
    let written: number[] = [];
    const noteWrites: NoteWrites = (types) => {
      written = written.concat(types);
    };
    const result = await this.database.transaction(async (transaction) => {
      written = [];
      const guard = this.guard && { written: [], ...this.guard };
      const inside = new SqlStore(transaction, noteWrites, guard);
      const done = await work(inside);
      if (guard && !this.guard?.written) {
        if (guardWaitMs !== undefined) await transaction.script(`set local lock_timeout = ${guardWaitMs}`);
        await checkWrites(guard, inside);
      }
      return done;
    });
    this.onWrites(written);
    return result;
  }

  async rehearse<T>(work: (store: Store) => Promise<T>): Promise<T> {
    let result: { done: T } | undefined;
    const rollback = new Error('rolled back');
    try {
      await this.database.transaction(async (transaction) => {
        const guard = this.guard && { ...this.guard, written: [] };
        const inside = new SqlStore(transaction, () => {}, guard);
        result = { done: await work(inside) };
        if (guard) await checkWrites(guard, inside);
        // only an error rolls a transaction back
        throw rollback;
      });
    } catch (error) {
      if (error !== rollback) throw error;
    }
    return result!.done;
  }

  get idempotencyKeys() {
    return createIdempotencyKeys(this.database);
  }

  get outbox() {
    return createOutbox(this.database);
  }

  get inbox() {
    return createInbox(this.database);
  }

  get trackedOrders() {
    return createTrackedOrders(this.database);
  }

  get networkInsurances() {
    return createNetworkInsurances(this.database);
  }

  get settings() {
    return createSettings(this.database);
  }

  get definitions() {
    return createDefinitions(this.database);
  }

  get reindexing() {
    return createReindexing(this.database);
  }

  get subscriptions() {
    return createSubscriptions(this.database);
  }
}

/** Checks the last change of each resource. */
async function checkWrites({ check, written = [] }: Guard, store: Store): Promise<void> {
  for (const [tenant, writes] of Map.groupBy(written, (write) => write.tenant)) {
    const last = new Map(writes.map(({ change }) => [`${change.type}/${change.id}`, change]));
    await check(store, tenant, [...last.values()]);
  }
}
