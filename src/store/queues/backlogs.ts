// Queries for operators and metrics: lists of outbox entries and failed polls, and the number and age of waiting messages.
import type { Knex } from 'knex';
import type { Database } from '../database/database.ts';
import { queryBuilder, runQuery } from '../database/query-builder.ts';
import type { InboxEvent } from './inbox.ts';
import { OUTBOX_COLUMNS } from './outbox.ts';
import type { OutboxEntry, OutboxState } from './outbox-entry.ts';
import { TRACKED_ORDER_COLUMNS, type TrackedOrder } from './tracked-orders.ts';

/** Filters of the list. Without a filter, all entries of the topic are listed. */
interface OutboxFilter {
  topic: string | string[];
  tenant?: number;
  account?: number;
  subject?: string;
  states?: OutboxState[];
  /** Created before this time. */
  before?: string;
  /** Only entries after this one, in the order of the list. */
  after?: Pick<OutboxEntry, 'createdAt' | 'id'> | undefined;
  limit: number;
}

/** The unfinished entries of an account and topic in one state, and when the oldest was created. `account`: the name; null: the account of the environment. */
interface OutboxBacklog {
  account: string | null;
  topic: string;
  state: OutboxState;
  count: number;
  oldest: string;
}

const COUNT = queryBuilder.raw('count(*)::int as count');

/** Outbox entries, oldest first. */
export function listOutbox(
  database: Database,
  { topic, tenant, account, subject, states, before, after, limit }: OutboxFilter,
): Promise<OutboxEntry[]> {
  const entries = queryBuilder('outbox as o').select(queryBuilder.raw(OUTBOX_COLUMNS)).whereIn('topic', [topic].flat());
  if (tenant !== undefined) entries.where('tenant_id', tenant);
  if (account !== undefined) entries.where('account_id', account);
  if (subject !== undefined) entries.where('subject', subject);
  if (states) entries.whereIn('state', states);
  if (before !== undefined) entries.where('created_at', '<', before);
  if (after) entries.whereRaw('(created_at, id) > (?, ?)', [after.createdAt, after.id]);
  return runQuery(database, entries.orderBy(['created_at', 'id']).limit(limit));
}

/** An entry of the tenant by its id. */
export async function findOutboxEntry(database: Database, tenant: number, id: string): Promise<OutboxEntry | undefined> {
  const entries = queryBuilder('outbox as o').select(queryBuilder.raw(OUTBOX_COLUMNS)).where({ tenant_id: tenant, id });
  return (await runQuery<OutboxEntry>(database, entries))[0];
}

/** A webhook about an order at the lab network. */
type ReceivedWebhook = Pick<InboxEvent, 'type' | 'subject' | 'receivedAt' | 'state' | 'lastError'>;

/** The newest webhooks about these orders, oldest first. `tenants`: those of the accounts that received them. */
export async function listWebhooks(
  database: Database,
  { tenants, subjects, limit }: { tenants: number[]; subjects: string[]; limit: number },
): Promise<ReceivedWebhook[]> {
  const webhooks = queryBuilder('webhook_inbox')
    .select('type', 'subject', 'received_at as receivedAt', 'state', 'last_error as lastError')
    .whereIn('tenant_id', tenants)
    .whereIn('subject', subjects)
    .orderBy('received_at', 'desc')
    .limit(limit);
  return subjects.length ? (await runQuery<ReceivedWebhook>(database, webhooks)).reverse() : [];
}

export const readOutboxBacklog = (database: Database): Promise<OutboxBacklog[]> =>
  runQuery(
    database,
    queryBuilder('outbox as o')
      .leftJoin('lab_account as a', 'a.account_id', 'o.account_id')
      .select('a.name as account', 'o.topic', 'o.state', COUNT)
      .min('o.created_at as oldest')
      .whereIn('o.state', ['queued', 'sending', 'unknown', 'parked'])
      .groupBy('a.name', 'o.topic', 'o.state')
      .orderBy(['a.name', 'o.topic', 'o.state']),
  );

/** Tracked orders whose last poll failed and that will be polled again. */
const selectFailedPolls = (): Knex.QueryBuilder => queryBuilder('placed_order as o').whereNotNull('next_at').whereNotNull('last_error');

/** Orders whose last poll failed, oldest order first. */
export function listFailedPolls(database: Database, { tenant, limit }: { tenant?: number; limit: number }): Promise<TrackedOrder[]> {
  const orders = selectFailedPolls().select(queryBuilder.raw(TRACKED_ORDER_COLUMNS)).orderBy(['ordered_at', 'order_id']).limit(limit);
  if (tenant !== undefined) orders.where('tenant_id', tenant);
  return runQuery(database, orders);
}

export async function countFailedPolls(database: Database): Promise<number> {
  const [counted] = await runQuery<{ count: number }>(database, selectFailedPolls().select(COUNT));
  return counted!.count;
}

/** `oldestEvent`: when the oldest unprocessed event of an order arrived. `oldestPoll`: when the first poll without an event is due. Null if there is none. */
interface PollBacklog {
  oldestEvent: string | null;
  oldestPoll: string | null;
}

/** For each account, each subquery reads the beginning of its own index. */
const POLL_BACKLOG = `select min(event.at) as "oldestEvent", min(poll.at) as "oldestPoll"
  from (select 0 as id union all select account_id from lab_account) account,
    lateral (select min(news_at) as at from placed_order o where o.account_id = account.id and news_at is not null) event,
    lateral (select min(next_at) as at from placed_order o where o.account_id = account.id and next_at is not null and news_at is null) poll`;
/** Citus evaluates no lateral query for each row: all tracked orders are read. */
const POLL_BACKLOG_ON_CITUS = `select min(news_at) as "oldestEvent", min(next_at) filter (where news_at is null) as "oldestPoll" from placed_order`;

export async function readPollBacklog(database: Database): Promise<PollBacklog> {
  return (await database.query<PollBacklog>(database.isDistributed() ? POLL_BACKLOG_ON_CITUS : POLL_BACKLOG))[0]!;
}

/** The number of unprocessed webhooks. `new`: not tried yet. `retry`: tried, but the order is unknown or could not be read. */
export async function countOpenWebhooks(database: Database): Promise<{ new: number; retry: number }> {
  const open = queryBuilder('webhook_inbox').select('state', COUNT).whereIn('state', ['new', 'retry']).groupBy('state');
  const counts = await runQuery<{ state: 'new' | 'retry'; count: number }>(database, open);
  return { new: 0, retry: 0, ...Object.fromEntries(counts.map(({ state, count }) => [state, count])) };
}

/** The number of notifications that wait for delivery, and when the oldest was created (null if none waits). */
export async function readNotificationBacklog(database: Database): Promise<{ count: number; oldest: string | null }> {
  const waiting = queryBuilder('notification').select(COUNT).min('created_at as oldest');
  return (await runQuery<{ count: number; oldest: string | null }>(database, waiting))[0]!;
}

/** The messages of an account that are not finished. Times are ISO 8601, null if there is none. */
export interface AccountBacklog {
  account: number;
  waiting: number;
  sending: number;
  parked: number;
  /** When the oldest waiting or sending message was created. */
  oldest: string | null;
  /** Of the waiting messages: how many failed at their last attempt, the most frequent reason, and when the first of their failures was. */
  failing: number;
  reason: string | null;
  failingSince: string | null;
  /** Whether the lab network has accepted a message of the account since then. */
  acceptedSince: boolean;
}

/** A message that was accepted after a failure was created at most this long before. */
const ACCEPTED_SINCE = `exists (select 1 from outbox d where d.topic = any($1::text[]) and d.account_id = b.account and d.state = 'done'
    and d.created_at > f.since - interval '3 days' and d.done_at > f.since)`;
const ACCOUNT_BACKLOGS = `with opened as (select tenant_id, id, account_id, state, created_at, state in ('queued', 'unknown') as waits, last_error
    from outbox where topic = any($1::text[]) and state in ('queued', 'sending', 'unknown', 'parked')),
  b as (select account_id as account, count(*) filter (where waits)::int as waiting, count(*) filter (where state = 'sending')::int as sending,
      count(*) filter (where state = 'parked')::int as parked, min(created_at) filter (where state <> 'parked') as oldest,
      count(last_error) filter (where waits)::int as failing, mode() within group (order by last_error) filter (where waits) as reason
    from opened group by account_id),
  f as (select o.account_id as account, min(e.at) as since from opened o join outbox_event e on e.tenant_id = o.tenant_id and e.entry_id = o.id
    where o.waits and o.last_error is not null and e.what = 'attempt' group by o.account_id)
select b.*, f.since as "failingSince", coalesce(${ACCEPTED_SINCE}, false) as "acceptedSince" from b left join f using (account) order by account`;

/** The backlog of each account that has unfinished messages. */
export const readAccountBacklogs = (database: Database, topics: string[]): Promise<AccountBacklog[]> =>
  database.query<AccountBacklog>(ACCOUNT_BACKLOGS, [topics]);
