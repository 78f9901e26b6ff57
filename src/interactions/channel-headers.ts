// Who sees what the headers of a Subscription's channel hold (credentials, mostly): who may change Subscriptions. Others see that they are there.
// https://hl7.org/fhir/R4/subscription-definitions.html#Subscription.channel.header

import { isAllowed } from '../fhir/access-scope.ts';
import { parseExactJson, stringifyJson } from '../fhir/json.ts';
import type { Resource } from '../fhir/types.ts';
import type { BodyRow } from '../store/resources/resource-row.ts';
import type { Caller } from './context.ts';

const REDACTED = 'hidden';

/** The row as this caller sees it. */
export function redactChannelHeaders<R extends BodyRow>({ scopes }: Caller, row: R): R {
  if (row.type !== 'Subscription' || !row.body?.includes('"header"') || isAllowed(scopes, 'Subscription', 'u')) return row;
  const subscription = parseExactJson(row.body) as Resource & { channel: { header?: string[] } };
  const header = subscription.channel.header?.map((text) => `${text.slice(0, text.indexOf(':'))}: ${REDACTED}`);
  return { ...row, body: stringifyJson({ ...subscription, channel: { ...subscription.channel, ...(header && { header }) } }) };
}
