// What an operator may do to API keys: make one, which may stand for a person; list them; revoke one.
import { amongThese } from '../fhir/closest-name.ts';
import { isScope } from '../fhir/scope.ts';
import { isServed, SERVED_TYPES } from '../fhir/types.ts';
import { toLivePrefix } from '../http/middleware/key-prefix.ts';
import { readRow } from '../http/vendor/vendor-call.ts';
import { OPERATOR } from '../interactions/context.ts';
import { createKey, type ListedKey, listKeys, revokeKey } from '../store/api-keys.ts';
import type { Database } from '../store/database/database.ts';
import { listTenants, type Tenant } from '../store/tenants.ts';
import type { AdminCommand, AdminFacts } from './admin-command.ts';
import { AdminError } from './admin-error.ts';
import { textTable } from './text-table.ts';

const DEFAULT_SCOPES = '*';

export const KEY_COMMANDS: Record<string, AdminCommand> = {
  'keys create': async (database, options, facts) => {
    const { tenant: slug, surface = '', scopes = DEFAULT_SCOPES, name, expires, patient: shown } = options;
    const { keyPrefixes, now } = facts;
    if (!Object.hasOwn(keyPrefixes, surface)) throw new AdminError(`--surface must be one of ${Object.keys(keyPrefixes).join(', ')}`);
    const granted = scopesOf(scopes);
    const end = endOf(expires, now());
    const tenant = await tenantOf(database, slug);
    if (tenant.status !== 'active') throw new AdminError(`tenant ${slug} is disabled: no key of it opens anything`);
    const patient = shown === undefined ? undefined : await patientOf(facts, { tenant, surface, shown });
    const key = await createKey(database, {
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
      'It is shown this once; only its hash is kept.',
    ];
  },
  'keys list': async (database, { tenant: slug }, { now }) => {
    const keys = await listKeys(database, (await tenantOf(database, slug)).id);
    return keys.length
      ? textTable(
          ['key', 'surface', 'scopes', 'status', 'expires', 'patient', 'name'],
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
};

interface Person {
  tenant: Tenant;
  surface: string;
  /** The id as the surface or FHIR shows it. */
  shown: string;
}

/** The FHIR id of the Patient a key is to stand for: one of its tenant, on a surface that has something about a person. */
async function patientOf({ mappings, contextOf }: AdminFacts, { tenant, surface: name, shown }: Person): Promise<string> {
  const open = new Set(mappings.shapes.filter(({ aboutMe }) => aboutMe).map(({ surface }) => surface));
  const surface = [...open].find((one) => one.name === name);
  const others = [...open].map((one) => one.name).join(', ');
  if (!surface)
    throw new AdminError(`nothing in the ${name} API is about a person: leave --patient out${others && `, or use --surface ${others}`}`);
  const context = contextOf({ tenant: tenant.id, actor: OPERATOR, surface: name, scopes: [] });
  const row = (await readRow(context, 'Patient', shown)) ?? (await readRow(context, 'Patient', surface.readId('Patient', shown) ?? shown));
  if (!row)
    throw new AdminError(`tenant ${tenant.slug} has no Patient with the id that --patient names: use an id that ${name} or FHIR shows`);
  return row.id;
}

async function tenantOf(database: Database, slug: string | undefined): Promise<Tenant> {
  const tenant = (await listTenants(database)).find((one) => one.slug === slug);
  if (!tenant) throw new AdminError(slug === undefined ? 'name the tenant: --tenant <name>' : `there is no tenant ${slug}`);
  return tenant;
}

/** The resource type that a scope names; undefined: all of them. */
const typeIn = (scope: string): string | undefined => /^system\/(\w+)\./.exec(scope)?.[1];

/** Scopes by comma or space, each one that the server understands, of types that it serves. */
function scopesOf(list: string): string[] {
  const scopes = list.split(/[\s,]+/).filter(Boolean);
  const wrong = scopes.filter((scope) => !isScope(scope));
  if (!scopes.length) throw new AdminError('--scopes needs at least one: read, write, *, admin or system/<Type or *>.<letters of cruds>');
  if (wrong.length)
    throw new AdminError(`not a scope: ${wrong.join(', ')}; use read, write, *, admin or system/<Type or *>.<letters of cruds>`);
  for (const type of scopes.flatMap((scope) => typeIn(scope) ?? []))
    if (!isServed(type)) throw new AdminError(`--scopes: the resource type ${type} is not served${amongThese(type, SERVED_TYPES)}`);
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

function keyRow({ id, surface, scopes, status, expires, patient, name }: ListedKey, now: string): string[] {
  const over = status === 'active' && expires !== null && expires <= now;
  return [id, surface, scopes.join(' '), over ? 'expired' : status, expires ?? 'never', patient ?? '–', name ?? ''];
}
