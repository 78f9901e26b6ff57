// /admin/tenants: an operator creates, lists and changes tenants. A tenant's administrator sees its own tenant.

import { ADMIN_SURFACE } from '../../administration/key-surfaces.ts';
import { createTenant, findTenantBySlug, updateTenant } from '../../administration/tenants.ts';
import { invalid, notFound } from '../../fhir/outcome.ts';
import { findTenant, listTenants, type Tenant, type TenantChange } from '../../store/tenants.ts';
import { type AdminCall, type AdminHandler, readFields, requireOperator } from './admin-call.ts';

export const handleListTenants: AdminHandler = async (call) => {
  const tenants = await listVisibleTenants(call);
  return { status: 200, body: { tenants: tenants.map(toView) } };
};

export const handleReadTenant: AdminHandler = async (call) => ({ status: 200, body: toView(await findTenantInPath(call)) });

export const handleCreateTenant: AdminHandler = async (call) => {
  requireOperator(call);
  const { slug = '', ...fields } = await readFields(call, ['slug', 'name', 'brand']);
  const tenant = await createTenant(call.administration, { slug, ...fields });
  return { status: 201, headers: { Location: `/admin/tenants/${tenant.slug}` }, body: toView(tenant) };
};

/** `{"status": "disabled"}` refuses all keys of the tenant. A request that changes nothing is accepted. */
export const handleUpdateTenant: AdminHandler = async (call) => {
  requireOperator(call);
  const { slug } = await findTenantInPath(call);
  const { status, ...fields } = await readFields(call, ['name', 'brand', 'status']);
  if (status !== undefined && !isStatus(status)) throw invalid('status must be active or disabled', 'status');
  const change: TenantChange = { ...fields, ...(status && { status }) };
  if (!Object.keys(change).length) throw invalid('the body names nothing to change: it may have name, brand and status');
  return { status: 200, body: toView(await updateTenant(call.administration, slug, change)) };
};

const isStatus = (text: string): text is Tenant['status'] => text === 'active' || text === 'disabled';

async function listVisibleTenants({ administration: { database }, caller }: AdminCall): Promise<Tenant[]> {
  if (caller.surface !== ADMIN_SURFACE) return listTenants(database);
  const own = await findTenant(database, { id: caller.tenant });
  return own ? [own] : [];
}

/** Another tenant does not exist for an administrator. */
async function findTenantInPath({ administration, caller, path }: AdminCall): Promise<Tenant> {
  const tenant = await findTenantBySlug(administration, path.tenant ?? '');
  if (caller.surface === ADMIN_SURFACE && tenant.id !== caller.tenant) throw notFound('there is no tenant with this name');
  return tenant;
}

const toView = ({ slug, name, status, brand }: Tenant): object => ({ slug, name, status, brand });
