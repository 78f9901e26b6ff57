// `facet tenants`: create, list, update, disable and enable tenants.
import { createTenant, updateTenant } from '../administration/tenants.ts';
import { listTenants } from '../store/tenants.ts';
import { AdminError, type AdminOperation, type DefineCommands, toAdministration } from './admin-command.ts';
import { bindRole } from './report-roles.ts';
import { textTable } from './text-table.ts';

export const TENANT_OPERATIONS: Record<string, AdminOperation> = {
  'tenants create': async (database, { slug = '', name, brand }, context) => {
    const tenant = await createTenant(toAdministration(database, context), { slug, name, brand });
    const active = (await listTenants(database)).filter(({ status }) => status === 'active');
    const isSecond = context.isEnvironmentExclusive && active.length === 2;
    return [`tenant ${slug} created (${tenant.id})`, ...(isSecond ? [SECOND_TENANT_TEXT] : [])];
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
  'tenants update': async (database, { slug = '', brand }, context) => {
    if (!brand) throw new AdminError('--brand is missing: name the default brand of the tenant');
    await updateTenant(toAdministration(database, context), slug, { brand });
    return [`tenant ${slug}: the brand of patients without a brand is now ${brand}`];
  },
  'tenants disable': async (database, { slug = '' }, context) => {
    await updateTenant(toAdministration(database, context), slug, { status: 'disabled' });
    return [`tenant ${slug} disabled: all its keys are refused from now on`];
  },
  'tenants enable': async (database, { slug = '' }, context) => {
    await updateTenant(toAdministration(database, context), slug, { status: 'active' });
    return [`tenant ${slug} enabled: its keys that are neither revoked nor expired are valid again`];
  },
  'tenants report-role': bindRole,
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
  enable: `
Example:
  facet tenants enable springfield`,
  reportRole: `
Example:
  psql "$DATABASE_URL" -c "create role springfield_reports login password '…'"
  facet tenants report-role springfield springfield_reports`,
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
  tenants
    .command('enable <name>')
    .description('accept the keys of a disabled tenant again, but for those that were revoked or have expired')
    .addHelpText('after', EXAMPLES.enable)
    .action((slug: string) => run('tenants enable', { slug }));
  tenants
    .command('report-role <name> <role>')
    .description('let an existing role of the database read the resources of one tenant by SQL')
    .option('--remove', 'the role reads nothing any more')
    .addHelpText('after', EXAMPLES.reportRole)
    .action((slug: string, role: string, { remove }: { remove?: true }) =>
      run('tenants report-role', { slug, role, ...(remove && { remove: 'yes' }) }),
    );
};
