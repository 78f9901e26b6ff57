// Removes parts of a resource that the caller may read but not see completely: the content of a Binary with a security context, and the channel headers of a
// Subscription.
// https://hl7.org/fhir/R4/binary.html ("securityContext"), https://hl7.org/fhir/R4/subscription-definitions.html#Subscription.channel.header

import { isAllowed, isAllowedOnAll, type Permission } from '../fhir/access-scope.ts';
import { stringifyJson } from '../fhir/json.ts';
import { forbidden } from '../fhir/outcome.ts';
import { readReferenceType } from '../fhir/reference.ts';
import { selectElements } from '../fhir/summary.ts';
import type { Resource } from '../fhir/types.ts';
import { parseBody, parseExactBody, type ResourceRow } from '../store/resources/resource-row.ts';
import type { Caller, WriteHook } from './context.ts';

/** Refuses (403) a Binary whose security context the caller's scopes do not cover. */
export function requireSecurityContext(caller: Caller, row: ResourceRow, permission: Permission): void {
  if (!coversSecurityContext(caller, row, permission))
    throw forbidden('the scopes of this credential do not cover the security context of this Binary');
}

/** What is read of a row. */
type ResourceText = Pick<ResourceRow, 'type' | 'body'>;

/** Redacts a row for a caller. A Binary outside the caller's scopes is returned without its content, so that counts and pages do not change. */
export const redactFor =
  (caller: Caller) =>
  <R extends ResourceText>(row: R): R =>
    coversSecurityContext(caller, row, 'r') ? redactChannelHeaders(caller, row) : { ...row, body: selectElements(row.body!, new Set()) };

const WRITE_PERMISSIONS: Readonly<Record<string, Permission>> = { PUT: 'u', PATCH: 'u', POST: 'u', DELETE: 'd' };

/** A stored Binary may be replaced or deleted only by a caller whose scopes allow the same for its security context. */
export const guardBinary: WriteHook = {
  check({ caller }, { previous, change }) {
    if (previous) requireSecurityContext(caller, previous, WRITE_PERMISSIONS[change.method]!);
  },
};

function coversSecurityContext({ scopes }: Caller, { type, body }: ResourceText, permission: Permission): boolean {
  if (type !== 'Binary' || !body?.includes('"securityContext"')) return true;
  const { securityContext } = parseBody(body);
  // A reference without a type may point to any type, so the caller needs the permission for all types. Which resources of the type it may access is not
  // looked up, so a scope that covers a part of them is not enough.
  return securityContext === undefined || isAllowedOnAll(scopes, readReferenceType(securityContext) ?? '*', permission);
}

const REDACTED = 'hidden';

/** Replaces the values of the headers (usually credentials), unless the caller may update Subscriptions. */
export function redactChannelHeaders<R extends ResourceText>({ scopes }: Caller, row: R): R {
  if (row.type !== 'Subscription' || !row.body?.includes('"header"') || isAllowed(scopes, 'Subscription', 'u')) return row;
  const subscription = parseExactBody<Resource & { channel: { header?: string[] } }>(row.body);
  const header = subscription.channel.header?.map((text) => `${text.slice(0, text.indexOf(':'))}: ${REDACTED}`);
  return { ...row, body: stringifyJson({ ...subscription, channel: { ...subscription.channel, ...(header && { header }) } }) };
}
