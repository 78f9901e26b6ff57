// The Store on a Database: each part of the contract in its own file, put together here.
import type { ClientRequest, Database } from './database.ts';

import { definitionsOf } from './definitions.ts';
import { explain } from './explain.ts';

import { hold } from './held-rows.ts';
import { idempotencyOf } from './idempotency.ts';
import { inboxOf } from './inbox.ts';
import { upkeepOf } from './index-upkeep.ts';
import { lock, pruneLocks } from './locks.ts';
import { outboxOf } from './outbox.ts';
import { placedOrdersOf } from './placed-orders.ts';
import { resourcesOf } from './resources.ts';
import { search, texts } from './search.ts';
import { settingsOf } from './settings.ts';
import { statisticsOf } from './statistics.ts';
import type { Store } from './store.ts';
import { subscriptionsOf } from './subscriptions.ts';
import { timeline } from './timeline.ts';
import { write } from './write.ts';

interface Stores {
  /** The server's own. */
  store: Store;
  /** One request's; without a request, the server's own. */
  stores(caller: { tenant: number }, request?: ClientRequest): Store;
}

/** The stores of a database. `background`: the same database, for work that no caller waits for. */
export function storesIn(database: Database, background = database): Stores {
  const wrote = statisticsOf(background);
  const store = storeWith(database, wrote);
  return { store, stores: ({ tenant }, request) => (request ? storeWith(database.forRequest(tenant, request), wrote) : store) };
}

/** The store of a database handle. */
export const storeOf = (database: Database): Store => storesIn(database).store;

function storeWith(database: Database, wrote: (count: number) => void): Store {
  return storeOn(database, wrote, async (work) => {
    let written = 0;
    const answer = await database.transaction((transaction) => {
      written = 0;
      return work(storeOn(transaction, (count) => (written += count)));
    });
    wrote(written);
    return answer;
  });
}

/**
 * The store of a handle, also of a transaction's, which it then joins. `wrote` hears how many changes were applied. Each request has one: the parts that few
 * requests use are made when they are asked for.
 */
function storeOn(
  database: Database,
  wrote: (count: number) => void,
  transact: Store['transaction'] = (work) => database.transaction((transaction) => work(storeOn(transaction, wrote))),
): Store {
  return {
    ...resourcesOf(database),
    distributed: () => database.distributed(),
    timeline: (tenant, span) => timeline(database, tenant, span),
    search: (tenant, query, start) => search(database, tenant, query, start),
    texts: (tenant, query, start) => texts(database, tenant, query, start),
    explain: (tenant, query, start) => explain(database, tenant, query, start),
    write: async (tenant, changes) => {
      const applied = await write(database, tenant, changes);
      wrote(applied);
      return applied;
    },
    hold: (tenant, wanted) => hold(database, tenant, wanted),
    lock: (tenant, keys) => lock(database, tenant, keys),
    pruneLocks: (tenant, which) => pruneLocks(database, tenant, which),
    transaction: transact,
    get idempotency() {
      return idempotencyOf(database);
    },
    get outbox() {
      return outboxOf(database);
    },
    get inbox() {
      return inboxOf(database);
    },
    get placedOrders() {
      return placedOrdersOf(database);
    },
    get settings() {
      return settingsOf(database);
    },
    get definitions() {
      return definitionsOf(database);
    },
    get upkeep() {
      return upkeepOf(database);
    },
    get subscriptions() {
      return subscriptionsOf(database);
    },
  };
}
