// The Store on a Database: each part of the contract in its own file, put together here.
import type { Query } from '../fhir/search/query.ts';
import type { ServedType } from '../fhir/types.ts';
import type { ClientRequest, Database } from './database/database.ts';
import { type LocksToPrune, lock, pruneLocks } from './database/locks.ts';
import { statisticsOf } from './database/statistics.ts';
import { definitionsOf } from './definitions.ts';
import { idempotencyOf } from './idempotency-keys.ts';
import { upkeepOf } from './index-upkeep.ts';
import { inboxOf } from './queues/inbox.ts';
import { outboxOf } from './queues/outbox.ts';
import { placedOrdersOf } from './queues/placed-orders.ts';
import { subscriptionsOf } from './queues/subscriptions.ts';
import type { Change } from './resources/change.ts';
import { hold } from './resources/locked-rows.ts';
import { deletedSince, history, read, readVersion } from './resources/read.ts';
import { type Span, timeline } from './resources/timeline.ts';
import { write } from './resources/write.ts';
import { explain } from './search/explain.ts';
import type { Start } from './search/page.ts';
import { search, texts } from './search/search.ts';
import { settingsOf } from './settings.ts';
import type { Store } from './store.ts';

interface Stores {
  /** The server's own. */
  store: Store;
  /** One request's; without a request, the server's own. */
  stores(caller: { tenant: number }, request?: ClientRequest): Store;
}

/** The stores of a database. `background`: the same database, for work that no caller waits for. */
export function storesIn(database: Database, background = database): Stores {
  const wrote = statisticsOf(background);
  const store = new SqlStore(database, wrote);
  return { store, stores: ({ tenant }, request) => (request ? new SqlStore(database.forRequest(tenant, request), wrote) : store) };
}

/** The store of a database handle. */
export const storeOf = (database: Database): Store => storesIn(database).store;

/** The store of a handle, also of a transaction's, which it then joins. A class, because each request has one: making it costs nothing. */
class SqlStore implements Store {
  private readonly database: Database;
  private readonly wrote: (count: number) => void;

  /** `wrote` hears how many changes were applied. */
  constructor(database: Database, wrote: (count: number) => void) {
    this.database = database;
    this.wrote = wrote;
  }

  distributed() {
    return this.database.distributed();
  }

  read(tenant: number, type: ServedType, id: string) {
    return read(this.database, tenant, type, id);
  }

  version(tenant: number, type: ServedType, id: string, version: number) {
    return readVersion(this.database, tenant, type, id, version);
  }

  history(tenant: number, type: ServedType, id: string, page: { count: number; before?: number }) {
    return history(this.database, tenant, type, id, page);
  }

  deletedSince(tenant: number, type: ServedType, id: string, version: number) {
    return deletedSince(this.database, tenant, type, id, version);
  }

  timeline(tenant: number, span: Span) {
    return timeline(this.database, tenant, span);
  }

  search(tenant: number, query: Query, start?: Start) {
    return search(this.database, tenant, query, start);
  }

  texts(tenant: number, query: Query, start?: Start) {
    return texts(this.database, tenant, query, start);
  }

  explain(tenant: number, query: Query, start?: Start) {
    return explain(this.database, tenant, query, start);
  }

  async write(tenant: number, changes: Change[]) {
    const applied = await write(this.database, tenant, changes);
    this.wrote(applied);
    return applied;
  }

  hold(tenant: number, wanted: { type: ServedType; id: string }[]) {
    return hold(this.database, tenant, wanted);
  }

  lock(tenant: number, keys: string[]) {
    return lock(this.database, tenant, keys);
  }

  pruneLocks(tenant: number, which: LocksToPrune) {
    return pruneLocks(this.database, tenant, which);
  }

  async transaction<T>(work: (store: Store) => Promise<T>): Promise<T> {
    let written = 0;
    const answer = await this.database.transaction((transaction) => {
      written = 0;
      return work(new SqlStore(transaction, (count) => (written += count)));
    });
    this.wrote(written);
    return answer;
  }

  get idempotency() {
    return idempotencyOf(this.database);
  }

  get outbox() {
    return outboxOf(this.database);
  }

  get inbox() {
    return inboxOf(this.database);
  }

  get placedOrders() {
    return placedOrdersOf(this.database);
  }

  get settings() {
    return settingsOf(this.database);
  }

  get definitions() {
    return definitionsOf(this.database);
  }

  get upkeep() {
    return upkeepOf(this.database);
  }

  get subscriptions() {
    return subscriptionsOf(this.database);
  }
}
