// Tenants. A tenant can be disabled, but not deleted.
import type { Database } from './database/database.ts';
import { queryBuilder, runQuery } from './database/query-builder.ts';

export interface Tenant {
  id: number;
  /** The name in commands. It is unique and in lower case. */
  slug: string;
  name: string;
  status: 'active' | 'disabled';
  /** The default brand: used for patients without a brand, by vendors whose API separates patients by brand. */
  brand: string;
}

const COLUMNS = ['tenant_id as id', 'slug', 'name', 'status', queryBuilder.raw('coalesce(brand, slug) as brand')];

/** The new tenant; undefined if the slug is already in use. */
export async function createTenant(
  database: Database,
  { slug, name, at, brand = null }: { slug: string; name: string; at: string; brand?: string | null },
): Promise<Tenant | undefined> {
  const row = { slug, name, created_at: at, brand };
  const [tenant] = await runQuery<Tenant>(database, queryBuilder('tenant').insert(row).onConflict('slug').ignore().returning(COLUMNS));
  return tenant;
}

/** All tenants, oldest first. */
export const listTenants = (database: Database): Promise<Tenant[]> =>
  runQuery(database, queryBuilder('tenant').select(COLUMNS).orderBy('tenant_id'));

/** A tenant, by its slug or by its number. */
export async function findTenant(database: Database, tenant: { slug: string } | { id: number }): Promise<Tenant | undefined> {
  const condition = 'slug' in tenant ? { slug: tenant.slug } : { tenant_id: tenant.id };
  return (await runQuery<Tenant>(database, queryBuilder('tenant').select(COLUMNS).where(condition)))[0];
}

/** The properties of a tenant that can change. */
export type TenantChange = Partial<Pick<Tenant, 'name' | 'brand' | 'status'>>;

/** The changed tenant; undefined if there is no such tenant. From `status: disabled` on, the API keys of the tenant are refused. */
export async function updateTenant(database: Database, slug: string, change: TenantChange): Promise<Tenant | undefined> {
  return (await runQuery<Tenant>(database, queryBuilder('tenant').where({ slug }).update(change).returning(COLUMNS)))[0];
}
