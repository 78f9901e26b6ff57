// The Store on a Database: each part of the contract in its own file, put together here.
import type { Database } from './database.ts';
import { idempotencyOf } from './idempotency.ts';
import { lock } from './locks.ts';
import { outboxOf } from './outbox.ts';
import { resourcesOf } from './resources.ts';
import { search } from './search.ts';
import { settingsOf } from './settings.ts';
import type { Store } from './store.ts';
import { write } from './write.ts';

/** The store of a database handle; inside a transaction, of that transaction. */
export function storeOf(database: Database): Store {
  return {
    ...resourcesOf(database),
    search: (tenant, query, start) => search(database, tenant, query, start),
    write: (tenant, changes) => write(database, tenant, changes),
    lock: (tenant, keys) => lock(database, tenant, keys),
    transaction: (work) => database.transaction((transaction) => work(storeOf(transaction))),
    idempotency: idempotencyOf(database),
    outbox: outboxOf(database),
    settings: settingsOf(database),
  };
}
