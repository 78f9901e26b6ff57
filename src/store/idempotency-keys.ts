// Idempotency keys. A key is stored as one row, in the transaction that writes the data of its request.
import type { Database } from './database/database.ts';

/** Requests with the same key from the same caller on the same route are one request. */
export interface IdempotencyKey {
  tenant: number;
  caller: string;
  route: string;
  key: string;
}

/** How long a key is stored. Keys that a shape requires for a create never expire (vendor-api/idempotency.ts). */
export const KEY_LIFETIME_MS = 86_400_000;

export interface IdempotencyRecord {
  /** SHA-256 (hex) of the canonical request. */
  hash: string;
  /** The stored response, as JSON text of { status, headers, body }. Absent while the request is still running. */
  response?: string;
  /** The resource that the request created (`ServiceRequest/…`), so that a retry can continue with it. */
  subject?: string;
}

export interface IdempotencyKeys {
  find(key: IdempotencyKey): Promise<IdempotencyRecord | undefined>;
  /** Inserts the key. Returns false if it is already stored; waits for a concurrent transaction that inserts it. `expires` null: the key never expires. */
  claim(key: IdempotencyKey, record: { hash: string; subject?: string; at: string; expires: string | null }): Promise<boolean>;
  complete(key: IdempotencyKey, response: string): Promise<void>;
  release(key: IdempotencyKey): Promise<void>;
  /** Deletes at most `limit` keys that have expired at `at`, oldest first. Returns the number of deleted keys. */
  deleteExpired(at: string, limit: number): Promise<number>;
}

const KEY = 'tenant_id = $1 and caller = $2 and route = $3 and key = $4';
const FIND = `select hash, response, subject from idempotency_key where ${KEY}`;
/** Waits for a concurrent transaction that inserts the same key. An expired key can be claimed again. */
const CLAIM = `insert into idempotency_key as old (tenant_id, caller, route, key, hash, subject, created_at, expires_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8)
  on conflict (tenant_id, caller, route, key) do update
    set hash = excluded.hash, subject = excluded.subject, response = null, created_at = excluded.created_at, expires_at = excluded.expires_at
    where old.expires_at <= excluded.created_at
  returning 1 as taken`;
const SETTLE = `update idempotency_key set response = $5 where ${KEY}`;
/** A key with a stored response is not deleted before it expires. */
const RELEASE = `delete from idempotency_key where ${KEY} and response is null`;
/** The delete tests the expiry again, because the key may have been claimed again while the statement waited for the row. */
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
    deleteExpired: async (at, limit) => (await database.query<{ count: number }>(PRUNE, [at, limit]))[0]!.count,
  };
}
