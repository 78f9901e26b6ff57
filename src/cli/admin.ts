// What an operator may do to tenants, keys, profiles, lab orders and subscriptions, as a table of commands on a database: run by the CLI directly, or by the running
// server on the CLI's behalf.
import type { Database } from '../store/database/database.ts';
import { createTenant, disableTenant, listTenants, setBrand } from '../store/tenants.ts';
import type { AdminCommand, AdminFacts, AdminRequest } from './admin-command.ts';
import { AdminError } from './admin-error.ts';
import { indexRun, indexStatus } from './index-commands.ts';
import { KEY_COMMANDS } from './key-commands.ts';
import { ordersList, ordersOperation, ordersShow } from './orders.ts';
import { PROFILE_COMMANDS } from './profile-commands.ts';
import { subscriptionsList, subscriptionsRetry, subscriptionsSecret, subscriptionsShow } from './subscriptions.ts';
import { textTable } from './text-table.ts';

const COMMANDS: Record<string, AdminCommand> = {
  ...PROFILE_COMMANDS,
  ...KEY_COMMANDS,
  'tenants create': async (database, { slug, name, brand }, { now }) => {
    if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(slug ?? ''))
      throw new AdminError('a tenant is named by 1 to 63 lower-case letters, digits or "-"');
    const tenant = await createTenant(database, { slug: slug!, name: name ?? slug!, at: now().toISOString(), ...(brand && { brand }) });
    if (!tenant) throw new AdminError(`there is a tenant ${slug} already`);
    return [`tenant ${slug} created (${tenant.id})`];
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
    if (!(await setBrand(database, { slug, brand }))) throw new AdminError(`there is no tenant ${slug}`);
    return [`tenant ${slug}: patients without a brand are of ${brand} from now on`];
  },
  'tenants disable': async (database, { slug }) => {
    if (!(await disableTenant(database, slug ?? ''))) throw new AdminError(`there is no tenant ${slug}`);
    return [`tenant ${slug} disabled: its keys open nothing from now on`];
  },
  'orders list': ordersList,
  'orders show': ordersShow,
  'orders retry': ordersOperation('retry'),
  'orders park': ordersOperation('park'),
  'orders release': ordersOperation('release'),
  'subscriptions list': subscriptionsList,
  'subscriptions show': subscriptionsShow,
  'subscriptions retry': subscriptionsRetry,
  'subscriptions secret': subscriptionsSecret,
  'index status': indexStatus,
  'index run': indexRun,
};

/** Runs one command and answers the lines to print. */
export async function administer(database: Database, { command, options }: AdminRequest, facts: AdminFacts): Promise<string[]> {
  const run = Object.hasOwn(COMMANDS, command) && COMMANDS[command];
  if (!run) throw new AdminError(`there is no command "${command}"`);
  return run(database, options, facts);
}
