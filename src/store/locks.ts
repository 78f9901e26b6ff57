// Row locks on match keys: what advisory locks are for elsewhere, but shared by poolers, nodes and the embedded engine alike.
import { createHash } from 'node:crypto';
import type { Database } from './database.ts';

/** Inserted or touched in one order for everybody, so that two transactions never wait for each other in a circle. */
const LOCK = `insert into lock_row (tenant_id, h) select $1, h from unnest($2::bigint[]) as given(h) order by h
  on conflict (tenant_id, h) do update set h = excluded.h`;

/** Locks the keys until the transaction ends. Keys stand in the database as hashes: they may be made of names and addresses. */
export async function lock(database: Database, tenant: number, keys: string[]): Promise<void> {
  const hashes = new Set(keys.map(hashOf));
  if (hashes.size > 0) await database.query(LOCK, [tenant, [...hashes]], 'lock');
}

/** So many rows a tenant has at most: keys are without number, and rows stay. Two keys that share one wait for each other now and then. */
const BITS = 20;

const hashOf = (key: string): string => BigInt.asUintN(BITS, createHash('sha256').update(key).digest().readBigUInt64BE()).toString();
