// Who may see or change a Binary with a security context: who may do the same to the resource that is named there.
// https://hl7.org/fhir/R4/binary.html ("securityContext")

import { isAllowed, type Permission } from '../fhir/access-scope.ts';
import { forbidden } from '../fhir/outcome.ts';
import { readReferenceType } from '../fhir/reference.ts';
import { selectElements } from '../fhir/summary.ts';
import type { BodyRow, ResourceRow } from '../store/resources/resource-row.ts';
import { redactChannelHeaders } from './channel-headers.ts';
import type { Caller, WriteHook } from './context.ts';

/** Refuses (403) a Binary whose context the caller's scopes do not cover. */
export function requireSecurityContext(caller: Caller, row: ResourceRow, permission: Permission): void {
  if (!coversSecurityContext(caller, row, permission))
    throw forbidden('the scopes of this API key do not cover the security context of this Binary');
}

/** The row as it is shown to a caller: a Binary outside of its scopes without its content, so that counts and pages stay what they are. */
export const redactFor =
  (caller: Caller) =>
  <R extends BodyRow>(row: R): R =>
    coversSecurityContext(caller, row, 'r') ? redactChannelHeaders(caller, row) : { ...row, body: selectElements(row.body!, new Set()) };

const WRITE_PERMISSIONS: Readonly<Record<string, Permission>> = { PUT: 'u', PATCH: 'u', POST: 'u', DELETE: 'd' };

/** What stands may be replaced or deleted only by who may do so to its context. */
export const guardBinary: WriteHook = {
  check({ caller }, { previous, change }) {
    if (previous) requireSecurityContext(caller, previous, WRITE_PERMISSIONS[change.method]!);
  },
};

function coversSecurityContext({ scopes }: Caller, { type, body }: BodyRow, permission: Permission): boolean {
  if (type !== 'Binary' || !body?.includes('"securityContext"')) return true;
  const { securityContext } = JSON.parse(body) as { securityContext?: unknown };
  // what names no type may be anything: then only who may do so to everything
  return securityContext === undefined || isAllowed(scopes, readReferenceType(securityContext) ?? '*', permission);
}
