// Orders that are tracked at the lab network by polling. One worker at a time polls an order, under a lease as in the outbox. An event makes the order due,
// also during a poll. All times come from the caller.

import type { Lease } from '../../messaging/lease.ts';
import type { Database } from '../database/database.ts';

/** One order at the lab network. `orderId`, `transactionId`: the lab network's ids. `request`, `task`: ids of the ServiceRequest and the Task. */
export interface TrackedOrder {
  tenant: number;
  /** The account that the order was sent with; 0: the account of the environment. */
  account: number;
  orderId: string;
  transactionId: string | null;
  request: string;
  task: string;
  /** The version of the request that was ordered; null: unknown. If the version differs, the order belongs to a request that was deleted since. */
  version: number | null;
  /** When the order was created at the lab network. Of several orders for one request, the newest determines the status of the request. */
  orderedAt: string;
  /** The id of the newest applied event; 0 if there is none. */
  eventId: number;
  /** JSON text of the last state that was read. src/orders defines the format. */
  snapshot: string;
  /** Number of events so far. */
  eventCount: number;
  /** Number of failed polls in a row. */
  attempts: number;
  /** When the order is polled next; null: only after an event. */
  nextAt: string | null;
  leaseBy: string | null;
  lastError: string | null;
}

/** An order of the account matches if it has any of these ids. */
interface NetworkIds {
  account: number;
  orderIds?: string[];
  transactionIds?: string[];
}

/** `at`: when it is polled first; null: only after an event. */
export interface NewTrackedOrder
  extends Pick<
    TrackedOrder,
    'tenant' | 'account' | 'orderId' | 'transactionId' | 'request' | 'task' | 'version' | 'orderedAt' | 'snapshot'
  > {
  at: string | null;
}

export interface TrackedOrders {
  /** Adds orders of one tenant in one statement. Returns the ids of those that were not tracked already. */
  add(orders: NewTrackedOrder[]): Promise<Set<string>>;
  /** Finds orders of an account by the lab network's ids. */
  find(ids: NetworkIds): Promise<TrackedOrder[]>;
  /** All orders of one request, oldest first. */
  listOfRequest(request: Pick<TrackedOrder, 'tenant' | 'request' | 'version'>): Promise<TrackedOrder[]>;
  /** Makes orders due after an event; they are polled before orders that are due without an event. Returns how many of them are tracked. */
  wake(orders: Pick<TrackedOrder, 'tenant' | 'orderId'>[], at: string): Promise<number>;
  /** Those of these accounts that have an order which can be claimed. */
  findDueAccounts(accounts: number[], at: string): Promise<number[]>;
  /** Leases up to `limit` due orders of an account: orders with an event first, then those that have been due longest. */
  claim(lease: Lease & { account: number; limit: number }): Promise<TrackedOrder[]>;
  /** Stores what a poll returned, if `by` has the lease and no newer event was applied. The row stays locked until the transaction ends. */
  saveSnapshot(
    order: TrackedOrder,
    by: string,
    heard: Pick<TrackedOrder, 'eventId' | 'snapshot'> & { transactionId?: string | undefined },
  ): Promise<boolean>;
  /** Ends the lease and schedules the next poll. If an event arrived during the poll, the order is due at once. `error`: why the poll failed. */
  scheduleNextPoll(order: TrackedOrder, by: string, next: { at: string; nextAt: string | null; error?: string }): Promise<boolean>;
}

export const TRACKED_ORDER_COLUMNS = `o.tenant_id as tenant, o.account_id as account, o.order_id as "orderId", o.transaction_id as "transactionId", o.request_id as request, o.task_id as task,
  o.request_version as version, o.ordered_at as "orderedAt", o.event_id::float8 as "eventId", o.seen as snapshot, o.wakes as "eventCount", o.attempts, o.next_at as "nextAt", o.lease_by as "leaseBy",
  o.last_error as "lastError"`;
const ADD = `insert into placed_order as o (tenant_id, order_id, transaction_id, request_id, task_id, request_version, ordered_at, seen, next_at, account_id)
  select $1, * from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::int[], $7::timestamptz[], $8::text[], $9::timestamptz[], $10::int[])
  on conflict do nothing returning o.order_id as id`;
const FIND = `select ${TRACKED_ORDER_COLUMNS} from placed_order o
  where o.account_id = $3 and (o.order_id = any($1::text[]) or o.transaction_id = any($2::text[])) order by o.ordered_at, o.order_id`;
const OF_REQUEST = `select ${TRACKED_ORDER_COLUMNS} from placed_order o where o.tenant_id = $1 and o.request_id = $2
  and o.request_version is not distinct from $3 order by o.ordered_at, o.order_id`;
const WAKE = `update placed_order o set wakes = o.wakes + 1, attempts = 0, news_at = coalesce(o.news_at, $3), next_at = least(o.next_at, $3)
  where (o.tenant_id, o.order_id) in (select * from unnest($1::int[], $2::text[])) returning o.order_id`;
const FREE = '(o.next_at <= $2 and (o.lease_until is null or o.lease_until <= $2))';
const DUE = `(o.account_id = $5 and ${FREE})`;
/** For each account one look into each of its indexes. The order makes the planner read them. */
const DUE_ACCOUNTS = `select given.account from unnest($1::int[]) as given(account), lateral (
    (select 1 from placed_order o where o.account_id = given.account and o.news_at is not null and ${FREE} order by o.news_at limit 1)
    union all
    (select 1 from placed_order o where o.account_id = given.account and ${FREE} order by o.next_at limit 1) limit 1) due`;
const DUE_ACCOUNTS_ON_CITUS = `select distinct o.account_id as account from placed_order o where o.account_id = any($1::int[]) and ${FREE}`;
const TOLD = `select o.tenant_id, o.order_id, 1 as lane from placed_order o where o.news_at is not null and ${DUE} order by o.news_at limit $4`;
const MERELY_DUE = `select o.tenant_id, o.order_id, 2 as lane from placed_order o where o.news_at is null and ${DUE} order by o.next_at limit $4`;
/** The subquery only selects candidates. If two workers select the same row, the second finds the lease of the first when PostgreSQL tests `DUE` again, `coalesce` as in outbox.ts. */
const CLAIM = `update placed_order o set lease_by = $1, lease_until = $3 from ((${TOLD}) union all (${MERELY_DUE}) order by lane limit $4) due
  where o.tenant_id = due.tenant_id and o.order_id = due.order_id and coalesce(${DUE}, false) returning ${TRACKED_ORDER_COLUMNS}`;
const MINE = 'o.tenant_id = $1 and o.order_id = $2 and o.lease_by = $3';
const ADVANCE = `update placed_order o set event_id = $4, seen = $5, transaction_id = coalesce($6, o.transaction_id)
  where ${MINE} and o.event_id <= $4 returning o.order_id`;
const SETTLE = `update placed_order o set next_at = case when o.wakes > $4 then $5 else $6::timestamptz end, last_error = $7,
    news_at = case when o.wakes > $4 then $5::timestamptz end,
    attempts = case when $7::text is null or o.wakes > $4 then 0 else o.attempts + 1 end, lease_by = null, lease_until = null
  where ${MINE} returning o.order_id`;

export function createTrackedOrders(database: Database): TrackedOrders {
  const changed = async (sql: string, parameters: unknown[]): Promise<number> => (await database.query(sql, parameters)).length;
  return {
    add: (orders) => addTrackedOrders(database, orders),
    find: ({ account, orderIds = [], transactionIds = [] }) => database.query<TrackedOrder>(FIND, [orderIds, transactionIds, account]),
    listOfRequest: ({ tenant, request, version }) => database.query<TrackedOrder>(OF_REQUEST, [tenant, request, version]),
    wake: (orders, at) =>
      orders.length === 0
        ? Promise.resolve(0)
        : changed(WAKE, [orders.map(({ tenant }) => tenant), orders.map(({ orderId }) => orderId), at]),
    findDueAccounts: async (accounts, at) => {
      if (accounts.length === 0) return [];
      const sql = database.isDistributed() ? DUE_ACCOUNTS_ON_CITUS : DUE_ACCOUNTS;
      return (await database.query<{ account: number }>(sql, [accounts, at])).map(({ account }) => account);
    },
    claim: ({ by, at, until, account, limit }) => database.query<TrackedOrder>(CLAIM, [by, at, until, limit, account]),
    saveSnapshot: async ({ tenant, orderId }, by, { eventId, snapshot, transactionId }) =>
      (await changed(ADVANCE, [tenant, orderId, by, eventId, snapshot, transactionId ?? null])) > 0,
    scheduleNextPoll: async ({ tenant, orderId, eventCount }, by, { at, nextAt, error }) =>
      (await changed(SETTLE, [tenant, orderId, by, eventCount, at, nextAt, error ?? null])) > 0,
  };
}

async function addTrackedOrders(database: Database, orders: NewTrackedOrder[]): Promise<Set<string>> {
  const [first] = orders;
  if (!first) return new Set();
  const columns = [
    orders.map(({ orderId }) => orderId),
    orders.map(({ transactionId }) => transactionId),
    orders.map(({ request }) => request),
    orders.map(({ task }) => task),
    orders.map(({ version }) => version),
    orders.map(({ orderedAt }) => orderedAt),
    orders.map(({ snapshot }) => snapshot),
    orders.map(({ at }) => at),
    orders.map(({ account }) => account),
  ];
  return new Set((await database.query<{ id: string }>(ADD, [first.tenant, ...columns], 'order-track')).map(({ id }) => id));
}
