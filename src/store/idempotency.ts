// Idempotency keys: one row per promise that a request is one request, written in the transaction of what it makes.
import type { Database } from './database.ts';
import type { IdempotencyKey, IdempotencyKeys, IdempotencyRecord } from './store.ts';

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
const PRUNE = 'with gone as (delete from idempotency_key where expires_at <= $1 returning 1) select count(*)::int as count from gone';

type Found = { hash: string; response: string | null; subject: string | null };

const recordOf = ({ hash, response, subject }: Found): IdempotencyRecord => ({
  hash,
  ...(response !== null && { response }),
  ...(subject !== null && { subject }),
});

const parametersOf = ({ tenant, caller, route, key }: IdempotencyKey) => [tenant, caller, route, key];

/** The idempotency keys of a database handle. */
export function idempotencyOf(database: Database): IdempotencyKeys {
  return {
    find: async (key) => {
      const [found] = await database.query<Found>(FIND, parametersOf(key), 'idempotency-find');
      return found && recordOf(found);
    },
    claim: async (key, { hash, subject, at, expires }) => {
      const rows = await database.query(CLAIM, [...parametersOf(key), hash, subject ?? null, at, expires], 'idempotency-claim');
      return rows.length > 0;
    },
    settle: async (key, response) => void (await database.query(SETTLE, [...parametersOf(key), response], 'idempotency-settle')),
    release: async (key) => void (await database.query(RELEASE, parametersOf(key))),
    prune: async (at) => (await database.query<{ count: number }>(PRUNE, [at]))[0]!.count,
  };
}
