// Tenants: whose data it is. A tenant is disabled, never removed.
import type { Database } from './database/database.ts';

export interface Tenant {
  id: number;
  /** What the operator calls it: unique, lower case. */
  slug: string;
  name: string;
  status: 'active' | 'disabled';
  /** The brand of what says none, where a vendor's API parts patients by brand. */
  brand: string;
}

const COLUMNS = 'tenant_id as id, slug, name, status, coalesce(brand, slug) as brand';
const CREATE = `insert into tenant (slug, name, created_at, brand) values ($1, $2, $3, $4) on conflict (slug) do nothing returning ${COLUMNS}`;

/** The new tenant; undefined when the slug is taken. */
export async function createTenant(
  database: Database,
  { slug, name, at, brand = null }: { slug: string; name: string; at: string; brand?: string | null },
): Promise<Tenant | undefined> {
  return (await database.query<Tenant>(CREATE, [slug, name, at, brand]))[0];
}

/** All tenants, oldest first. */
export function listTenants(database: Database): Promise<Tenant[]> {
  return database.query<Tenant>(`select ${COLUMNS} from tenant order by tenant_id`);
}

/** Sets the default brand. False: there is no such tenant. */
export async function setDefaultBrand(database: Database, { slug, brand }: { slug: string; brand: string }): Promise<boolean> {
  const rows = await database.query('update tenant set brand = $2 where slug = $1 returning tenant_id', [slug, brand]);
  return rows.length > 0;
}

/** Its keys open nothing from then on. False: there is no such tenant. */
export async function disableTenant(database: Database, slug: string): Promise<boolean> {
  const rows = await database.query("update tenant set status = 'disabled' where slug = $1 returning tenant_id", [slug]);
  return rows.length > 0;
}
