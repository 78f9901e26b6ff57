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

/** Returns false if there is no such tenant. */
export const setDefaultBrand = (database: Database, { slug, brand }: { slug: string; brand: string }): Promise<boolean> =>
  updateTenant(database, slug, { brand });

/** From then on, the tenant's API keys are refused. Returns false if there is no such tenant. */
export const disableTenant = (database: Database, slug: string): Promise<boolean> => updateTenant(database, slug, { status: 'disabled' });

async function updateTenant(database: Database, slug: string, change: { brand: string } | { status: 'disabled' }): Promise<boolean> {
  return (await runQuery(database, queryBuilder('tenant').where({ slug }).update(change).returning('tenant_id'))).length > 0;
}
