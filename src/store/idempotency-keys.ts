// Idempotency keys: one row per promise that a request is one request, written in the transaction of what it makes.
import type { Database } from './database/database.ts';

/** A caller's promise that a request is one request. `hash`: SHA-256 (hex) of the canonical request. */
export interface IdempotencyKey {
  tenant: number;
  caller: string;
  route: string;
  key: string;
}

export interface IdempotencyRecord {
  hash: string;
  /** Absent while the request is still running. `response` is the stored answer (JSON text of { status, headers, body }). */
  response?: string;
  /** What the request made, so that a retry can go on with it (`ServiceRequest/…`). */
  subject?: string;
}

export interface IdempotencyKeys {
  find(key: IdempotencyKey): Promise<IdempotencyRecord | undefined>;
  /** Inserts the key; false when it stands already (waits for a concurrent transaction that is inserting it). `expires` null: lives for good. */
  claim(key: IdempotencyKey, record: { hash: string; subject?: string; at: string; expires: string | null }): Promise<boolean>;
  complete(key: IdempotencyKey, response: string): Promise<void>;
  release(key: IdempotencyKey): Promise<void>;
  /** Removes what has expired at `at`, the oldest first and at most so many; answers how many. */
  deleteExpired(at: string, most: number): Promise<number>;
}

const KEY = 'tenant_id = $1 and caller = $2 and route = $3 and key = $4';
const FIND = `select hash, response, subject from idempotency_key where ${KEY}`;
/** A concurrent transaction that is inserting the same key is waited for. A key that has expired is free. */
const CLAIM = `insert into idempotency_key as old (tenant_id, caller, route, key, hash, subject, created_at, expires_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8)
  on conflict (tenant_id, caller, route, key) do update
    set hash = excluded.hash, subject = excluded.subject, response = null, created_at = excluded.created_at, expires_at = excluded.expires_at
    where old.expires_at <= excluded.created_at
  returning 1 as taken`;
const SETTLE = `update idempotency_key set response = $5 where ${KEY}`;
/** An answer once kept is never let go before its time. */
const RELEASE = `delete from idempotency_key where ${KEY} and response is null`;
/** Asked of the row itself as well: it may have been taken again while this waited for it. */
const PRUNE = `with gone as (
    delete from idempotency_key where expires_at <= $1 and (tenant_id, caller, route, key) in
      (select tenant_id, caller, route, key from idempotency_key where expires_at <= $1 order by expires_at limit $2)
    returning 1)
  select count(*)::int as count from gone`;

type StoredRecord = { hash: string; response: string | null; subject: string | null };

const toRecord = ({ hash, response, subject }: StoredRecord): IdempotencyRecord => ({
  hash,
  ...(response !== null && { response }),
  ...(subject !== null && { subject }),
});

const toParameters = ({ tenant, caller, route, key }: IdempotencyKey) => [tenant, caller, route, key];

/** The idempotency keys of a database handle. */
export function createIdempotencyKeys(database: Database): IdempotencyKeys {
  return {
    find: async (key) => {
      const [found] = await database.query<StoredRecord>(FIND, toParameters(key), 'idempotency-find');
      return found && toRecord(found);
    },
    claim: async (key, { hash, subject, at, expires }) => {
      const rows = await database.query(CLAIM, [...toParameters(key), hash, subject ?? null, at, expires], 'idempotency-claim');
      return rows.length > 0;
    },
    complete: async (key, response) => void (await database.query(SETTLE, [...toParameters(key), response], 'idempotency-settle')),
    release: async (key) => void (await database.query(RELEASE, toParameters(key))),
    deleteExpired: async (at, most) => (await database.query<{ count: number }>(PRUNE, [at, most]))[0]!.count,
  };
}
