// Row locks on match keys: what advisory locks are for elsewhere, but shared by poolers, nodes and the embedded engine alike.
import { createHash } from 'node:crypto';
import type { Database } from './database.ts';

/** Which rows to look at: so many, from where the ones before ended. */
export interface LockBatch {
  from?: string | undefined;
  limit: number;
}

/** Inserted or touched in one order for everybody, so that two transactions never wait for each other in a circle. */
const LOCK = `insert into lock_row (tenant_id, h) select $1, h from unnest($2::bigint[]) as given(h) order by h
  on conflict (tenant_id, h) do update set h = excluded.h`;

/** Locks the keys until the transaction ends. Keys stand in the database as hashes: they may be made of names and addresses. */
export async function lockKeys(database: Database, tenant: number, keys: string[]): Promise<void> {
  const hashes = new Set(keys.map(hashKey));
  if (hashes.size > 0) await database.query(LOCK, [tenant, [...hashes]], 'lock');
}

const hashKey = (key: string): string => createHash('sha256').update(key).digest().readBigInt64BE().toString();

/** In the order of `h`, so that each is looked at once. Who waits for one that is taken away finds none and inserts it: still one at a time. */
const PRUNE = `with free as materialized (
    select h from lock_row where tenant_id = $1 and h >= $2::bigint order by h limit $3 for update skip locked),
  gone as (delete from lock_row l using free where l.tenant_id = $1 and l.h = free.h)
  select count(*)::int as count, max(h)::text as last from free`;

const LOWEST_HASH = String(-(2n ** 63n));

/**
 * Removes so many of a tenant's rows that nobody holds, and waits for none: keys are without number, and rows would stay. Answers from where to go on;
 * undefined: it has come to the end.
 */
export async function pruneLocks(
  database: Database,
  tenant: number,
  { from = LOWEST_HASH, limit }: LockBatch,
): Promise<string | undefined> {
  const [found] = await database.query<{ count: number; last: string }>(PRUNE, [tenant, from, limit]);
  return found!.count < limit ? undefined : found!.last;
}
