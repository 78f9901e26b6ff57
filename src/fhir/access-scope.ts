// What a credential may do: plain words (`read`, `write`, `*`; `admin` for looking behind the scenes) and SMART v2 system scopes (`system/Patient.rs`).
// https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html#scopes-for-requesting-fhir-resources

/** SMART's letters for the interactions: create, read (vread, history), update (patch), delete, search. */
export type Permission = 'c' | 'r' | 'u' | 'd' | 's';

const PLAIN_SCOPES = new Map([
  ['*', 'cruds'],
  ['read', 'rs'],
  ['write', 'cud'],
  ['admin', ''],
]);
const SYSTEM_SCOPE = /^system\/(\*|[A-Z][A-Za-z]+)\.(c?r?u?d?s?)$/;

/** Whether the text is a scope this server understands. */
export const isScope = (scope: string): boolean => PLAIN_SCOPES.has(scope) || (SYSTEM_SCOPE.exec(scope)?.[2] ?? '') !== '';

/** Whether one of the scopes lets the caller do this to resources of this type. */
export function isAllowed(scopes: readonly string[], type: string, permission: Permission): boolean {
  return scopes.some((scope) => {
    const word = PLAIN_SCOPES.get(scope);
    if (word !== undefined) return word.includes(permission);
    const [, types, letters] = SYSTEM_SCOPE.exec(scope) ?? [];
    return (types === '*' || types === type) && letters !== undefined && letters.includes(permission);
  });
}

/** Whether the caller may see how the server does its work. No other scope contains this one. */
export const isAdmin = (scopes: readonly string[]): boolean => scopes.includes('admin');

/** The smallest scope that lets a caller do this. */
export const toSmallestScope = (type: string, permission: Permission): string => `system/${type}.${permission}`;
