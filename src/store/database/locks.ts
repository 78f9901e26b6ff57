// Locks on match keys (the criteria of conditional writes). They are row locks, not advisory locks: row locks work alike behind poolers, across nodes and on the
// embedded engine.
import { createHash } from 'node:crypto';
import type { Database } from './database.ts';

/** One batch of lock rows: at most `limit` rows, starting at hash `from`. */
export interface LockBatch {
  from?: string | undefined;
  limit: number;
}

/** Every transaction inserts or updates the rows in the same order, so that two transactions cannot deadlock. */
const LOCK = `insert into lock_row (tenant_id, h) select $1, h from unnest($2::bigint[]) as given(h) order by h
  on conflict (tenant_id, h) do update set h = excluded.h`;

/** Locks the keys until the transaction ends. The database stores hashes of the keys, because a key may contain names and addresses. */
export async function lockKeys(database: Database, tenant: number, keys: string[]): Promise<void> {
  const hashes = new Set(keys.map(hashKey));
  if (hashes.size > 0) await database.query(LOCK, [tenant, [...hashes]], 'lock');
}

const hashKey = (key: string): string => createHash('sha256').update(key).digest().readBigInt64BE().toString();

/**
 * Reads the rows in the order of `h`, so that each row is read once. A transaction that waits for a deleted row then inserts the row itself, so the key is
 * still locked by one transaction at a time.
 */
const PRUNE = `with free as materialized (
    select h from lock_row where tenant_id = $1 and h >= $2::bigint order by h limit $3 for update skip locked),
  gone as (delete from lock_row l using free where l.tenant_id = $1 and l.h = free.h)
  select count(*)::int as count, max(h)::text as last from free`;

const LOWEST_HASH = String(-(2n ** 63n));

/**
 * Deletes a batch of a tenant's rows that no transaction has locked, without waiting; otherwise the rows of old criteria would accumulate. Returns where the
 * next batch starts; undefined after the last batch.
 */
export async function pruneLocks(
  database: Database,
  tenant: number,
  { from = LOWEST_HASH, limit }: LockBatch,
): Promise<string | undefined> {
  const [found] = await database.query<{ count: number; last: string }>(PRUNE, [tenant, from, limit]);
  return found!.count < limit ? undefined : found!.last;
}
