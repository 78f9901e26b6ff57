// The outbox: messages to external systems, each leased by one worker at a time. A lease is a column with a time, not a lock: after a crash it ends at that
// time, and it works across tenants and nodes. All times come from the caller.

import type { Lease } from '../../messaging/lease.ts';
import type { Database } from '../database/database.ts';
import type { OutboxEntry, OutboxState } from './outbox-entry.ts';
import { buildEventRecording, listOutboxEvents, type OutboxEvent } from './outbox-events.ts';

export interface Outbox {
  /** `nextAt`: due then, and not at once. */
  add(entry: Pick<OutboxEntry, 'tenant' | 'topic' | 'subject' | 'key' | 'payload'> & { at: string; nextAt?: string }): Promise<OutboxEntry>;
  /** The newest entry about a subject. */
  findNewest(tenant: number, topic: string, subject: string): Promise<OutboxEntry | undefined>;
  /** All entries about a subject, newest first. */
  findAll(tenant: number, topic: string, subject: string): Promise<OutboxEntry[]>;
  /** Whether an entry of the topic that was added since then, of any tenant, is done. */
  hasDoneSince(topic: string, since: string): Promise<boolean>;
  /** The entries with these keys, of any tenant: an answer from outside names a key, not a tenant. */
  findByKeys(keys: string[]): Promise<OutboxEntry[]>;
  /**
   * Leases up to `limit` due entries of any tenant (state queued, unknown, or sending with its lease run out) and marks them sending; committed before
   * it answers. `topics`: only these.
   */
  claim(lease: Lease & { limit: number; topics?: string[] }): Promise<OutboxEntry[]>;
  /** Leases this entry now, due or not, unless another worker has its lease or it is finished. */
  claimOne(tenant: number, id: string, lease: Lease): Promise<OutboxEntry | undefined>;
  /** Records an outcome, only while `by` still holds the lease (fencing); answers whether it did. */
  recordOutcome(
    entry: OutboxEntry,
    by: string,
    outcome: { state: OutboxState; at: string; nextAt?: string; error?: string; payload?: string; firstSentAt?: string },
  ): Promise<boolean>;
  /** Changes the state of an entry that is not leased. False: it has changed since it was read. `what`: the operation, for its events. */
  changeState(
    entry: OutboxEntry,
    change: { from: OutboxState[]; to: OutboxState; at: string; what: string; nextAt?: string; reason?: string; payload?: string },
  ): Promise<boolean>;
  /** The events of an entry, oldest first, as far as they are stored. */
  listEvents(entry: OutboxEntry): Promise<OutboxEvent[]>;
}

export const OUTBOX_COLUMNS = `o.tenant_id as tenant, o.id, topic, subject, key, payload, state, attempts, first_sent_at as "firstSentAt", next_at as "nextAt",
  lease_by as "leaseBy", lease_until as "leaseUntil", last_error as "lastError", created_at as "createdAt"`;
const ADD = `insert into outbox as o (tenant_id, topic, subject, key, payload, state, next_at, created_at)
  values ($1, $2, $3, $4, $5, 'queued', $7, $6) returning ${OUTBOX_COLUMNS}`;
const ALL = `select ${OUTBOX_COLUMNS} from outbox o where tenant_id = $1 and topic = $2 and subject = $3 order by o.id desc`;
const FIND = `${ALL} limit 1`;
const HAS_DONE = `select id from outbox where topic = $1 and created_at >= $2 and state = 'done' limit 1`;
const WITH_KEYS = `select ${OUTBOX_COLUMNS} from outbox o where key = any($1::text[])`;

/** What is leased is due, so that it is found again in the order of `next_at` when its lease has run out. */
const LEASE = `update outbox o set state = 'sending', attempts = o.attempts + 1, lease_by = $1, lease_until = $3, next_at = least(o.next_at, $2)`;
const RUN_OUT = "(o.state = 'sending' and o.lease_until <= $2)";
const DUE = "(o.state in ('queued', 'sending', 'unknown') and o.next_at <= $2 and (o.state <> 'sending' or o.lease_until <= $2))";
/**
 * Walks the index of what is due from its beginning, however long the queue is: `coalesce` keeps the planner, while its statistics are old, from collecting
 * all entries of a topic first.
 * The subquery only proposes. Whoever updates a row second waits for the first, sees its lease and leaves the row alone: READ COMMITTED tests the
 * outer condition again on the row as it is by then. https://www.postgresql.org/docs/current/transaction-iso.html#XACT-READ-COMMITTED
 */
const CLAIM = `${LEASE} from (
    select o.tenant_id, o.id from outbox o where ${DUE}
      and coalesce(o.topic = any($5), true) order by o.next_at limit $4
  ) due where o.tenant_id = due.tenant_id and o.id = due.id and ${DUE} returning ${OUTBOX_COLUMNS}`;
const CLAIM_ONE = `${LEASE} where o.tenant_id = $4 and o.id = $5 and (o.state in ('queued', 'unknown', 'parked') or ${RUN_OUT}) returning ${OUTBOX_COLUMNS}`;

/** The lease ends with every outcome but `sending`, which reports on the way (first bytes sent). */
const REPORT = `update outbox o set state = $4, next_at = coalesce($6, o.next_at), last_error = $7, payload = coalesce($8, o.payload),
    first_sent_at = coalesce(o.first_sent_at, $9), done_at = case when $10 then $5::timestamptz end,
    lease_by = case when $4 = 'sending' then o.lease_by end, lease_until = case when $4 = 'sending' then o.lease_until end
  where o.tenant_id = $1 and o.id = $2 and o.state = 'sending' and o.lease_by = $3`;
const SETTLE = buildEventRecording(REPORT, { what: "'attempt'", state: '$4', reason: '$7', at: '$5' });

/** Claiming counts attempts: an entry that has as many as it had when it was read has not been touched since. */
const MOVE = buildEventRecording(
  `update outbox o set state = $5, next_at = coalesce($7, o.next_at), payload = coalesce($8, o.payload), last_error = coalesce($9, o.last_error),
    done_at = case when $10 then $6::timestamptz end
  where o.tenant_id = $1 and o.id = $2 and o.attempts = $3 and o.state = any($4::text[]) and o.state <> 'sending'`,
  { what: '$11', state: '$5', reason: '$9', at: '$6' },
);

const FINISHED: ReadonlySet<OutboxState> = new Set(['done', 'refused', 'cancelled']);

/** The outbox of a database handle. `claim` and `claimOne` commit before they answer when the handle is not a transaction's. */
export function createOutbox(database: Database): Outbox {
  return {
    add: async ({ tenant, topic, subject, key, payload, at, nextAt }) =>
      (await database.query<OutboxEntry>(ADD, [tenant, topic, subject, key, payload, at, nextAt ?? at]))[0]!,
    findNewest: async (tenant, topic, subject) => (await database.query<OutboxEntry>(FIND, [tenant, topic, subject]))[0],
    findAll: (tenant, topic, subject) => database.query<OutboxEntry>(ALL, [tenant, topic, subject]),
    hasDoneSince: async (topic, since) => (await database.query(HAS_DONE, [topic, since])).length > 0,
    findByKeys: (keys) => (keys.length ? database.query<OutboxEntry>(WITH_KEYS, [keys]) : Promise.resolve([])),
    claim: ({ by, at, until, limit, topics }) => database.query<OutboxEntry>(CLAIM, [by, at, until, limit, topics ?? null]),
    claimOne: async (tenant, id, { by, at, until }) => (await database.query<OutboxEntry>(CLAIM_ONE, [by, at, until, tenant, id]))[0],
    recordOutcome: async (entry, by, { state, at, nextAt, error, payload, firstSentAt }) => {
      const texts = [nextAt ?? null, error ?? null, payload ?? null, firstSentAt ?? null];
      const sql = state === 'sending' ? `${REPORT} returning o.id` : SETTLE;
      const settled = await database.query(sql, [entry.tenant, entry.id, by, state, at, ...texts, FINISHED.has(state)]);
      return settled.length > 0;
    },
    changeState: async ({ tenant, id, attempts }, { from, to, at, nextAt, payload, reason, what }) => {
      const texts = [nextAt ?? null, payload ?? null, reason ?? null];
      const moved = await database.query(MOVE, [tenant, id, attempts, from, to, at, ...texts, FINISHED.has(to), what]);
      return moved.length > 0;
    },
    listEvents: (entry) => listOutboxEvents(database, entry),
  };
}
