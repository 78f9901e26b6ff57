// The Store on a Database: each part of the contract in its own file, put together here.
import type { Database } from './database.ts';
import { resourcesOf } from './resources.ts';
import type { Store } from './store.ts';
import { write } from './write.ts';

/** The store of a database handle; inside a transaction, of that transaction. */
export function storeOf(database: Database): Store {
  return {
    ...resourcesOf(database),
    write: (tenant, changes) => write(database, tenant, changes),
    transaction: (work) => database.transaction((transaction) => work(storeOf(transaction))),
  } as Store;
}
