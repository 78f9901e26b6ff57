// Accounts at the lab network: one for each tenant that has its own. Their secrets are stored encrypted. An account can be paused, but not deleted, because its
// orders refer to it.
import type { Database } from './database/database.ts';
import { queryBuilder, runQuery } from './database/query-builder.ts';

/** The settings of an account that an operator can change. */
export interface LabAccountSettings {
  /** Without a trailing slash. */
  baseUrl: string;
  teamId: string;
  /** The path that physicians are sent to; null: the team's roster is read. */
  physicianPath: string | null;
  /** Panel → the lab network's test ids. */
  panels: Record<string, string[]>;
  /** The accounts at laboratories that orders may name. The first is the default. */
  labAccounts: string[];
  /** The patient's state (USPS code) → the id of the Practitioner who signs orders that no requester signs. */
  defaultPhysicians: Record<string, string>;
  /** Whether every order must name a physician. */
  physicians: 'required' | 'optional';
  /** The maximum number of concurrent requests that send something, of all processes together. */
  concurrency: number;
  /** The maximum number of characters in the notes of an order. */
  noteLimit: number;
}

/** `secrets`: encrypted. `version`: incremented by every change. */
export interface LabAccountRow extends LabAccountSettings {
  id: number;
  tenant: number;
  name: string;
  status: 'active' | 'paused';
  pausedReason: string | null;
  secrets: string;
  createdAt: string;
  updatedAt: string;
  version: number;
}

const COLUMNS = `account_id as id, tenant_id as tenant, name, status, paused_reason as "pausedReason", base_url as "baseUrl", team_id as "teamId",
  physician_path as "physicianPath", panels, lab_accounts as "labAccounts",
  default_physicians as "defaultPhysicians", physicians, concurrency, note_limit as "noteLimit", secrets,
  created_at as "createdAt", updated_at as "updatedAt", version`;
const SELECT = `select ${COLUMNS} from lab_account`;
/** The id is read first, because the secrets are encrypted for it. On a conflict of the name or the tenant nothing is inserted. */
const NEXT_ID = "select nextval(pg_get_serial_sequence('lab_account', 'account_id'))::int as id";
const INSERT = `insert into lab_account (account_id, tenant_id, name, base_url, team_id, physician_path, panels, lab_accounts, concurrency, note_limit, secrets,
    created_at, updated_at, default_physicians, physicians)
  values ($1, $2, $3, $4, $5, $6, $7::jsonb, $8::text[], $9, $10, $13, $14, $14, $11::jsonb, $12) on conflict do nothing returning ${COLUMNS}`;
const UPDATE = `update lab_account set status = $3, paused_reason = $4, base_url = $5, team_id = $6, physician_path = $7, panels = $8::jsonb,
    lab_accounts = $9::text[], concurrency = $10, note_limit = $11, default_physicians = $12::jsonb, physicians = $13, secrets = $14,
    updated_at = $15, version = version + 1
  where account_id = $1 and version = $2 returning ${COLUMNS}`;
/** One cheap statement: it reads no settings and no secrets. */
const SUMMARY = `select coalesce((select json_agg(json_build_array(account_id, version) order by account_id) from lab_account), '[]'::json) as versions,
  (select json_agg(tenant_id) from (select tenant_id from tenant where status = 'active' order by tenant_id limit 2) as t) as tenants,
  (select count(*)::int from tenant) as "tenantCount"`;

/** What a process compares with its cached accounts. */
interface LabAccountSummary {
  versions: [id: number, version: number][];
  /** The only active tenant of the installation; undefined: there are none, or several. */
  onlyTenant: number | undefined;
  /** Disabled tenants count. */
  tenantCount: number;
}

/** Undefined if the name is in use, or the tenant has an account. `encrypt`: returns the encrypted secrets for the id. */
export async function createLabAccount(
  database: Database,
  account: LabAccountSettings & { tenant: number; name: string; at: string },
  encrypt: (id: number) => string,
): Promise<LabAccountRow | undefined> {
  const [next] = await database.query<{ id: number }>(NEXT_ID);
  const { tenant, name, at } = account;
  const [row] = await database.query<LabAccountRow>(INSERT, [next!.id, tenant, name, ...toColumns(account), encrypt(next!.id), at]);
  return row;
}

/** Stores the changed account. False if it was changed since it was read. */
export async function updateLabAccount(database: Database, account: LabAccountRow, at: string): Promise<boolean> {
  const { id, version, status, pausedReason, secrets } = account;
  return (await database.query(UPDATE, [id, version, status, pausedReason, ...toColumns(account), secrets, at])).length > 0;
}

const toColumns = (account: LabAccountSettings): unknown[] => {
  const { baseUrl, teamId, physicianPath, panels, labAccounts, concurrency, noteLimit, defaultPhysicians, physicians } = account;
  const defaults = JSON.stringify(defaultPhysicians);
  return [baseUrl, teamId, physicianPath, JSON.stringify(panels), labAccounts, concurrency, noteLimit, defaults, physicians];
};

/** All accounts, or those with these ids, oldest first. */
export const listLabAccounts = (database: Database, ids?: number[]): Promise<LabAccountRow[]> =>
  ids === undefined
    ? database.query<LabAccountRow>(`${SELECT} order by account_id`)
    : database.query<LabAccountRow>(`${SELECT} where account_id = any($1::int[]) order by account_id`, [ids]);

export const findLabAccount = async (database: Database, name: string): Promise<LabAccountRow | undefined> =>
  (await database.query<LabAccountRow>(`${SELECT} where name = $1`, [name]))[0];

export async function summarizeLabAccounts(database: Database): Promise<LabAccountSummary> {
  const [found] = await database.query<{ versions: [number, number][]; tenants: number[] | null; tenantCount: number }>(SUMMARY);
  const { versions, tenants, tenantCount } = found!;
  return { versions, onlyTenant: tenants?.length === 1 ? tenants[0] : undefined, tenantCount };
}

/** The numbers of an account's messages that wait to be sent, by topic and state. */
export const countWaitingOf = (database: Database, account: number): Promise<{ topic: string; state: string; count: number }[]> =>
  runQuery(
    database,
    queryBuilder('outbox')
      .select('topic', 'state', queryBuilder.raw('count(*)::int as count'))
      .where('account_id', account)
      .whereIn('state', ['queued', 'sending', 'unknown', 'parked'])
      .groupBy('topic', 'state')
      .orderBy(['topic', 'state']),
  );
