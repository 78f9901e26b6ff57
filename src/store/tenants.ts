// Tenants: whose data it is. A tenant is disabled, never removed.
import type { Database } from './database.ts';

export interface Tenant {
  id: number;
  /** What the operator calls it: unique, lower case. */
  slug: string;
  name: string;
  status: 'active' | 'disabled';
}

const COLUMNS = 'tenant_id as id, slug, name, status';
const CREATE = `insert into tenant (slug, name, created_at) values ($1, $2, $3) on conflict (slug) do nothing returning ${COLUMNS}`;

/** The new tenant; undefined when the slug is taken. */
export async function createTenant(
  database: Database,
  { slug, name, at }: { slug: string; name: string; at: string },
): Promise<Tenant | undefined> {
  return (await database.query<Tenant>(CREATE, [slug, name, at]))[0];
}

/** All tenants, oldest first. */
export function listTenants(database: Database): Promise<Tenant[]> {
  return database.query<Tenant>(`select ${COLUMNS} from tenant order by tenant_id`);
}

/** Its keys open nothing from then on. False: there is no such tenant. */
export async function disableTenant(database: Database, slug: string): Promise<boolean> {
  const rows = await database.query("update tenant set status = 'disabled' where slug = $1 returning tenant_id", [slug]);
  return rows.length > 0;
}
