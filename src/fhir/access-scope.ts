// Access scopes: the words of API keys (`read`, `write`, `*`, `admin` for query plans), and SMART's scopes (`system/Patient.rs`, `user/Patient.rs`).
// https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html#scopes-for-requesting-fhir-resources

import { AUDIT_TYPE } from './audit-search.ts';
import { listCompartmentTypes } from './search/compartment.ts';

/** SMART's letters for the interactions: create, read (vread, history), update (patch), delete, search. */
export type Permission = 'c' | 'r' | 'u' | 'd' | 's';

const PLAIN_SCOPES = new Map([
  ['*', 'cruds'],
  ['read', 'rs'],
  ['write', 'cud'],
  ['admin', ''],
]);
/** What one scope allows. */
export interface Grant {
  /** `*`: all types. */
  type: string;
  /** The letters of the interactions. */
  letters: string;
  /** Only the compartment of the Patient of the launch context. */
  isPatient?: true;
  /** Only resources that this search finds, without the `?`. */
  query?: string;
}

/**
 * `user/`: what the user may access. The server knows no rights of users, so the issuer that grants such a scope decides (docs/decisions/0047-access-tokens.md).
 * A scope with a query names a type, because search parameters belong to a type.
 */
const SMART_SCOPE = /^(system|user|patient)\/(?:(\*)|([A-Z][A-Za-z]+))\.(c?r?u?d?s?|read|write|\*)(?:\?(.+))?$/;
/** https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html#scopes-for-requesting-fhir-resources: the letters of SMART 1.0's words */
const FORMER_WORDS: Readonly<Record<string, string>> = { read: 'rs', write: 'cud', '*': 'cruds' };

/** The grant of a SMART scope. Undefined: not a SMART scope that this server supports. */
export function parseSmartScope(scope: string): Grant | undefined {
  const [, level, all, named, word, query] = SMART_SCOPE.exec(scope) ?? [];
  const type = all ?? named;
  if (!type || !word || (all !== undefined && query !== undefined)) return undefined;
  return {
    type,
    letters: FORMER_WORDS[word] ?? word,
    ...(level === 'patient' && { isPatient: true as const }),
    ...(query !== undefined && { query }),
  };
}

/** Whether this server supports a scope of an API key. A key has no user and no launch context. */
export const isScope = (scope: string): boolean =>
  PLAIN_SCOPES.has(scope) || (scope.startsWith('system/') && parseSmartScope(scope) !== undefined);

/** Whether a scope needs the Patient of a launch context. */
export const isPatientScope = (scope: string): boolean => scope.startsWith('patient/');

/** Whether a scope covers the audit: only a system scope that names AuditEvent does, without a query, and it never allows a write. */
function coversAudit(scope: string, permission: Permission): boolean {
  const smart = scope.startsWith('system/') ? parseSmartScope(scope) : undefined;
  const isRead = permission === 'r' || permission === 's';
  return smart?.type === AUDIT_TYPE && smart.query === undefined && isRead && smart.letters.includes(permission);
}

/** `patient/` scopes cover the types of the patient compartment. https://hl7.org/fhir/R4/compartmentdefinition-patient.html */
const PATIENT_TYPES: ReadonlySet<string> = new Set(listCompartmentTypes('Patient'));

/** The grants of a list of scopes, parsed once: a caller is kept for several requests. */
const parsed = new WeakMap<readonly string[], Grant[]>();

function parseScopes(scopes: readonly string[]): Grant[] {
  const known = parsed.get(scopes);
  if (known) return known;
  const grants = scopes.flatMap((scope) => {
    const word = PLAIN_SCOPES.get(scope);
    return (word === undefined ? parseSmartScope(scope) : { type: '*', letters: word }) ?? [];
  });
  parsed.set(scopes, grants);
  return grants;
}

/** The grants that cover an interaction on a resource type, or on a part of its resources. */
export const findGrants = (scopes: readonly string[], type: string, permission: Permission): Grant[] =>
  parseScopes(scopes).filter(
    (grant) =>
      grant.letters.includes(permission) && (grant.type === '*' || grant.type === type) && (!grant.isPatient || PATIENT_TYPES.has(type)),
  );

/** Whether a grant covers only a part of the resources of its type. */
export const isRestricted = ({ isPatient, query }: Grant): boolean => isPatient === true || query !== undefined;

/** Whether one of the scopes covers only a part of the resources of a type. */
export const hasRestrictedScope = (scopes: readonly string[]): boolean =>
  scopes.some((scope) => scope.startsWith('patient/') || scope.includes('?'));

/** Whether one of the scopes covers an interaction on a resource type, at least on a part of its resources (src/store/restricted-store.ts). */
export function isAllowed(scopes: readonly string[], type: string, permission: Permission): boolean {
  if (type === AUDIT_TYPE) return scopes.some((scope) => coversAudit(scope, permission));
  return findGrants(scopes, type, permission).length > 0;
}

/** Whether one of the scopes covers an interaction on all resources of a type. */
export const isAllowedOnAll = (scopes: readonly string[], type: string, permission: Permission): boolean =>
  findGrants(scopes, type, permission).some((grant) => !isRestricted(grant));

/** Whether the scopes include `admin`. No other scope includes it. */
export const isAdmin = (scopes: readonly string[]): boolean => scopes.includes('admin');

/** The smallest scope that covers an interaction on a resource type. */
export const toSmallestScope = (type: string, permission: Permission): string => `system/${type}.${permission}`;
