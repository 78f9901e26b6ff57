// Builds the signed request of a notification: an update of the resource at the subscriber's base URL, or an empty POST, with the channel's headers.
// https://hl7.org/fhir/R4/valueset-subscription-channel-type.html#subscription-channel-type-rest-hook
import { isAllowed } from '../fhir/access-scope.ts';
import { redactFor } from '../interactions/redaction.ts';
import { signWebhook } from '../messaging/sign-webhook.ts';
import type { Notification, SubscriptionRegistration } from '../store/queues/subscriptions.ts';
import { buildUpdateUrl, type Channel } from './channel.ts';
import { type SubscriptionDelivery, toSubscriberCaller } from './delivery-context.ts';
import type { WebhookRequest } from './webhook-request.ts';

/** Undefined: no request is sent, because the resource was deleted, or the caller of a renewed registration may not read it. */
export async function buildWebhookRequest(
  { store, clock }: SubscriptionDelivery,
  { registration, channel, notification }: { registration: SubscriptionRegistration; channel: Channel; notification: Notification },
): Promise<WebhookRequest | undefined> {
  const { tenant, type, id, version, key } = notification;
  const current = await store.read(tenant, type, id);
  if (!current?.body) return undefined;
  const at = clock();
  const timestamp = String(Math.floor(at.getTime() / 1000));
  const sign = (body: string): WebhookRequest['headers'] => [
    ...channel.header,
    ['webhook-id', key],
    ['webhook-timestamp', timestamp],
    ['webhook-signature', signWebhook({ id: key, timestamp, body }, findValidSecrets(registration, at)).join(' ')],
  ];
  if (!channel.payload) return { method: 'POST', url: new URL(channel.endpoint), headers: sign(''), body: '' };
  if (!isAllowed(registration.scopes, type, 'r')) return undefined;
  const row = current.version === version ? current : await store.readVersion(tenant, type, id, version);
  if (!row?.body) return undefined;
  const body = redactFor(toSubscriberCaller(registration))(row).body!;
  const headers: WebhookRequest['headers'] = [['content-type', 'application/fhir+json'], ...sign(body)];
  return { method: 'PUT', url: buildUpdateUrl(channel.endpoint, notification), headers, body };
}

const findValidSecrets = ({ secret, formerSecret, formerUntil }: SubscriptionRegistration, at: Date): string[] =>
  formerSecret !== null && formerUntil !== null && Date.parse(formerUntil) > at.getTime() ? [secret, formerSecret] : [secret];
