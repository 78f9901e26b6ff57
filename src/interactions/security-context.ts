// Who may see or change a Binary with a security context: who may do the same to the resource that is named there.
// https://hl7.org/fhir/R4/binary.html ("securityContext")
import { forbidden } from '../fhir/outcome.ts';
import { referencedType } from '../fhir/reference-target.ts';
import { allows, type Permission } from '../fhir/scope.ts';
import { elementsOf } from '../fhir/subset.ts';
import type { Row, Text } from '../store/resources/row.ts';
import { withoutHeaders } from './channel-headers.ts';
import type { Caller, WriteHook } from './context.ts';

/** Refuses (403) a Binary whose context the caller's scopes do not cover. */
export function refuseOutside(caller: Caller, row: Row, permission: Permission): void {
  if (!isWithin(caller, row, permission)) throw forbidden('the scopes of this API key do not cover the security context of this Binary');
}

/** The row as it is shown to a caller: a Binary outside of its scopes without its content, so that counts and pages stay what they are. */
export const shownTo =
  (caller: Caller) =>
  <R extends Text>(row: R): R =>
    isWithin(caller, row, 'r') ? withoutHeaders(caller, row) : { ...row, body: elementsOf(row.body!, new Set()) };

const CHANGES: Readonly<Record<string, Permission>> = { PUT: 'u', PATCH: 'u', POST: 'u', DELETE: 'd' };

/** What stands may be replaced or deleted only by who may do so to its context. */
export const guardBinary: WriteHook = {
  check({ caller }, { previous, change }) {
    if (previous) refuseOutside(caller, previous, CHANGES[change.method]!);
  },
};

function isWithin({ scopes }: Caller, { type, body }: Text, permission: Permission): boolean {
  if (type !== 'Binary' || !body?.includes('"securityContext"')) return true;
  const { securityContext } = JSON.parse(body) as { securityContext?: unknown };
  // what names no type may be anything: then only who may do so to everything
  return securityContext === undefined || allows(scopes, referencedType(securityContext) ?? '*', permission);
}
