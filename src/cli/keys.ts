// `facet keys`: create, list, rotate and revoke API keys.

import type { Command } from 'commander';
import { OPERATOR_SURFACE } from '../administration/key-surfaces.ts';
import { createKey, INSTALLATION_OWNER, type KeyOwner, listKeyEvents, listKeys, revokeKey, rotateKey } from '../administration/keys.ts';
import { getKeyState, type ListedApiKey } from '../store/api-keys.ts';
import type { Database } from '../store/database/database.ts';
import { listTenants, type Tenant } from '../store/tenants.ts';
import { AdminError, type AdminOperation, type DefineCommands, type Options, toAdministration } from './admin-command.ts';
import { textTable } from './text-table.ts';

export const KEY_OPERATIONS: Record<string, AdminOperation> = {
  'keys create': async (database, options, context) => {
    const { scopes, name, expires, patient } = options;
    const surface = options.operator === undefined ? (options.surface ?? '') : OPERATOR_SURFACE;
    const administration = toAdministration(database, context);
    const { key, text } = await createKey(administration, () => findOwner(database, options), { surface, scopes, name, expires, patient });
    return [`key ${describeKey(key, options.tenant)}`, `  ${text}`, COPY_NOW];
  },
  'keys list': async (database, options, context) => {
    const keys = await listKeys(toAdministration(database, context), await findOwner(database, options));
    const at = context.now().toISOString();
    if (keys.length)
      return textTable(
        COLUMNS,
        keys.map((key) => toRow(key, at)),
      );
    return [options.operator === undefined ? `tenant ${options.tenant} has no keys yet` : 'operators have no keys yet'];
  },
  'keys rotate': async (database, options, context) => {
    const { key: id = '', overlap, expires } = options;
    const administration = toAdministration(database, context);
    const { key, text, replaced } = await rotateKey(administration, await findOwner(database, options), { id, overlap, expires });
    return [
      `key ${describeKey(key, options.tenant)}`,
      `  ${text}`,
      COPY_NOW,
      `The old key ${id} stays valid until ${replaced.expires}; the new one expires: ${key.expires ?? 'never'}.`,
    ];
  },
  'keys revoke': async (database, options, context) => {
    const { key: id = '', tenant } = options;
    const owner = await findOwner(database, options);
    if (!(await revokeKey(toAdministration(database, context), owner, id)))
      throw new AdminError(`${tenant === undefined ? 'operators have' : `tenant ${tenant} has`} no active key with this id`);
    return [`key ${id} revoked`];
  },
  'keys log': async (database, options, context) => {
    const { events, next } = await listKeyEvents(toAdministration(database, context), await findOwner(database, options), options.before);
    if (!events.length) return [options.before === undefined ? 'nothing was done yet' : 'there are no older events'];
    const rows = events.map(({ at, action, key, role, actor, via }) => [at, action, key ?? role ?? '–', actor, via]);
    const table = textTable(['time', 'action', 'key or role', 'by', 'through'], rows);
    return next === undefined ? table : [...table, `There are older events: add --before ${next}`];
  },
};

const COPY_NOW = 'Copy it now: only its hash is stored, and it is never shown again.';

function describeKey({ id, surface, scopes, patient }: ListedApiKey, tenant: string | undefined): string {
  if (surface === OPERATOR_SURFACE) return `${id} of an operator: it manages tenants and keys below /admin`;
  const opens = scopes.length ? `the ${surface} API, scopes ${scopes.join(' ')}` : 'the keys of its tenant below /admin';
  return `${id} of tenant ${tenant} for ${opens}${patient === null ? '' : `, for Patient ${patient} alone`}`;
}

/** The owner of the keys that a command is about: a tenant, or with --operator the installation. */
async function findOwner(database: Database, { tenant, operator, surface }: Options): Promise<KeyOwner> {
  if (operator === undefined) return findTenant(database, tenant);
  if (tenant !== undefined) throw new AdminError('--operator is for keys without a tenant: omit --tenant');
  if (surface !== undefined) throw new AdminError('--operator names the surface: omit --surface');
  return INSTALLATION_OWNER;
}

export async function findTenant(database: Database, slug: string | undefined): Promise<Tenant> {
  const tenant = (await listTenants(database)).find((tenant) => tenant.slug === slug);
  if (!tenant) throw new AdminError(slug === undefined ? 'name the tenant: --tenant <name>' : `there is no tenant ${slug}`);
  return tenant;
}

const COLUMNS = ['key', 'surface', 'scopes', 'status', 'expires', 'last used', 'patient', 'name'];

const toRow = (key: ListedApiKey, at: string): string[] => {
  const { id, surface, scopes, expires, lastUsed, patient, name } = key;
  return [id, surface, scopes.join(' ') || '–', getKeyState(key, at), expires ?? 'never', lastUsed ?? 'never', patient ?? '–', name ?? ''];
};

const EXAMPLES = {
  create: `
Examples:
  facet keys create --tenant springfield --surface fhir --scopes system/Patient.rs,system/Observation.cruds
  facet keys create --tenant springfield --surface loop --name "order desk" --expires 2027-01-31
  facet keys create --tenant springfield --surface loop --patient 0190b3c2-0000-7000-8000-000000000001
  facet keys create --tenant springfield --surface admin --name "IT department"
  facet keys create --operator --name "hosting team" --expires 2027-01-31

Scopes:
  read                 read and search resources of every type: system/*.rs
  write                create, update, patch and delete them, but not read them: system/*.cud
  *                    both: system/*.cruds
  admin                use _explain=true, which shows the query plan of a search; it gives access to no resource
  system/Patient.rs    the letters of cruds for one type (* for all): create, read, update, delete, search

A key with --patient is restricted to that person: it opens the endpoints about that person (…/patients/me/…), and nothing else.

Keys of administrators open /admin and no resource, and have no scopes:
  --surface admin      creates, lists, rotates and revokes the keys of its tenant
  --operator           manages tenants, and the keys of all tenants; it belongs to no tenant`,
  list: `
LAST USED is at most a minute old.

Examples:
  facet keys list --tenant springfield
  facet keys list --operator`,
  rotate: `
The new key has the surface, scopes, patient, name and expiry of the old one. The old key stays valid during the overlap, so that clients can change over.
If the text of the new key was lost, revoke the new key and rotate the old one again.

Examples:
  facet keys rotate key-34b8163b64fc23c3 --tenant springfield
  facet keys rotate key-34b8163b64fc23c3 --tenant springfield --overlap 7d --expires 2028-01-31
  facet keys rotate key-34b8163b64fc23c3 --tenant springfield --overlap 0       the old key is refused at once`,
  revoke: `
Examples:
  facet keys revoke key-34b8163b64fc23c3 --tenant springfield
  facet keys revoke key-34b8163b64fc23c3 --operator`,
  log: `
BY is the id of the administrator's key, or operator for a command. THROUGH is cli, or admin for the API below /admin.

Example:
  facet keys log --tenant springfield`,
};

/** The owner of keys: a tenant or the installation. */
const withOwner = (command: Command, tenant: string): Command =>
  command.option('--tenant <name>', tenant).option('--operator', 'the keys of operators, which belong to no tenant');

/** The options as texts. */
const toTexts = ({ operator, ...options }: Options & { operator?: true }): Options => ({
  ...options,
  ...(operator && { operator: 'yes' }),
});

export const defineKeyCommands: DefineCommands = (keys, run) => {
  const define = (name: keyof typeof EXAMPLES, usage: string, [description, tenant]: [string, string]): Command =>
    withOwner(keys.command(`${name}${usage}`).description(description).addHelpText('after', EXAMPLES[name]), tenant);
  define('create', '', ['create a key and show it once', 'the tenant whose data it gives access to'])
    .option('--surface <name>', 'what it opens: fhir, a vendor (loop, …), or admin for the keys of the tenant')
    .option('--scopes <list>', 'read, write, *, admin or SMART system scopes (system/Patient.rs), separated by comma (default: *)')
    .option('--name <text>', 'what the key is for')
    .option('--expires <date>', 'the date from which it is refused, in UTC (2027-01-31)')
    .option('--patient <id>', 'restrict it to this person: the id that the surface or FHIR shows')
    .action((options: Options) => run('keys create', toTexts(options)));
  define('list', '', ['list the keys of a tenant, oldest first', 'the tenant']).action((options: Options) =>
    run('keys list', toTexts(options)),
  );
  define('rotate', ' <key>', ['replace a key by a new one; <key> is the id that list shows', 'the tenant that the key belongs to'])
    .option('--overlap <time>', 'how long the old key stays valid: 30m, 24h, 7d, or 0 (default: 24h)')
    .option('--expires <date>', 'the date from which the new key is refused, in UTC (default: as the old key)')
    .action((key: string, options: Options) => run('keys rotate', { key, ...toTexts(options) }));
  define('revoke', ' <key>', ['refuse a key from now on; <key> is the id that list shows', 'the tenant that the key belongs to']).action(
    (key: string, options: Options) => run('keys revoke', { key, ...toTexts(options) }),
  );
  define('log', '', ['list who did what to which key or database role, newest first', 'the tenant'])
    .option('--before <id>', 'list only events older than this event; the end of a full list shows the id')
    .action((options: Options) => run('keys log', toTexts(options)));
};
