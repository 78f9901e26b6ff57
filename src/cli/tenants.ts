// `facet tenants`: create, list, update and disable tenants.
import { createTenant, disableTenant, listTenants, setDefaultBrand } from '../store/tenants.ts';
import { AdminError, type AdminOperation, type DefineCommands } from './admin-command.ts';
import { textTable } from './text-table.ts';

export const TENANT_OPERATIONS: Record<string, AdminOperation> = {
  'tenants create': async (database, { slug, name, brand }, { now, isEnvironmentExclusive }) => {
    if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(slug ?? ''))
      throw new AdminError('the slug of a tenant has 1 to 63 lower-case letters, digits or "-", and does not begin with "-"');
    const tenant = await createTenant(database, { slug: slug!, name: name ?? slug!, at: now().toISOString(), ...(brand && { brand }) });
    if (!tenant) throw new AdminError(`there is a tenant ${slug} already`);
    const active = (await listTenants(database)).filter(({ status }) => status === 'active');
    return [`tenant ${slug} created (${tenant.id})`, ...(isEnvironmentExclusive && active.length === 2 ? [SECOND_TENANT_TEXT] : [])];
  },
  'tenants list': async (database) => {
    const tenants = await listTenants(database);
    return tenants.length
      ? textTable(
          ['id', 'tenant', 'status', 'brand', 'name'],
          tenants.map(({ id, slug, status, brand, name }) => [String(id), slug, status, brand, name]),
        )
      : ['no tenants yet: facet tenants create <name>'];
  },
  'tenants update': async (database, { slug = '', brand }) => {
    if (!brand) throw new AdminError('--brand is missing: name the default brand of the tenant');
    if (!(await setDefaultBrand(database, { slug, brand }))) throw new AdminError(`there is no tenant ${slug}`);
    return [`tenant ${slug}: the brand of patients without a brand is now ${brand}`];
  },
  'tenants disable': async (database, { slug }) => {
    if (!(await disableTenant(database, slug ?? ''))) throw new AdminError(`there is no tenant ${slug}`);
    return [`tenant ${slug} disabled: all its keys are refused from now on`];
  },
};

const SECOND_TENANT_TEXT =
  'JUNCTION_API_KEY serves only an only tenant: from now on no new order is sent. Create an account for each tenant (facet accounts create), or let all tenants share this one (JUNCTION_SHARED=true).';

const BRAND = 'the brand of patients for whom no brand is sent, in the Loop API (default: the name of the tenant)';

const EXAMPLES = {
  create: `
Example:
  facet tenants create springfield --name "Springfield Clinic"`,
  update: `
Example:
  facet tenants update springfield --brand springfield-clinic`,
  disable: `
Example:
  facet tenants disable springfield`,
};

export const defineTenantCommands: DefineCommands = (tenants, run) => {
  tenants
    .command('create <name>')
    .description('create a tenant; other commands call it by this name: lower-case letters, digits, "-"')
    .option('--name <text>', 'the name that people read')
    .option('--brand <code>', BRAND)
    .addHelpText('after', EXAMPLES.create)
    .action((slug: string, options: { name?: string; brand?: string }) => run('tenants create', { slug, ...options }));
  tenants
    .command('list')
    .description('list all tenants, oldest first')
    .action(() => run('tenants list', {}));
  tenants
    .command('update <name>')
    .description('change the brand of a tenant')
    .requiredOption('--brand <code>', BRAND)
    .addHelpText('after', EXAMPLES.update)
    .action((slug: string, options: { brand: string }) => run('tenants update', { slug, ...options }));
  tenants
    .command('disable <name>')
    .description('refuse all keys of a tenant from now on; its data stays')
    .addHelpText('after', EXAMPLES.disable)
    .action((slug: string) => run('tenants disable', { slug }));
};
