// Access scopes: the words of API keys (`read`, `write`, `*`, `admin` for query plans), and SMART's scopes (`system/Patient.rs`, `user/Patient.rs`).
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
/**
 * `user/`: what the user may access. The server knows no rights of users, so the issuer that grants such a scope decides (docs/decisions/0047-access-tokens.md).
 * `patient/` scopes and scopes with a query (`?category=…`) are not supported: they match nothing and grant nothing.
 */
const SMART_SCOPE = /^(?:system|user)\/(\*|[A-Z][A-Za-z]+)\.(c?r?u?d?s?|read|write|\*)$/;
/** https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html#scopes-for-requesting-fhir-resources: the letters of SMART 1.0's words */
const FORMER_WORDS: Readonly<Record<string, string>> = { read: 'rs', write: 'cud', '*': 'cruds' };

/** The type (`*`: all) and the letters of a SMART scope. Undefined: not a SMART scope that this server supports. */
function parseSmartScope(scope: string): { type: string; letters: string } | undefined {
  const [, type, word] = SMART_SCOPE.exec(scope) ?? [];
  return type && word ? { type, letters: FORMER_WORDS[word] ?? word } : undefined;
}

/** Whether this server supports a scope of an API key. A key has no user. */
export const isScope = (scope: string): boolean =>
  PLAIN_SCOPES.has(scope) || (scope.startsWith('system/') && parseSmartScope(scope) !== undefined);

/** Whether a scope covers the audit: only a system scope that names AuditEvent does, and it never allows a write. */
function coversAudit(scope: string, permission: Permission): boolean {
  const smart = scope.startsWith('system/') ? parseSmartScope(scope) : undefined;
  return smart?.type === AUDIT_TYPE && (permission === 'r' || permission === 's') && smart.letters.includes(permission);
}

/** Whether one of the scopes covers an interaction on a resource type. */
export function isAllowed(scopes: readonly string[], type: string, permission: Permission): boolean {
  if (type === AUDIT_TYPE) return scopes.some((scope) => coversAudit(scope, permission));
  return scopes.some((scope) => {
    const word = PLAIN_SCOPES.get(scope);
    if (word !== undefined) return word.includes(permission);
    const smart = parseSmartScope(scope);
    return smart !== undefined && (smart.type === '*' || smart.type === type) && smart.letters.includes(permission);
  });
}

/** Whether the scopes include `admin`. No other scope includes it. */
export const isAdmin = (scopes: readonly string[]): boolean => scopes.includes('admin');

/** The smallest scope that covers an interaction on a resource type. */
export const toSmallestScope = (type: string, permission: Permission): string => `system/${type}.${permission}`;
