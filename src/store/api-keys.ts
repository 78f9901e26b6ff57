// API keys. The text of a key is shown once; the database stores its hash. A key belongs to one tenant and one surface (API), and may be limited to one patient.
import { createHash, randomInt } from 'node:crypto';
import type { Database } from './database/database.ts';
import { queryBuilder, runQuery } from './database/query-builder.ts';

interface ApiKey {
  tenant: number;
  id: string;
  surface: string;
  scopes: string[];
  /** The id of the Patient whose data the key opens. Null: the key is not limited to a patient. */
  patient: string | null;
}

export interface ListedApiKey extends ApiKey {
  name: string | null;
  expires: string | null;
  status: 'active' | 'revoked';
}

/** A key found by its text. Requests with a key that is not `active` are refused. `disabled`: the tenant of the key is disabled. */
export interface FoundApiKey extends ApiKey {
  /** The default brand of the tenant. */
  brand: string;
  state: 'active' | 'expired' | 'revoked' | 'disabled';
}

interface NewApiKey {
  tenant: number;
  surface: string;
  scopes: string[];
  /** The beginning of all key texts of the surface (`clk_live_`). */
  prefix: string;
  name?: string;
  /** The id of the Patient whose data the key opens. */
  patient?: string;
  at: string;
  expires?: string;
}

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** 32 × log2(62) = 190 bits: too many to guess, so that the hash needs no salt. */
const SECRET_LENGTH = 32;

/** Runs for every request whose key is not cached. */
const FIND = `select k.tenant_id as tenant, k.key_id as id, k.surface, k.scopes, k.patient, coalesce(t.brand, t.slug) as brand,
    case when t.status <> 'active' then 'disabled' when k.revoked_at is not null then 'revoked' when k.expires_at <= $2 then 'expired' else 'active' end as state
  from api_key k join tenant t on t.tenant_id = k.tenant_id where k.secret_hash = $1`;
const ENDED = `select 1 from tenant t left join api_key k on k.tenant_id = t.tenant_id and k.key_id = $2
  where t.tenant_id = $1 and (t.status <> 'active' or k.revoked_at is not null or k.expires_at <= $3)`;
const LISTED = ['tenant_id as tenant', 'key_id as id', 'surface', 'scopes', 'patient', 'name', 'expires_at as expires'];
const STATUS = queryBuilder.raw("case when revoked_at is null then 'active' else 'revoked' end as status");

/** Creates a key. `text` is not stored, so it cannot be shown again. */
export async function createApiKey(database: Database, { prefix, ...key }: NewApiKey): Promise<{ id: string; text: string }> {
  const text = prefix + Array.from({ length: SECRET_LENGTH }, () => BASE62[randomInt(BASE62.length)]).join('');
  return { id: await importApiKey(database, { ...key, text }), text };
}

/** Stores a key with a given text (development keys). Does not change an existing key. Returns the id. */
export async function importApiKey(database: Database, key: Omit<NewApiKey, 'prefix'> & { text: string }): Promise<string> {
  const hash = hashSecret(key.text);
  const id = `key-${hash.toString('hex', 0, 8)}`;
  const { tenant, surface, scopes, name = null, at, expires = null, patient = null } = key;
  const row = { tenant_id: tenant, key_id: id, surface, scopes, secret_hash: hash, name, created_at: at, expires_at: expires, patient };
  await runQuery(database, queryBuilder('api_key').insert(row).onConflict(['tenant_id', 'key_id']).ignore());
  return id;
}

/** The key with this text, and its state at a time. The only lookup without a tenant. */
export async function findApiKey(database: Database, text: string, at: string): Promise<FoundApiKey | undefined> {
  return (await database.query<FoundApiKey>(FIND, [hashSecret(text), at], 'key-find'))[0];
}

/** The keys of a tenant, oldest first. */
export const listApiKeys = (database: Database, tenant: number): Promise<ListedApiKey[]> =>
  runQuery(
    database,
    queryBuilder('api_key')
      .select(...LISTED, STATUS)
      .where({ tenant_id: tenant })
      .orderBy(['created_at', 'key_id']),
  );

/** Returns false if the tenant has no active key with this id. */
export async function revokeApiKey(database: Database, { tenant, id, at }: { tenant: number; id: string; at: string }): Promise<boolean> {
  const key = queryBuilder('api_key').where({ tenant_id: tenant, key_id: id, revoked_at: null });
  return (await runQuery(database, key.update({ revoked_at: at }).returning('key_id'))).length > 0;
}

/** Whether the credential of an actor has ended: its tenant is disabled, or its key was revoked or has expired. */
export async function isCredentialEnded(
  database: Database,
  { tenant, id, at }: { tenant: number; id: string; at: string },
): Promise<boolean> {
  return (await database.query(ENDED, [tenant, id, at])).length > 0;
}

const hashSecret = (text: string): Buffer => createHash('sha256').update(text).digest();
