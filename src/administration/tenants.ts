// Creates and changes tenants. A tenant can be disabled, but not deleted.
import type { AdminEvent } from '../store/admin-events.ts';
import {
  updateTenant as changeTenant,
  findTenant,
  createTenant as insertTenant,
  type Tenant,
  type TenantChange,
} from '../store/tenants.ts';
import { type Administration, record } from './administration.ts';
import { AdministrationError } from './administration-error.ts';
import { checkLine } from './line.ts';

/** The name in commands and paths. */
const SLUG = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** A tenant by its slug. A text that cannot be a slug names no tenant. */
export async function findTenantBySlug({ database }: Administration, slug: string): Promise<Tenant> {
  const tenant = SLUG.test(slug) ? await findTenant(database, { slug }) : undefined;
  if (!tenant) throw new AdministrationError('not-found', 'there is no tenant with this name');
  return tenant;
}

interface TenantFields {
  slug: string;
  name?: string | undefined;
  brand?: string | undefined;
}

export async function createTenant(administration: Administration, { slug, name, brand }: TenantFields): Promise<Tenant> {
  if (!SLUG.test(slug))
    throw new AdministrationError(
      'invalid',
      'the slug of a tenant has 1 to 63 lower-case letters, digits or "-", and does not begin with "-"',
    );
  for (const [field, text] of Object.entries({ name, brand })) if (text !== undefined) checkLine(text, field);
  const { database, now } = administration;
  return database.transaction(async (transaction) => {
    const at = now().toISOString();
    const tenant = await insertTenant(transaction, { slug, name: name ?? slug, at, ...(brand && { brand }) });
    if (!tenant) throw new AdministrationError('conflict', `there is a tenant ${slug} already`);
    await record(administration, transaction, { tenant: tenant.id, action: 'tenant-created' });
    return tenant;
  });
}

const ACTIONS: Record<Tenant['status'], AdminEvent['action']> = { active: 'tenant-enabled', disabled: 'tenant-disabled' };

export async function updateTenant(administration: Administration, slug: string, change: TenantChange): Promise<Tenant> {
  for (const field of ['name', 'brand'] as const) if (change[field] !== undefined) checkLine(change[field], field);
  return administration.database.transaction(async (transaction) => {
    const tenant = await changeTenant(transaction, slug, change);
    if (!tenant) throw new AdministrationError('not-found', `there is no tenant ${slug}`);
    const action = change.status === undefined ? 'tenant-updated' : ACTIONS[change.status];
    await record(administration, transaction, { tenant: tenant.id, action });
    return tenant;
  });
}
