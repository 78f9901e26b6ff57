// A message to a subscriber: an update of the resource at the subscriber's base, or an empty call; with the channel's headers, and signed.
// https://hl7.org/fhir/R4/valueset-subscription-channel-type.html#subscription-channel-type-rest-hook
import { allows } from '../fhir/scope.ts';
import { redactFor } from '../interactions/redaction.ts';
import type { Notification, SubscriptionRegistration } from '../store/queues/subscriptions.ts';
import { buildUpdateUrl, type Channel } from './channel.ts';
import { type SubscriptionDelivery, toSubscriberCaller } from './delivery-context.ts';
import { buildSignatureHeaders } from './signature.ts';
import type { WebhookRequest } from './webhook-request.ts';

/** Undefined: there is nothing to tell any more, the resource was deleted, or whoever asked for it anew may not read it. */
export async function buildWebhookRequest(
  { store, clock }: SubscriptionDelivery,
  { registration, channel, notice }: { registration: SubscriptionRegistration; channel: Channel; notice: Notification },
): Promise<WebhookRequest | undefined> {
  const { tenant, type, id, version, key } = notice;
  const current = await store.read(tenant, type, id);
  if (!current?.body) return undefined;
  const at = clock();
  const secrets = findValidSecrets(registration, at);
  const sealed = (body: string) => [...channel.header, ...buildSignatureHeaders(key, { at, body, secrets })];
  if (!channel.payload) return { method: 'POST', url: new URL(channel.endpoint), headers: sealed(''), body: '' };
  if (!allows(registration.scopes, type, 'r')) return undefined;
  const then = current.version === version ? current : await store.readVersion(tenant, type, id, version);
  if (!then?.body) return undefined;
  const body = redactFor(toSubscriberCaller(registration))(then).body!;
  return {
    method: 'PUT',
    url: buildUpdateUrl(channel.endpoint, notice),
    headers: [['content-type', 'application/fhir+json'], ...sealed(body)],
    body,
  };
}

const findValidSecrets = ({ secret, formerSecret, formerUntil }: SubscriptionRegistration, at: Date): string[] =>
  formerSecret !== null && formerUntil !== null && Date.parse(formerUntil) > at.getTime() ? [secret, formerSecret] : [secret];
