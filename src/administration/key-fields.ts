// Reads and checks the fields of a new key: its scopes, its patient, when it expires, and how long the key that it replaces stays valid.
import { isScope } from '../fhir/access-scope.ts';
import { AUDIT_TYPE } from '../fhir/audit-search.ts';
import { isServed } from '../fhir/types.ts';
import { explainUnservedType } from '../fhir/unserved-type.ts';
import { type Context, OPERATOR } from '../interactions/context.ts';
import { hasSupportedQuery } from '../interactions/row-access.ts';
import { readRow } from '../vendor-api/stored-rows.ts';
import type { Administration } from './administration.ts';
import { AdministrationError } from './administration-error.ts';
import { isAdministrator } from './key-surfaces.ts';
import { checkLine } from './line.ts';

const DEFAULT_SCOPES = '*';
const KNOWN_SCOPES = 'read, write, *, admin, system/<Type or *>.<letters of cruds> or system/<Type>.<letters>?<search>';

/** The resource type that a scope names; undefined: all types. */
const typeInScope = (scope: string): string | undefined => /^system\/(\w+)\./.exec(scope)?.[1];

/** Scopes separated by comma or space. A scope that would never match is refused. Administrators have no scopes. */
export function parseScopes(surface: string, list: string | undefined): string[] {
  if (isAdministrator(surface)) {
    if (list === undefined) return [];
    throw new AdministrationError('invalid', ` does not apply to the surface ${surface}, which opens no resource: omit it`, 'scopes');
  }
  const scopes = (list ?? DEFAULT_SCOPES).split(/[\s,]+/).filter(Boolean);
  const invalid = scopes.filter((scope) => !isScope(scope));
  if (!scopes.length) throw new AdministrationError('invalid', ` needs at least one: ${KNOWN_SCOPES}`, 'scopes');
  if (invalid.length) throw new AdministrationError('invalid', `not a scope: ${invalid.join(', ')}; use ${KNOWN_SCOPES}`);
  for (const type of scopes.flatMap((scope) => typeInScope(scope) ?? []))
    if (!isServed(type) && type !== AUDIT_TYPE) throw new AdministrationError('invalid', `: ${explainUnservedType(type)}`, 'scopes');
  return scopes;
}

/** Refuses a scope whose query is not supported, because it would cover nothing. */
export function checkScopeQueries(scopes: readonly string[], parts: Pick<Context, 'registry' | 'baseUrl'>): void {
  const unsupported = scopes.find((scope) => !hasSupportedQuery(scope, parts));
  if (unsupported !== undefined)
    throw new AdministrationError(
      'invalid',
      ` cannot have this query: ${unsupported}; use search parameters of the type that are tokens or references, such as ?category=laboratory, and %2C for a comma`,
      'scopes',
    );
}

/** What a key is for. Null: nobody said so. */
export function parseName(text: string | undefined): string | null {
  if (text === undefined || text === '') return null;
  checkLine(text, 'name');
  return text;
}

/** Later years have no text with four digits. */
const LAST_YEAR = 9999;

/** The instant from which a key is refused; a date is its first instant in UTC. */
export function parseExpiry(text: string | undefined, now: Date): string | undefined {
  if (text === undefined) return undefined;
  const end = /^\d{4}-\d{2}-\d{2}(T|$)/.test(text) ? new Date(text) : undefined;
  if (!end || Number.isNaN(end.getTime()) || end.getUTCFullYear() > LAST_YEAR)
    throw new AdministrationError('invalid', ' must be a date, 2027-01-31', 'expires');
  if (end <= now) throw new AdministrationError('invalid', ' must be in the future', 'expires');
  return end.toISOString();
}

const MINUTE = 60_000;
const UNITS: Record<string, number> = { m: MINUTE, h: 60 * MINUTE, d: 24 * 60 * MINUTE };
const DEFAULT_OVERLAP = '24h';
/** Longer than clients need to change a key; the old key must not be forgotten. */
const LONGEST_OVERLAP = 90 * 24 * 60 * MINUTE;

/** How long a replaced key stays valid, in ms: `30m`, `24h`, `7d`, `0`. */
export function parseOverlap(text: string = DEFAULT_OVERLAP): number {
  const [, count, unit = ''] = /^(\d{1,5})([mhd])$/.exec(text) ?? [];
  const overlap = text === '0' ? 0 : count === undefined ? undefined : Number(count) * UNITS[unit]!;
  if (overlap === undefined || overlap > LONGEST_OVERLAP)
    throw new AdministrationError('invalid', ' must be a number with its unit, at most 90d: 30m, 24h, 7d; or 0', 'overlap');
  return overlap;
}

interface PatientQuery {
  tenant: { id: number; slug: string };
  surface: string;
  /** The id as the surface or FHIR shows it. */
  patientId: string;
}

/** The FHIR id of the Patient that a key is restricted to: a Patient of its tenant, on a surface with endpoints for persons. */
export async function findPatient(
  { mappings, contextOf }: Administration,
  { tenant, surface: name, patientId }: PatientQuery,
): Promise<string> {
  const open = new Set(mappings.shapes.filter(({ isPersonal }) => isPersonal).map(({ surface }) => surface));
  const surface = [...open].find((surface) => surface.name === name);
  const others = [...open].map((surface) => surface.name).join(', ');
  if (!surface)
    throw new AdministrationError(
      'invalid',
      ` does not apply: the ${name} API has no endpoints for keys of a single patient; omit it${others && `, or use the surface ${others}`}`,
      'patient',
    );
  const context = contextOf({ tenant: tenant.id, actor: OPERATOR, surface: name, scopes: [] });
  const row =
    (await readRow(context, 'Patient', patientId)) ??
    (await readRow(context, 'Patient', surface.decodeId('Patient', patientId) ?? patientId));
  if (!row)
    throw new AdministrationError('invalid', ` names no Patient of tenant ${tenant.slug}: use an id that ${name} or FHIR shows`, 'patient');
  return row.id;
}
