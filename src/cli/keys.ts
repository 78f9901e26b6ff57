// `facet keys`: create, list and revoke API keys.

import { isScope } from '../fhir/access-scope.ts';
import { isServed } from '../fhir/types.ts';
import { explainUnservedType } from '../fhir/unserved-type.ts';
import { toLivePrefix } from '../http/middleware/authenticate.ts';
import { OPERATOR } from '../interactions/context.ts';
import { createApiKey, type ListedApiKey, listApiKeys, revokeApiKey } from '../store/api-keys.ts';
import type { Database } from '../store/database/database.ts';
import { listTenants, type Tenant } from '../store/tenants.ts';
import { readRow } from '../vendor-api/stored-rows.ts';
import { type AdminContext, AdminError, type AdminOperation, type DefineCommands } from './admin-command.ts';
import { textTable } from './text-table.ts';

const DEFAULT_SCOPES = '*';

export const KEY_OPERATIONS: Record<string, AdminOperation> = {
  'keys create': async (database, options, context) => {
    const { tenant: slug, surface = '', scopes = DEFAULT_SCOPES, name, expires, patient: patientId } = options;
    const { keyPrefixes, now } = context;
    if (!Object.hasOwn(keyPrefixes, surface)) throw new AdminError(`--surface must be one of ${Object.keys(keyPrefixes).join(', ')}`);
    const granted = parseScopes(scopes);
    const end = parseExpiry(expires, now());
    const tenant = await findTenant(database, slug);
    if (tenant.status !== 'active') throw new AdminError(`tenant ${slug} is disabled: its keys are refused`);
    const patient = patientId === undefined ? undefined : await findPatient(context, { tenant, surface, patientId });
    const key = await createApiKey(database, {
      tenant: tenant.id,
      surface,
      scopes: granted,
      prefix: toLivePrefix(keyPrefixes[surface]!),
      at: now().toISOString(),
      ...(name && { name }),
      ...(end && { expires: end }),
      ...(patient && { patient }),
    });
    return [
      `key ${key.id} of tenant ${slug} for the ${surface} API, scopes ${granted.join(' ')}${patient ? `, for Patient ${patient} alone` : ''}`,
      `  ${key.text}`,
      'Copy it now: only its hash is stored, and it is never shown again.',
    ];
  },
  'keys list': async (database, { tenant: slug }, { now }) => {
    const keys = await listApiKeys(database, (await findTenant(database, slug)).id);
    return keys.length
      ? textTable(
          ['key', 'surface', 'scopes', 'status', 'expires', 'patient', 'name'],
          keys.map((key) => toRow(key, now().toISOString())),
        )
      : [`tenant ${slug} has no keys yet`];
  },
  'keys revoke': async (database, { tenant: slug, key = '' }, { now }) => {
    const tenant = await findTenant(database, slug);
    if (!(await revokeApiKey(database, { tenant: tenant.id, id: key, at: now().toISOString() })))
      throw new AdminError(`tenant ${slug} has no active key with this id`);
    return [`key ${key} revoked`];
  },
};

interface PatientQuery {
  tenant: Tenant;
  surface: string;
  /** The id as the surface or FHIR shows it. */
  patientId: string;
}

/** The FHIR id of the Patient that a key is restricted to: a Patient of its tenant, on a surface with endpoints for persons. */
async function findPatient({ mappings, contextOf }: AdminContext, { tenant, surface: name, patientId }: PatientQuery): Promise<string> {
  const open = new Set(mappings.shapes.filter(({ isPersonal }) => isPersonal).map(({ surface }) => surface));
  const surface = [...open].find((surface) => surface.name === name);
  const others = [...open].map((surface) => surface.name).join(', ');
  if (!surface)
    throw new AdminError(
      `the ${name} API has no endpoints for keys of a single patient: omit --patient${others && `, or use --surface ${others}`}`,
    );
  const context = contextOf({ tenant: tenant.id, actor: OPERATOR, surface: name, scopes: [] });
  const row =
    (await readRow(context, 'Patient', patientId)) ??
    (await readRow(context, 'Patient', surface.decodeId('Patient', patientId) ?? patientId));
  if (!row)
    throw new AdminError(`tenant ${tenant.slug} has no Patient with the id that --patient names: use an id that ${name} or FHIR shows`);
  return row.id;
}

export async function findTenant(database: Database, slug: string | undefined): Promise<Tenant> {
  const tenant = (await listTenants(database)).find((tenant) => tenant.slug === slug);
  if (!tenant) throw new AdminError(slug === undefined ? 'name the tenant: --tenant <name>' : `there is no tenant ${slug}`);
  return tenant;
}

/** The resource type that a scope names; undefined: all types. */
const typeInScope = (scope: string): string | undefined => /^system\/(\w+)\./.exec(scope)?.[1];

/** Scopes separated by comma or space. A scope that would never match is refused. */
function parseScopes(list: string): string[] {
  const scopes = list.split(/[\s,]+/).filter(Boolean);
  const invalid = scopes.filter((scope) => !isScope(scope));
  if (!scopes.length) throw new AdminError('--scopes needs at least one: read, write, *, admin or system/<Type or *>.<letters of cruds>');
  if (invalid.length)
    throw new AdminError(`not a scope: ${invalid.join(', ')}; use read, write, *, admin or system/<Type or *>.<letters of cruds>`);
  for (const type of scopes.flatMap((scope) => typeInScope(scope) ?? []))
    if (!isServed(type)) throw new AdminError(`--scopes: ${explainUnservedType(type)}`);
  return scopes;
}

/** The instant from which a key is refused; a date is its first instant in UTC. */
function parseExpiry(text: string | undefined, now: Date): string | undefined {
  if (text === undefined) return undefined;
  const end = /^\d{4}-\d{2}-\d{2}(T|$)/.test(text) ? new Date(text) : undefined;
  if (!end || Number.isNaN(end.getTime())) throw new AdminError('--expires must be a date, 2027-01-31');
  if (end <= now) throw new AdminError('--expires must be in the future');
  return end.toISOString();
}

function toRow({ id, surface, scopes, status, expires, patient, name }: ListedApiKey, now: string): string[] {
  const isExpired = status === 'active' && expires !== null && expires <= now;
  return [id, surface, scopes.join(' '), isExpired ? 'expired' : status, expires ?? 'never', patient ?? '–', name ?? ''];
}

const EXAMPLES = {
  create: `
Examples:
  facet keys create --tenant springfield --surface fhir --scopes system/Patient.rs,system/Observation.cruds
  facet keys create --tenant springfield --surface loop --name "order desk" --expires 2027-01-31
  facet keys create --tenant springfield --surface loop --patient 0190b3c2-0000-7000-8000-000000000001

Scopes:
  read                 read and search resources of every type: system/*.rs
  write                create, update, patch and delete them, but not read them: system/*.cud
  *                    both: system/*.cruds
  admin                use _explain=true, which shows the query plan of a search; it gives access to no resource
  system/Patient.rs    the letters of cruds for one type (* for all): create, read, update, delete, search

A key with --patient is restricted to that person: it opens the endpoints about that person (…/patients/me/…), and nothing else.`,
  list: `
Example:
  facet keys list --tenant springfield`,
  revoke: `
Example:
  facet keys revoke key-34b8163b64fc23c3 --tenant springfield`,
};

export const defineKeyCommands: DefineCommands = (keys, run) => {
  keys
    .command('create')
    .description('create a key and show it once')
    .requiredOption('--tenant <name>', 'the tenant whose data it gives access to')
    .requiredOption('--surface <name>', 'the API it opens: fhir, or a vendor (loop, …)')
    .option('--scopes <list>', 'read, write, *, admin or SMART system scopes (system/Patient.rs), separated by comma', '*')
    .option('--name <text>', 'what the key is for')
    .option('--expires <date>', 'the date from which it is refused, in UTC (2027-01-31)')
    .option('--patient <id>', 'restrict it to this person: the id that the surface or FHIR shows')
    .addHelpText('after', EXAMPLES.create)
    .action((options: Record<string, string>) => run('keys create', options));
  keys
    .command('list')
    .description('list the keys of a tenant, oldest first')
    .requiredOption('--tenant <name>', 'the tenant')
    .addHelpText('after', EXAMPLES.list)
    .action((options: Record<string, string>) => run('keys list', options));
  keys
    .command('revoke <key>')
    .description('refuse a key from now on; <key> is the id that list shows')
    .requiredOption('--tenant <name>', 'the tenant that the key belongs to')
    .addHelpText('after', EXAMPLES.revoke)
    .action((key: string, options: Record<string, string>) => run('keys revoke', { key, ...options }));
};
