// API keys: shown once, kept as a hash. A key belongs to one tenant and one surface, and may stand for a person.
import { createHash, randomInt } from 'node:crypto';
import type { Database } from './database/database.ts';

interface ApiKey {
  tenant: number;
  id: string;
  surface: string;
  scopes: string[];
  /** The id of the Patient it stands for; null: nobody. */
  patient: string | null;
}

export interface ListedApiKey extends ApiKey {
  name: string | null;
  expires: string | null;
  status: 'active' | 'revoked';
}

/** What a key text opens: `active` alone opens anything. `disabled`: its tenant is. */
export interface FoundApiKey extends ApiKey {
  /** The default brand of its tenant. */
  brand: string;
  state: 'active' | 'expired' | 'revoked' | 'disabled';
}

interface NewApiKey {
  tenant: number;
  surface: string;
  scopes: string[];
  /** What texts of its surface begin with (`clk_live_`). */
  prefix: string;
  name?: string;
  /** The id of the Patient it stands for, as FHIR has it. */
  patient?: string;
  at: string;
  expires?: string;
}

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** 32 × log2(62) = 190 bits: a plain hash of it cannot be guessed at, and needs no salt. */
const SECRET_LENGTH = 32;

const KEY = 'k.tenant_id as tenant, k.key_id as id, k.surface, k.scopes, k.patient';
const ADD = `insert into api_key (tenant_id, key_id, surface, scopes, secret_hash, name, created_at, expires_at, patient)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (tenant_id, key_id) do nothing`;
const FIND = `select ${KEY}, coalesce(t.brand, t.slug) as brand, case when t.status <> 'active' then 'disabled' when k.revoked_at is not null then 'revoked'
    when k.expires_at <= $2 then 'expired' else 'active' end as state
  from api_key k join tenant t on t.tenant_id = k.tenant_id where k.secret_hash = $1`;
const LIST = `select ${KEY}, k.name, k.expires_at as expires, case when k.revoked_at is null then 'active' else 'revoked' end as status
  from api_key k where k.tenant_id = $1 order by k.created_at, k.key_id`;
const REVOKE = 'update api_key set revoked_at = $3 where tenant_id = $1 and key_id = $2 and revoked_at is null returning key_id';
const ENDED = `select 1 from tenant t left join api_key k on k.tenant_id = t.tenant_id and k.key_id = $2
  where t.tenant_id = $1 and (t.status <> 'active' or k.revoked_at is not null or k.expires_at <= $3)`;

/** Makes a key. `text` is in no other place: it cannot be shown again. */
export async function createApiKey(database: Database, { prefix, ...key }: NewApiKey): Promise<{ id: string; text: string }> {
  const text = prefix + Array.from({ length: SECRET_LENGTH }, () => BASE62[randomInt(BASE62.length)]).join('');
  return { id: await importApiKey(database, { ...key, text }), text };
}

/** Puts a key into force whose text exists already (a file of development keys); one that stands is left as it is. Answers its id. */
export async function importApiKey(database: Database, key: Omit<NewApiKey, 'prefix'> & { text: string }): Promise<string> {
  const hash = hashSecret(key.text);
  const id = `key-${hash.toString('hex', 0, 8)}`;
  const { tenant, surface, scopes, name = null, at, expires = null, patient = null } = key;
  await database.query(ADD, [tenant, id, surface, scopes, hash, name, at, expires, patient]);
  return id;
}

/** The key behind a text, and whether it opens anything at that time; undefined: not one of ours. The one look-up that starts without a tenant. */
export async function findApiKey(database: Database, text: string, at: string): Promise<FoundApiKey | undefined> {
  return (await database.query<FoundApiKey>(FIND, [hashSecret(text), at], 'key-find'))[0];
}

/** The keys of a tenant, oldest first. */
export function listApiKeys(database: Database, tenant: number): Promise<ListedApiKey[]> {
  return database.query<ListedApiKey>(LIST, [tenant]);
}

/** False: the tenant has no such key in force. */
export async function revokeApiKey(database: Database, { tenant, id, at }: { tenant: number; id: string; at: string }): Promise<boolean> {
  return (await database.query(REVOKE, [tenant, id, at])).length > 0;
}

/** Whether a credential of this id opens nothing any more: its tenant is disabled, or it is a key that was revoked or has expired. */
export async function isCredentialEnded(
  database: Database,
  { tenant, id, at }: { tenant: number; id: string; at: string },
): Promise<boolean> {
  return (await database.query(ENDED, [tenant, id, at])).length > 0;
}

const hashSecret = (text: string): Buffer => createHash('sha256').update(text).digest();
