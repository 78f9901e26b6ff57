// API keys. The text of a key is shown once; the database stores its hash. A key belongs to one tenant and one surface (API), and may be limited to one patient.
// The keys of operators belong to the installation.
import { createHash, randomInt } from 'node:crypto';
import type { Database } from './database/database.ts';
import { queryBuilder, runQuery } from './database/query-builder.ts';

/** In place of the tenant, for the keys of operators. No tenant has this number. */
export const INSTALLATION = 0;

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
  created: string;
  /** The id of the administrator's key, or `operator` at the command line. Null: created by an earlier release or by the development server. */
  createdBy: string | null;
  expires: string | null;
  revoked: string | null;
  /** The id of the key that replaced it. */
  replacedBy: string | null;
  /** At most a minute old. */
  lastUsed: string | null;
}

/** A key found by its text. Requests with a key that is not `active` are refused. `disabled`: the tenant of the key is disabled. */
export interface FoundApiKey extends ApiKey {
  /** The default brand of the tenant. Null for an operator's key. */
  brand: string | null;
  state: KeyState | 'disabled';
}

type KeyState = 'active' | 'expired' | 'revoked';

interface NewApiKey {
  tenant: number;
  surface: string;
  scopes: string[];
  /** The beginning of all key texts of the surface (`clk_live_`). */
  prefix: string;
  name?: string | null;
  /** The id of the Patient whose data the key opens. */
  patient?: string | null;
  at: string;
  expires?: string | null;
  createdBy?: string;
  /** Names the request of the administrator: a second key is not created for it. */
  requestKey?: string;
}

type ImportedApiKey = Omit<NewApiKey, 'prefix'> & { text: string };

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** 32 × log2(62) = 190 bits: too many to guess, so that the hash needs no salt, and guessing needs no lockout. */
const SECRET_LENGTH = 32;

/** Runs for every request whose key is not cached. */
const FIND = `select k.tenant_id as tenant, k.key_id as id, k.surface, k.scopes, k.patient, coalesce(t.brand, t.slug) as brand,
    case when t.status is distinct from 'active' and k.tenant_id <> ${INSTALLATION} then 'disabled' when k.revoked_at is not null then 'revoked'
      when k.expires_at <= $2 then 'expired' else 'active' end as state
  from api_key k left join tenant t on t.tenant_id = k.tenant_id where k.secret_hash = $1`;
const ENDED = `select 1 from tenant t left join api_key k on k.tenant_id = t.tenant_id and k.key_id = $2
  where t.tenant_id = $1 and (t.status <> 'active' or k.revoked_at is not null or k.expires_at <= $3)`;
const COLUMNS = {
  tenant: 'tenant_id',
  id: 'key_id',
  surface: 'surface',
  scopes: 'scopes',
  patient: 'patient',
  name: 'name',
  created: 'created_at',
  createdBy: 'created_by',
  expires: 'expires_at',
  revoked: 'revoked_at',
  replacedBy: 'replaced_by',
  lastUsed: 'last_used_at',
};

/** Creates a key. `text` is not stored, so it cannot be shown again. `isNew: false`: a key was created for this request before, and none is created now. */
export async function createApiKey(
  database: Database,
  { prefix, ...key }: NewApiKey,
): Promise<{ id: string; text: string; isNew: boolean }> {
  const text = prefix + Array.from({ length: SECRET_LENGTH }, () => BASE62[randomInt(BASE62.length)]).join('');
  return { text, ...(await insertApiKey(database, { ...key, text })) };
}

/** Stores a key with a given text (development keys). Does not change an existing key. Returns the id. */
export const importApiKey = async (database: Database, key: ImportedApiKey): Promise<string> => (await insertApiKey(database, key)).id;

async function insertApiKey(database: Database, key: ImportedApiKey): Promise<{ id: string; isNew: boolean }> {
  const hash = hashSecret(key.text);
  const id = `key-${hash.toString('hex', 0, 8)}`;
  const { tenant, surface, scopes, name = null, at, expires = null, patient = null, createdBy = null, requestKey = null } = key;
  const row = { tenant_id: tenant, key_id: id, surface, scopes, secret_hash: hash, name, created_at: at, expires_at: expires, patient };
  const insert = queryBuilder('api_key').insert({ ...row, created_by: createdBy, request_key: requestKey });
  return { id, isNew: (await runQuery(database, insert.onConflict().ignore().returning('key_id'))).length > 0 };
}

/** The key with this text, and its state at a time. The only lookup without a tenant. */
export async function findApiKey(database: Database, text: string, at: string): Promise<FoundApiKey | undefined> {
  return (await database.query<FoundApiKey>(FIND, [hashSecret(text), at], 'key-find'))[0];
}

/** The keys of a tenant, oldest first. */
export const listApiKeys = (database: Database, tenant: number): Promise<ListedApiKey[]> =>
  runQuery(database, queryBuilder('api_key').select(COLUMNS).where({ tenant_id: tenant }).orderBy(['created_at', 'key_id']));

/** A key of a tenant, by its id or by the request that created it. */
export async function readApiKey(
  database: Database,
  tenant: number,
  key: { id: string } | { requestKey: string },
): Promise<ListedApiKey | undefined> {
  const condition = 'id' in key ? { key_id: key.id } : { request_key: key.requestKey };
  const [found] = await runQuery<ListedApiKey>(
    database,
    queryBuilder('api_key')
      .select(COLUMNS)
      .where({ tenant_id: tenant, ...condition }),
  );
  return found;
}

/** Locks a key until the end of the transaction, so that it is rotated once at a time. */
export async function lockApiKey(transaction: Database, tenant: number, id: string): Promise<void> {
  await runQuery(transaction, queryBuilder('api_key').select('key_id').where({ tenant_id: tenant, key_id: id }).forUpdate());
}

/** Records which key replaced a key, and when it expires. */
export async function replaceApiKey(
  transaction: Database,
  { tenant, id, replacedBy, expires }: { tenant: number; id: string; replacedBy: string; expires: string },
): Promise<void> {
  const key = queryBuilder('api_key').where({ tenant_id: tenant, key_id: id });
  await runQuery(transaction, key.update({ replaced_by: replacedBy, expires_at: expires }));
}

/** Returns false if the tenant has no active key with this id. */
export async function revokeApiKey(database: Database, { tenant, id, at }: { tenant: number; id: string; at: string }): Promise<boolean> {
  const key = queryBuilder('api_key').where({ tenant_id: tenant, key_id: id, revoked_at: null });
  return (await runQuery(database, key.update({ revoked_at: at }).returning('key_id'))).length > 0;
}

/** When a key was used last. */
export interface KeyUse {
  tenant: number;
  id: string;
  at: string;
}

/** A later use that another process has recorded stays. A deadlock of two processes is repeated (errors.ts). */
const RECORD_USE = `update api_key k set last_used_at = used.at from unnest($1::int[], $2::text[], $3::timestamptz[]) as used(tenant_id, key_id, at)
  where k.tenant_id = used.tenant_id and k.key_id = used.key_id and (k.last_used_at is null or k.last_used_at < used.at)`;

/** Records the last use of several keys in one statement. */
export async function recordKeyUses(database: Database, uses: KeyUse[]): Promise<void> {
  await database.query(RECORD_USE, [uses.map(({ tenant }) => tenant), uses.map(({ id }) => id), uses.map(({ at }) => at)]);
}

/** Whether the credential of an actor has ended: its tenant is disabled, or its key was revoked or has expired. */
export async function isCredentialEnded(
  database: Database,
  { tenant, id, at }: { tenant: number; id: string; at: string },
): Promise<boolean> {
  return (await database.query(ENDED, [tenant, id, at])).length > 0;
}

/** The state of a key at a time. */
export function getKeyState({ revoked, expires }: Pick<ListedApiKey, 'revoked' | 'expires'>, at: string): KeyState {
  if (revoked !== null) return 'revoked';
  return expires !== null && expires <= at ? 'expired' : 'active';
}

const hashSecret = (text: string): Buffer => createHash('sha256').update(text).digest();
