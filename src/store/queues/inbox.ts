// The inbox of webhooks. The server stores each event before it responds; afterwards, one worker at a time processes the event. Duplicates are detected by the
// sender's event id. All times come from the caller.

import type { Lease } from '../../messaging/lease.ts';
import type { Database } from '../database/database.ts';

/**
 * `new`, `retry`: to be processed. `done`: processed. `foreign`: the event is not about an order of this installation. `ignored`: the server does not use
 * events of this type. `undecodable`: the body is signed correctly, but cannot be parsed.
 */
export type InboxState = 'new' | 'retry' | 'done' | 'foreign' | 'ignored' | 'undecodable';

/** One event. `tenant`: that of the account that received it; 0: the account of the environment. `type`, `subject`: as named in the body. */
export interface InboxEvent {
  tenant: number;
  source: string;
  id: string;
  type: string | null;
  subject: string | null;
  receivedAt: string;
  state: InboxState;
  attempts: number;
  /** Whether the body is still stored. */
  hasBody: boolean;
  lastError: string | null;
}

export interface Inbox {
  /** Returns false if the event is already stored. `raw`: the body, byte for byte. `state`: the state on arrival. */
  add(
    event: Pick<InboxEvent, 'tenant' | 'source' | 'id' | 'type' | 'subject' | 'state'> & { raw: Uint8Array; at: string },
  ): Promise<boolean>;
  /** Those of these tenants that have an event which can be claimed. */
  findDueTenants(tenants: number[], source: string, at: string): Promise<number[]>;
  /** Leases up to `limit` due events of a tenant, oldest first. */
  claim(lease: Lease & { tenant: number; source: string; limit: number }): Promise<InboxEvent[]>;
  /** Records the outcome of events of one tenant and source whose lease `by` has. Returns how many were recorded. Deletes the body unless the state is `retry`. */
  recordOutcome(events: InboxEvent[], by: string, outcome: { state: InboxState; nextAt?: string; error?: string }): Promise<number>;
  /** Deletes bodies received before `bodies` and events received before `events`, but no unprocessed ones. Returns the number of changed rows. */
  prune(which: Pick<InboxEvent, 'tenant' | 'source'>, before: { bodies: string; events: string }): Promise<number>;
}

const COLUMNS = `i.tenant_id as tenant, i.source, i.event_id as id, i.type, i.subject, i.received_at as "receivedAt", i.state, i.attempts, length(i.raw) > 0 as "hasBody",
  i.last_error as "lastError"`;
const ADD = `insert into webhook_inbox as i (tenant_id, source, event_id, received_at, raw, state, next_at, type, subject)
  values ($1, $2, $3, $4, $5, $6, $4, $7, $8) on conflict do nothing returning i.event_id`;
const DUE = "(i.state in ('new', 'retry') and i.next_at <= $2 and (i.lease_until is null or i.lease_until <= $2))";
const CLAIM = `update webhook_inbox i set lease_by = $1, lease_until = $3, attempts = i.attempts + 1 from (
    select i.tenant_id, i.source, i.event_id from webhook_inbox i where i.tenant_id = $6 and i.source = $5 and ${DUE} order by i.next_at limit $4
  ) due where i.tenant_id = $6 and i.source = due.source and i.event_id = due.event_id and coalesce(${DUE}, false) returning ${COLUMNS}`;
const DUE_TENANTS = `select given.tenant from unnest($1::int[]) as given(tenant), lateral (
    select 1 from webhook_inbox i where i.tenant_id = given.tenant and i.source = $3 and ${DUE} order by i.next_at limit 1) due`;
const DUE_TENANTS_ON_CITUS = `select distinct i.tenant_id as tenant from webhook_inbox i where i.tenant_id = any($1::int[]) and i.source = $3 and ${DUE}`;
const SETTLE = `update webhook_inbox i set state = $5, next_at = coalesce($6, i.next_at), last_error = $7, lease_by = null, lease_until = null,
    raw = case when $5 = 'retry' then i.raw else ''::bytea end
  where i.tenant_id = $1 and i.source = $2 and i.event_id = any($3::text[]) and i.lease_by = $4 returning i.event_id`;
const OVER = "i.tenant_id = $1 and i.source = $2 and i.state not in ('new', 'retry')";
const EMPTY = `update webhook_inbox i set raw = ''::bytea where ${OVER} and i.received_at < $3 and length(i.raw) > 0 returning i.event_id`;
const FORGET = `delete from webhook_inbox i where ${OVER} and i.received_at < $3 returning i.event_id`;

export function createInbox(database: Database): Inbox {
  const changed = async (sql: string, parameters: unknown[]): Promise<number> => (await database.query(sql, parameters)).length;
  return {
    add: async ({ tenant, source, id, type, subject, state, raw, at }) =>
      (await changed(ADD, [tenant, source, id, at, raw, state, type, subject])) > 0,
    findDueTenants: async (tenants, source, at) => {
      const sql = database.isDistributed() ? DUE_TENANTS_ON_CITUS : DUE_TENANTS;
      return (await database.query<{ tenant: number }>(sql, [tenants, at, source])).map(({ tenant }) => tenant);
    },
    claim: ({ tenant, source, by, at, until, limit }) => database.query<InboxEvent>(CLAIM, [by, at, until, limit, source, tenant]),
    recordOutcome: (events, by, { state, nextAt, error }) => {
      const ids = events.map(({ id }) => id);
      return changed(SETTLE, [events[0]?.tenant, events[0]?.source, ids, by, state, nextAt ?? null, error ?? null]);
    },
    prune: async ({ tenant, source }, { bodies, events }) =>
      (await changed(EMPTY, [tenant, source, bodies])) + (await changed(FORGET, [tenant, source, events])),
  };
}
