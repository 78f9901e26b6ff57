// A store that reports the resources it returns and writes, for the audit. Every interaction reaches the data through it.
import type { AccessedRow } from './database/database.ts';
import type { TenantStore } from './store.ts';

/** Reports the rows of the methods that interactions read and write resources with; all else is the store's own. */
export const observeStore = (store: TenantStore, onAccess: (row: AccessedRow) => void): TenantStore => new ObservedStore(store, onAccess);

type Call<Method extends keyof TenantStore> = TenantStore[Method] extends (...call: infer Parameters) => unknown ? Parameters : never;

/** A class, because one is created for each request. It names every method, so that a new method of the store does not compile until it is added here. */
class ObservedStore implements TenantStore {
  private readonly store: TenantStore;
  private readonly onAccess: (row: AccessedRow) => void;

  constructor(store: TenantStore, onAccess: (row: AccessedRow) => void) {
    this.store = store;
    this.onAccess = onAccess;
  }

  async read(...call: Call<'read'>) {
    return this.reportOne(await this.store.read(...call));
  }

  async readMany(...call: Call<'readMany'>) {
    return this.report(await this.store.readMany(...call));
  }

  async readVersion(...call: Call<'readVersion'>) {
    return this.reportOne(await this.store.readVersion(...call));
  }

  async readVersions(...call: Call<'readVersions'>) {
    return this.report(await this.store.readVersions(...call));
  }

  async readHistory(...call: Call<'readHistory'>) {
    return this.report(await this.store.readHistory(...call));
  }

  async readLatest(...call: Call<'readLatest'>) {
    const latest = await this.store.readLatest(...call);
    for (const { row } of latest) this.onAccess(row);
    return latest;
  }

  async searchVersions(...call: Call<'searchVersions'>) {
    return this.reportPage(await this.store.searchVersions(...call));
  }

  async search(...call: Call<'search'>) {
    return this.reportPage(await this.store.search(...call));
  }

  async searchBodies(...call: Call<'searchBodies'>) {
    return this.reportPage(await this.store.searchBodies(...call));
  }

  async explainSearch(...call: Call<'explainSearch'>) {
    const explained = await this.store.explainSearch(...call);
    this.reportPage(explained.page);
    return explained;
  }

  write(...call: Call<'write'>) {
    this.report(call[1]);
    return this.store.write(...call);
  }

  transaction<T>(work: (store: TenantStore) => Promise<T>, options?: { guardWaitMs?: number }): Promise<T> {
    return this.store.transaction((inside) => work(new ObservedStore(inside, this.onAccess)), options);
  }

  rehearse<T>(work: (store: TenantStore) => Promise<T>): Promise<T> {
    return this.store.rehearse((inside) => work(new ObservedStore(inside, this.onAccess)));
  }

  readForUpdate(...call: Call<'readForUpdate'>) {
    return this.store.readForUpdate(...call);
  }

  lockReferenced(...call: Call<'lockReferenced'>) {
    return this.store.lockReferenced(...call);
  }

  wasDeletedSince(...call: Call<'wasDeletedSince'>) {
    return this.store.wasDeletedSince(...call);
  }

  countHistory(...call: Call<'countHistory'>) {
    return this.store.countHistory(...call);
  }

  findReferrers(...call: Call<'findReferrers'>) {
    return this.store.findReferrers(...call);
  }

  findMentions(...call: Call<'findMentions'>) {
    return this.store.findMentions(...call);
  }

  lockKeys(...call: Call<'lockKeys'>) {
    return this.store.lockKeys(...call);
  }

  pruneLocks(...call: Call<'pruneLocks'>) {
    return this.store.pruneLocks(...call);
  }

  get outbox() {
    return this.store.outbox;
  }

  get trackedOrders() {
    return this.store.trackedOrders;
  }

  get idempotencyKeys() {
    return this.store.idempotencyKeys;
  }

  get networkInsurances() {
    return this.store.networkInsurances;
  }

  get definitions() {
    return this.store.definitions;
  }

  get reindexing() {
    return this.store.reindexing;
  }

  get subscriptions() {
    return this.store.subscriptions;
  }

  private reportOne<R extends AccessedRow | undefined>(row: R): R {
    if (row) this.onAccess(row);
    return row;
  }

  private report<R extends AccessedRow[]>(rows: R): R {
    for (const row of rows) this.onAccess(row);
    return rows;
  }

  private reportPage<P extends { rows: AccessedRow[]; included?: AccessedRow[] }>(page: P): P {
    this.report(page.rows);
    this.report(page.included ?? []);
    return page;
  }
}
