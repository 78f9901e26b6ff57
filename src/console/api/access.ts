// What the credentials of the session may do, by their scopes, so that an action that the server would refuse is explained instead of offered. Only the server decides.
// The scopes are those of src/fhir/access-scope.ts.
import type { Session } from './session.ts';

/** SMART's letters: create, read, update, search. https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html */
type Permission = 'c' | 'r' | 'u' | 's';

const WORDS: Readonly<Record<string, string>> = { '*': 'cruds', read: 'rs', write: 'cud' };
const SMART_SCOPE = /^(?:system|user|patient)\/(\*|[A-Z][A-Za-z]+)\.(\*|\w+)(?:\?|$)/;

/** Whether one of the scopes covers an interaction on a type, at least on a part of its resources. */
export const isAllowed = (scopes: readonly string[], type: string, permission: Permission): boolean =>
  scopes.some((scope) => {
    if (type === 'AuditEvent' && !isForAudit(scope, permission)) return false;
    const [, named, word = ''] = SMART_SCOPE.exec(scope) ?? [];
    if (named === undefined) return (WORDS[scope] ?? '').includes(permission);
    return [type, '*'].includes(named) && (WORDS[word] ?? word).includes(permission);
  });

/** The audit is only read, and only with a system scope that names it, without a query. */
const isForAudit = (scope: string, permission: Permission): boolean =>
  /^system\/AuditEvent\.[^?]+$/.test(scope) && (permission === 'r' || permission === 's');

interface Use {
  /** The API: `fhir`, or a vendor's. */
  surface: string;
  type: string;
  permissions: Exclude<Permission, 's'>[];
}

const VERBS = { c: 'create', r: 'read', u: 'change' } as const;

/** Why the session may not do this, for its user. Undefined: it may, or it has no credential of the API. */
export function findDenial({ surfaces }: Session, { surface, type, permissions }: Use): string | undefined {
  const own = surfaces.find(({ name }) => name === surface);
  const missing = own && permissions.find((permission) => !isAllowed(own.scopes, type, permission));
  if (!own || missing === undefined) return undefined;
  const mayWrite = (['c', 'u'] as const).some((permission) => isAllowed(own.scopes, type, permission));
  const limit = missing === 'r' || mayWrite ? `may not ${VERBS[missing]}` : 'may only read';
  return `Your key of ${own.title} ${limit} ${type}; sign in with one that may, for example with the scope system/${type}.${missing}.`;
}

interface Edit {
  surface: string;
  type: string;
}

/** Why the session may not edit a face: the FHIR API previews the edit, and the API of the face saves it. Undefined: it may, or it has no credential of the API. */
export function findEditDenial(session: Session, { surface, type }: Edit): string | undefined {
  const isOpen = session.surfaces.some(({ name }) => name === surface);
  if (!isOpen) return undefined;
  return (
    findDenial(session, { surface: 'fhir', type, permissions: ['r', 'u'] }) ?? findDenial(session, { surface, type, permissions: ['u'] })
  );
}
