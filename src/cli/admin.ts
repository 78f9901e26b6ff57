// What an operator may do to tenants, keys, profiles, lab orders and subscriptions, as a table of commands on a database: run by the CLI directly, or by the running
// server on the CLI's behalf.
import { isScope } from '../fhir/scope.ts';
import type { Database } from '../store/database.ts';
import { createKey, type ListedKey, listKeys, revokeKey } from '../store/keys.ts';
import { createTenant, disableTenant, listTenants, type Tenant } from '../store/tenants.ts';
import type { AdminCommand, AdminFacts, AdminRequest } from './admin-command.ts';
import { AdminError } from './admin-error.ts';
import { indexRun, indexStatus } from './index-commands.ts';
import { ordersList, ordersOperation, ordersShow } from './orders.ts';
import { PROFILE_COMMANDS } from './profile-commands.ts';
import { subscriptionsList, subscriptionsRetry, subscriptionsSecret, subscriptionsShow } from './subscriptions.ts';
import { textTable } from './text-table.ts';

const DEFAULT_SCOPES = '*';

const COMMANDS: Record<string, AdminCommand> = {
  ...PROFILE_COMMANDS,
  'tenants create': async (database, { slug, name }, { now }) => {
    if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(slug ?? ''))
      throw new AdminError('a tenant is named by 1 to 63 lower-case letters, digits or "-"');
    const tenant = await createTenant(database, { slug: slug!, name: name ?? slug!, at: now().toISOString() });
    if (!tenant) throw new AdminError(`there is a tenant ${slug} already`);
    return [`tenant ${slug} created (${tenant.id})`];
  },
  'tenants list': async (database) => {
    const tenants = await listTenants(database);
    return tenants.length
      ? textTable(
          ['id', 'tenant', 'status', 'name'],
          tenants.map(({ id, slug, status, name }) => [String(id), slug, status, name]),
        )
      : ['no tenants yet: facet tenants create <name>'];
  },
  'tenants disable': async (database, { slug }) => {
    if (!(await disableTenant(database, slug ?? ''))) throw new AdminError(`there is no tenant ${slug}`);
    return [`tenant ${slug} disabled: its keys open nothing from now on`];
  },
  'keys create': async (database, { tenant: slug, surface = '', scopes = DEFAULT_SCOPES, name, expires }, { keyPrefixes, now }) => {
    if (!Object.hasOwn(keyPrefixes, surface)) throw new AdminError(`--surface must be one of ${Object.keys(keyPrefixes).join(', ')}`);
    const granted = scopesOf(scopes);
    const end = endOf(expires, now());
    const tenant = await tenantOf(database, slug);
    if (tenant.status !== 'active') throw new AdminError(`tenant ${slug} is disabled: no key of it opens anything`);
    const key = await createKey(database, {
      tenant: tenant.id,
      surface,
      scopes: granted,
      prefix: keyPrefixes[surface]!.replace('_test_', '_live_'),
      at: now().toISOString(),
      ...(name && { name }),
      ...(end && { expires: end }),
    });
    return [
      `key ${key.id} of tenant ${slug} for the ${surface} API, scopes ${granted.join(' ')}`,
      `  ${key.text}`,
      'It is shown this once; only its hash is kept.',
    ];
  },
  'keys list': async (database, { tenant: slug }, { now }) => {
    const keys = await listKeys(database, (await tenantOf(database, slug)).id);
    return keys.length
      ? textTable(
          ['key', 'surface', 'scopes', 'status', 'expires', 'name'],
          keys.map((key) => keyRow(key, now().toISOString())),
        )
      : [`tenant ${slug} has no keys yet`];
  },
  'keys revoke': async (database, { tenant: slug, key = '' }, { now }) => {
    const tenant = await tenantOf(database, slug);
    if (!(await revokeKey(database, { tenant: tenant.id, id: key, at: now().toISOString() })))
      throw new AdminError(`tenant ${slug} has no such key in force`);
    return [`key ${key} revoked`];
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

async function tenantOf(database: Database, slug: string | undefined): Promise<Tenant> {
  const tenant = (await listTenants(database)).find((one) => one.slug === slug);
  if (!tenant) throw new AdminError(slug === undefined ? 'name the tenant: --tenant <name>' : `there is no tenant ${slug}`);
  return tenant;
}

/** Scopes by comma or space, each one that the server understands. */
function scopesOf(list: string): string[] {
  const scopes = list.split(/[\s,]+/).filter(Boolean);
  const wrong = scopes.filter((scope) => !isScope(scope));
  if (!scopes.length) throw new AdminError('--scopes needs at least one: read, write, *, admin or system/<Type or *>.<letters of cruds>');
  if (wrong.length)
    throw new AdminError(`not a scope: ${wrong.join(', ')}; use read, write, *, admin or system/<Type or *>.<letters of cruds>`);
  return scopes;
}

/** The instant a key ends; a day alone is its first instant in UTC. */
function endOf(text: string | undefined, now: Date): string | undefined {
  if (text === undefined) return undefined;
  const end = /^\d{4}-\d{2}-\d{2}(T|$)/.test(text) ? new Date(text) : undefined;
  if (!end || Number.isNaN(end.getTime())) throw new AdminError('--expires must be a date, 2027-01-31');
  if (end <= now) throw new AdminError('--expires must be in the future');
  return end.toISOString();
}

function keyRow({ id, surface, scopes, status, expires, name }: ListedKey, now: string): string[] {
  const over = status === 'active' && expires !== null && expires <= now;
  return [id, surface, scopes.join(' '), over ? 'expired' : status, expires ?? 'never', name ?? ''];
}
