// Delivers the due notifications of one subscription under its lease. Notifications of different resources are sent concurrently, those of one resource version by
// version. If a process dies after a response and before it is stored, the notification is sent again under the same id (at least once).
import type { Subscription } from '@medplum/fhirtypes';
import { FhirError } from '../fhir/outcome.ts';
import { parseStored } from '../fhir/typed-resource.ts';
import { isGivenUp, nextRetryAt } from '../messaging/retry-policy.ts';
import type { LeasedEntry, OutboxState } from '../store/queues/outbox-entry.ts';
import type { Notification, SubscriptionRegistration } from '../store/queues/subscriptions.ts';
import type { Store } from '../store/store.ts';
import { type Channel, parseChannel } from './channel.ts';
import { NEVER, parseSubscriptionId, REQUEST_TIMEOUT_MS, type SubscriptionDelivery } from './delivery-context.ts';
import { buildWebhookRequest } from './notification-message.ts';
import { markFailed } from './status.ts';
import { type DeliveryResult, sendWebhookRequest } from './webhook-request.ts';

/** Concurrent requests of one subscription. While it fails, one request at a time probes it. */
const MAX_CONCURRENT = 8;
/** The delay of a notification that waits for an earlier change to be matched, in ms. */
const RECHECK_MS = 250;

interface Attempt {
  notification: Notification;
  result: DeliveryResult;
}

/** Sends the due notifications once. Returns the state of the entry; `sending`: the lease was lost, and the process that has it now sends them again. */
export async function deliverNotifications(delivery: SubscriptionDelivery, leased: LeasedEntry): Promise<OutboxState> {
  const { store, clock } = delivery;
  const { entry } = leased;
  const { tenant } = entry;
  const id = parseSubscriptionId(entry);
  const registration = await store.subscriptions.find(tenant, id);
  const subscription = await readSubscription(store, tenant, id);
  if (!registration || subscription?.status !== 'active') return recordRound(delivery, leased, { attempts: [] });
  if (await delivery.isRevoked(tenant, registration.actor)) return recordRound(delivery, leased, { attempts: [], error: REVOKED });
  const channel = checkChannel(delivery, subscription);
  if (typeof channel === 'string') return recordRound(delivery, leased, { attempts: [], error: channel });
  const limit = entry.lastError === null ? MAX_CONCURRENT : 1;
  const due = await store.subscriptions.listDue({ tenant, id }, { at: clock().toISOString(), limit });
  const attempts = due.map((notification) => sendNotification(delivery, { registration, channel, notification }));
  return recordRound(delivery, leased, { attempts: await Promise.all(attempts) });
}

const REVOKED = 'the API key that created the subscription is no longer valid';

const readSubscription = async (store: Store, tenant: number, id: string): Promise<Subscription | undefined> =>
  parseStored('Subscription', await store.read(tenant, 'Subscription', id));

/** The channel, or the reason why it is refused: the configuration may have changed since the Subscription was written. */
function checkChannel({ addressPolicy }: SubscriptionDelivery, subscription: Subscription): Channel | string {
  try {
    return parseChannel(subscription, addressPolicy);
  } catch (error) {
    if (error instanceof FhirError) return error.message;
    throw error;
  }
}

async function sendNotification(
  delivery: SubscriptionDelivery,
  message: { registration: SubscriptionRegistration; channel: Channel; notification: Notification },
): Promise<Attempt> {
  const { notification } = message;
  const { tenant, subscription, key } = notification;
  const request = await buildWebhookRequest(delivery, message);
  const timeoutMs = delivery.callMs ?? REQUEST_TIMEOUT_MS;
  const result: DeliveryResult = request ? await sendWebhookRequest(request, delivery.addressPolicy, timeoutMs) : { ok: true };
  delivery.notified?.(result.ok ? 'taken' : 'failed');
  if (!result.ok) delivery.log({ tenant, subscription, message: key, why: result.why }, 'a notification was not accepted');
  return { notification, result };
}

/** `error`: why the subscription cannot continue. */
interface Round {
  attempts: Attempt[];
  error?: string;
}

/** Stores the results of the round in one transaction. If the lease was lost, nothing is stored. */
async function recordRound(delivery: SubscriptionDelivery, { entry, by }: LeasedEntry, round: Round): Promise<OutboxState> {
  const { store, clock } = delivery;
  const { tenant } = entry;
  const id = parseSubscriptionId(entry);
  const work = store.transaction(async (inside) => {
    // the resource is locked first, as by every other writer; then the entry, so that a change that is matched now makes the entry due again
    await inside.readForUpdate(tenant, [{ type: 'Subscription', id }]);
    await inside.subscriptions.lockDelivery(entry);
    const now = clock();
    const next = await recordAttempts(delivery, inside, { tenant, id, ...round, now });
    if (!(await inside.outbox.recordOutcome(entry, by, { ...next, at: now.toISOString() }))) throw new LeaseLost();
    if (next.failed !== undefined) await markFailed(delivery, inside, { tenant, id, why: next.failed });
    return next.state;
  });
  return work.catch((error: unknown) => {
    if (error instanceof LeaseLost) return 'sending';
    throw error;
  });
}

class LeaseLost extends Error {}

interface FinishedRound extends Round {
  tenant: number;
  id: string;
  now: Date;
}

/** The next state of the outbox entry. `failed`: the Subscription is set to error with this text. */
interface NextState {
  state: OutboxState;
  nextAt?: string;
  error?: string;
  failed?: string;
}

const toFailed = (why: string): NextState => ({ state: 'parked', error: why, failed: why });

async function recordAttempts(delivery: SubscriptionDelivery, store: Store, round: FinishedRound): Promise<NextState> {
  const { tenant, id, attempts, error } = round;
  const delivered = attempts.flatMap(({ notification, result }) => (result.ok ? notification : []));
  await store.subscriptions.deleteDelivered(tenant, delivered);
  const subscription = await readSubscription(store, tenant, id);
  if (subscription?.status === 'error') return { state: 'parked', error: String(subscription.error) };
  if (subscription?.status !== 'active') return { state: 'cancelled' };
  if (error !== undefined) return toFailed(error);
  return (await recordFailures(delivery, store, round)) ?? scheduleNext(store, round);
}

/** Undefined: at least one notification was delivered, or none was due. */
async function recordFailures(
  { random }: SubscriptionDelivery,
  { subscriptions }: Store,
  { attempts, now }: FinishedRound,
): Promise<NextState | undefined> {
  let next: { why: string; at: Date } | undefined;
  for (const { notification, result } of attempts) {
    if (result.ok) continue;
    const { why, isGone, retryAfter = 0 } = result;
    const since = notification.failingSince === null ? now.getTime() : Date.parse(notification.failingSince);
    if (isGone) return toFailed(why);
    if (isGivenUp('subscription-delivery', since, now)) return toFailed(`not delivered since ${new Date(since).toISOString()}: ${why}`);
    const retryAt = nextRetryAt('subscription-delivery', { since }, { now, random: random() });
    const at = pickLater(retryAt, new Date(now.getTime() + retryAfter * 1000));
    await subscriptions.recordFailure(notification, { at: now.toISOString(), nextAt: at.toISOString() });
    next = { why, at: next ? pickLater(next.at, at) : at };
  }
  if (!next || attempts.some(({ result }) => result.ok)) return undefined;
  return { state: 'unknown', nextAt: next.at.toISOString(), error: next.why };
}

const pickLater = (a: Date, b: Date): Date => (a > b ? a : b);

async function scheduleNext({ subscriptions }: Store, { tenant, id, attempts, now }: FinishedRound): Promise<NextState> {
  const due = await subscriptions.findNextDue({ tenant, id });
  if (due === undefined) return { state: 'queued', nextAt: NEVER };
  const soonest = new Date(now.getTime() + (attempts.length ? 0 : RECHECK_MS));
  return { state: 'queued', nextAt: pickLater(new Date(due), soonest).toISOString() };
}
