// Access scopes of API keys: `read`, `write`, `*`, `admin` (query plans), and SMART v2 system scopes (`system/Patient.rs`).
// https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html#scopes-for-requesting-fhir-resources

import { AUDIT_TYPE } from './audit-search.ts';

/** SMART's letters for the interactions: create, read (vread, history), update (patch), delete, search. */
export type Permission = 'c' | 'r' | 'u' | 'd' | 's';

const PLAIN_SCOPES = new Map([
  ['*', 'cruds'],
  ['read', 'rs'],
  ['write', 'cud'],
  ['admin', ''],
]);
const SYSTEM_SCOPE = /^system\/(\*|[A-Z][A-Za-z]+)\.(c?r?u?d?s?)$/;

/** Whether this server supports a scope. */
export const isScope = (scope: string): boolean => PLAIN_SCOPES.has(scope) || (SYSTEM_SCOPE.exec(scope)?.[2] ?? '') !== '';

/** Whether a scope covers the audit: only the scope that names AuditEvent does, and it never allows a write. */
function coversAudit(scope: string, permission: Permission): boolean {
  const [, type, letters] = SYSTEM_SCOPE.exec(scope) ?? [];
  return type === AUDIT_TYPE && (permission === 'r' || permission === 's') && letters!.includes(permission);
}

/** Whether one of the scopes covers an interaction on a resource type. */
export function isAllowed(scopes: readonly string[], type: string, permission: Permission): boolean {
  if (type === AUDIT_TYPE) return scopes.some((scope) => coversAudit(scope, permission));
  return scopes.some((scope) => {
    const word = PLAIN_SCOPES.get(scope);
    if (word !== undefined) return word.includes(permission);
    const [, types, letters] = SYSTEM_SCOPE.exec(scope) ?? [];
    return (types === '*' || types === type) && letters !== undefined && letters.includes(permission);
  });
}

/** Whether the scopes include `admin`. No other scope includes it. */
export const isAdmin = (scopes: readonly string[]): boolean => scopes.includes('admin');

/** The smallest scope that covers an interaction on a resource type. */
export const toSmallestScope = (type: string, permission: Permission): string => `system/${type}.${permission}`;
