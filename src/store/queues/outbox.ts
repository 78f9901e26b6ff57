// The outbox: messages to external systems. One worker at a time has the lease of a message. A lease is a column with a time, not a database lock: it works
// across tenants and nodes, and after a crash it ends at that time. All times come from the caller.

import type { Lease } from '../../messaging/lease.ts';
import type { Database } from '../database/database.ts';
import type { LeasedEntry, OutboxEntry, OutboxState } from './outbox-entry.ts';
import { buildEventRecording, listOutboxEvents, type OutboxEvent } from './outbox-events.ts';

/** `sending` reports progress and keeps the lease. Every other state ends the lease. */
export interface OutboxOutcome {
  state: OutboxState;
  at: string;
  nextAt?: string;
  error?: string;
  payload?: string;
  firstSentAt?: string;
}

export interface LeasedOutcome extends LeasedEntry {
  outcome: OutboxOutcome;
}

export interface Outbox {
  /** `nextAt`: when the entry is due. Default: at once. */
  add(
    entry: Pick<OutboxEntry, 'tenant' | 'account' | 'topic' | 'subject' | 'key' | 'payload'> & { at: string; nextAt?: string },
  ): Promise<OutboxEntry>;
  /** The newest entry about a subject. */
  findNewest(tenant: number, topic: string, subject: string): Promise<OutboxEntry | undefined>;
  /** All entries about a subject, newest first. */
  findAll(tenant: number, topic: string, subject: string): Promise<OutboxEntry[]>;
  /** Whether an entry of this account and topic was added since then and is done. */
  hasDoneSince(account: number, topic: string, since: string): Promise<boolean>;
  /** The entries of this account with these keys: a message from an external system contains the key, but not the tenant. */
  findByKeys(account: number, keys: string[]): Promise<OutboxEntry[]>;
  /** Those of these accounts that have an entry which can be claimed. `dueAt`: entries that are due at this time. `at`: now, for expired leases. */
  findDueAccounts(accounts: { account: number; dueAt: string }[], topics: string[], at: string): Promise<number[]>;
  /**
   * Leases up to `limit` due entries of an account (state queued, unknown, or sending with an expired lease) and marks them sending. Commits before it
   * returns, except inside a transaction. `dueAt`: entries that are due at this time, default now. `topics`: only entries of these topics.
   */
  claim(lease: Lease & { account: number; dueAt?: string; limit: number; topics?: string[] }): Promise<OutboxEntry[]>;
  /** The number of entries of an account and of these topics that are leased now. `except`: leases that do not count. */
  countLeased(account: number, topics: string[], at: string, except?: LeasedEntry[]): Promise<number>;
  /** Makes a waiting entry due at this time, unless it is due earlier. */
  makeDue(tenant: number, id: string, nextAt: string): Promise<void>;
  /** Leases this entry even if it is not due. Returns undefined if another worker has its lease, or if it is finished. */
  claimOne(tenant: number, id: string, lease: Lease): Promise<OutboxEntry | undefined>;
  /** Records an outcome if `by` still has the lease (fencing). Returns whether it was recorded. */
  recordOutcome(entry: OutboxEntry, by: string, outcome: OutboxOutcome): Promise<boolean>;
  /** Records outcomes of entries of one tenant in one statement, each like `recordOutcome`. Returns the ids of the entries whose outcome was recorded. */
  recordOutcomes(tenant: number, outcomes: LeasedOutcome[]): Promise<Set<string>>;
  /**
   * Changes the state of an entry that is not leased. Returns false if the entry has changed since it was read. For the events: `what`, the operation, and `note`,
   * the reason that a person gave (default: `reason`, which also becomes the last error).
   */
  changeState(
    entry: OutboxEntry,
    change: {
      from: OutboxState[];
      to: OutboxState;
      at: string;
      what: string;
      nextAt?: string;
      reason?: string;
      note?: string;
      payload?: string;
    },
  ): Promise<boolean>;
  /** The stored events of an entry, oldest first. */
  listEvents(entry: OutboxEntry): Promise<OutboxEvent[]>;
}

export const OUTBOX_COLUMNS = `o.tenant_id as tenant, o.id, o.account_id as account, topic, subject, key, payload, state, attempts, first_sent_at as "firstSentAt", next_at as "nextAt",
  lease_by as "leaseBy", lease_until as "leaseUntil", last_error as "lastError", created_at as "createdAt"`;
const ADD = `insert into outbox as o (tenant_id, topic, subject, key, payload, state, next_at, created_at, account_id)
  values ($1, $2, $3, $4, $5, 'queued', $7, $6, $8) returning ${OUTBOX_COLUMNS}`;
const ALL = `select ${OUTBOX_COLUMNS} from outbox o where tenant_id = $1 and topic = $2 and subject = $3 order by o.id desc`;
const FIND = `${ALL} limit 1`;
const HAS_DONE = `select id from outbox where account_id = $1 and topic = $2 and created_at >= $3 and state = 'done' limit 1`;
const WITH_KEYS = `select ${OUTBOX_COLUMNS} from outbox o where account_id = $1 and key = any($2::text[])`;

/** A leased entry stays due (`next_at` is not later than now), so that it is found again in the order of `next_at` after its lease has expired. */
const LEASE = `update outbox o set state = 'sending', attempts = o.attempts + 1, lease_by = $1, lease_until = $3, next_at = least(o.next_at, $2)`;
const RUN_OUT = "(o.state = 'sending' and o.lease_until <= $2)";
const OPEN = "o.state in ('queued', 'sending', 'unknown')";
const FREE = "(o.state <> 'sending' or o.lease_until <= $2)";
const DUE = `(o.account_id = $6 and ${OPEN} and o.next_at <= $7 and ${FREE})`;
/**
 * Reads the index of the account's due entries from its beginning, however long the queue is. `coalesce` prevents plans that first collect all entries of a topic,
 * or all due entries a second time for the outer condition, which the planner could choose with old statistics.
 * The subquery only selects candidates. A second worker that updates the same row waits for the first, finds its lease and skips the row: READ COMMITTED
 * tests the outer condition again on the changed row. https://www.postgresql.org/docs/current/transaction-iso.html#XACT-READ-COMMITTED
 */
const CLAIM = `${LEASE} from (
    select o.tenant_id, o.id from outbox o where ${DUE}
      and coalesce(o.topic = any($5), true) order by o.next_at limit $4
  ) due where o.tenant_id = due.tenant_id and o.id = due.id and coalesce(${DUE}, false) returning ${OUTBOX_COLUMNS}`;
const CLAIM_ONE = `${LEASE} where o.tenant_id = $4 and o.id = $5 and (o.state in ('queued', 'unknown', 'parked') or ${RUN_OUT}) returning ${OUTBOX_COLUMNS}`;

const COUNT_LEASED = `select count(*)::int as count from outbox o
  where o.account_id = $1 and o.state = 'sending' and o.lease_until > $2 and o.topic = any($3)
    and not exists (select from unnest($4::bigint[], $5::text[]) as except_lease(id, by) where except_lease.id = o.id and except_lease.by = o.lease_by)`;
const MAKE_DUE = `update outbox o set next_at = $3 where o.tenant_id = $1 and o.id = $2 and o.state in ('queued', 'unknown') and o.next_at > $3`;

/** For each account one look into the index of its due entries, however long the queues are. The order makes the planner read that index. */
const DUE_ACCOUNTS = `select given.account from unnest($1::int[], $3::timestamptz[]) as given(account, due_at), lateral (
    select 1 from outbox o where o.account_id = given.account and ${OPEN} and o.next_at <= given.due_at and ${FREE}
      and coalesce(o.topic = any($4), true) order by o.next_at limit 1) due`;
/** Citus evaluates no lateral query for each row: all due entries are read, and the workers therefore ask less often. */
const DUE_ACCOUNTS_ON_CITUS = `select distinct o.account_id as account from outbox o, unnest($1::int[], $3::timestamptz[]) as given(account, due_at)
  where o.account_id = given.account and ${OPEN} and o.next_at <= given.due_at and ${FREE} and coalesce(o.topic = any($4), true)`;

/** `sending` means that the first bytes were sent. */
const RECORD = `with given as (select * from
    unnest($2::bigint[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[], $7::text[], $8::text[], $9::timestamptz[], $10::boolean[])
    as g(id, by, state, at, next_at, error, payload, first_sent_at, is_finished)),
  ${buildEventRecording(
    `update outbox o set state = g.state, next_at = coalesce(g.next_at, o.next_at), last_error = g.error, payload = coalesce(g.payload, o.payload),
    first_sent_at = coalesce(o.first_sent_at, g.first_sent_at), done_at = case when g.is_finished then g.at end,
    lease_by = case when g.state = 'sending' then o.lease_by end, lease_until = case when g.state = 'sending' then o.lease_until end
  from given g where o.tenant_id = $1 and o.id = any($2::bigint[]) and o.id = g.id and o.state = 'sending' and o.lease_by = g.by`,
    { what: "'attempt'", state: 'g.state', reason: 'g.error', at: 'g.at' },
  )}`;

/** Each claim increments `attempts`. If the number is the same as when the entry was read, no worker has claimed the entry since. */
const MOVE = `with ${buildEventRecording(
  `update outbox o set state = $5, next_at = coalesce($7, o.next_at), payload = coalesce($8, o.payload), last_error = coalesce($9, o.last_error),
    done_at = case when $10 then $6::timestamptz end
  where o.tenant_id = $1 and o.id = $2 and o.attempts = $3 and o.state = any($4::text[]) and o.state <> 'sending'`,
  { what: '$11', state: '$5', reason: 'coalesce($12::text, $9)', at: '$6' },
)}`;

const FINISHED: ReadonlySet<OutboxState> = new Set(['done', 'refused', 'cancelled']);

export function createOutbox(database: Database): Outbox {
  return {
    add: async ({ tenant, account, topic, subject, key, payload, at, nextAt }) =>
      (await database.query<OutboxEntry>(ADD, [tenant, topic, subject, key, payload, at, nextAt ?? at, account]))[0]!,
    findNewest: async (tenant, topic, subject) => (await database.query<OutboxEntry>(FIND, [tenant, topic, subject], 'outbox-newest'))[0],
    findAll: (tenant, topic, subject) => database.query<OutboxEntry>(ALL, [tenant, topic, subject]),
    hasDoneSince: async (account, topic, since) => (await database.query(HAS_DONE, [account, topic, since])).length > 0,
    findByKeys: async (account, keys) => (keys.length ? database.query<OutboxEntry>(WITH_KEYS, [account, keys]) : []),
    findDueAccounts: async (accounts, topics, at) => {
      if (accounts.length === 0) return [];
      const sql = database.isDistributed() ? DUE_ACCOUNTS_ON_CITUS : DUE_ACCOUNTS;
      const parameters = [accounts.map(({ account }) => account), at, accounts.map(({ dueAt }) => dueAt), topics];
      return (await database.query<{ account: number }>(sql, parameters)).map(({ account }) => account);
    },
    claim: ({ by, at, until, account, dueAt = at, limit, topics = null }) =>
      database.query<OutboxEntry>(CLAIM, [by, at, until, limit, topics, account, dueAt]),
    countLeased: async (account, topics, at, except = []) =>
      (
        await database.query<{ count: number }>(COUNT_LEASED, [
          account,
          at,
          topics,
          except.map(({ entry }) => entry.id),
          except.map(({ by }) => by),
        ])
      )[0]!.count,
    makeDue: async (tenant, id, nextAt) => void (await database.query(MAKE_DUE, [tenant, id, nextAt])),
    claimOne: async (tenant, id, { by, at, until }) => (await database.query<OutboxEntry>(CLAIM_ONE, [by, at, until, tenant, id]))[0],
    recordOutcome: async (entry, by, outcome) => (await recordOutcomes(database, entry.tenant, [{ entry, by, outcome }])).size > 0,
    recordOutcomes: (tenant, outcomes) => recordOutcomes(database, tenant, outcomes),
    changeState: async ({ tenant, id, attempts }, { from, to, at, nextAt, payload, reason, note, what }) => {
      const texts = [nextAt ?? null, payload ?? null, reason ?? null];
      const moved = await database.query(MOVE, [tenant, id, attempts, from, to, at, ...texts, FINISHED.has(to), what, note ?? null]);
      return moved.length > 0;
    },
    listEvents: (entry) => listOutboxEvents(database, entry),
  };
}

async function recordOutcomes(database: Database, tenant: number, outcomes: LeasedOutcome[]): Promise<Set<string>> {
  if (outcomes.length === 0) return new Set();
  const columns = [
    outcomes.map(({ entry }) => entry.id),
    outcomes.map(({ by }) => by),
    outcomes.map(({ outcome }) => outcome.state),
    outcomes.map(({ outcome }) => outcome.at),
    outcomes.map(({ outcome }) => outcome.nextAt ?? null),
    outcomes.map(({ outcome }) => outcome.error ?? null),
    outcomes.map(({ outcome }) => outcome.payload ?? null),
    outcomes.map(({ outcome }) => outcome.firstSentAt ?? null),
    outcomes.map(({ outcome }) => FINISHED.has(outcome.state)),
  ];
  return new Set((await database.query<{ id: string }>(RECORD, [tenant, ...columns], 'outbox-record')).map(({ id }) => id));
}
