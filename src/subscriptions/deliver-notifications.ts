// Tells one subscriber what is due, under the lease of its deliveries: of different resources at once, of one resource one version after the other. Who dies
// between an answer and its record leaves the message to be sent again, under the same name: at least once.
import type { Resource } from '../fhir/types.ts';
import { isGivenUp, nextRetryAt } from '../messaging/retry-policy.ts';
import type { LeasedEntry, OutboxState } from '../store/queues/outbox-entry.ts';
import type { Notification, SubscriptionRegistration } from '../store/queues/subscriptions.ts';
import type { Store } from '../store/store.ts';
import { type Channel, parseChannel } from './channel.ts';
import { CALL_MS, NEVER, parseSubscriptionId, type SubscriptionDelivery } from './delivery-context.ts';
import { buildWebhookRequest } from './notification-message.ts';
import { markFailed } from './stop.ts';
import { type DeliveryResult, sendWebhookRequest } from './webhook-request.ts';

/** How many messages of one subscription are under way at once; while it fails, one at a time tries whether it is well again. */
const MAX_CONCURRENT = 8;
/** When something waits for what is still to be looked at, in ms. */
const RECHECK_MS = 250;

interface Attempt {
  notice: Notification;
  answer: DeliveryResult;
}

/** Sends what is due, once. Answers the entry's state; `sending` when the lease had passed to somebody else, who then sends it again. */
export async function deliverNotifications(notifying: SubscriptionDelivery, leased: LeasedEntry): Promise<OutboxState> {
  const { store, clock } = notifying;
  const { entry } = leased;
  const { tenant } = entry;
  const id = parseSubscriptionId(entry);
  const registration = await store.subscriptions.find(tenant, id);
  const subscription = await readSubscription(store, tenant, id);
  if (!registration || subscription?.status !== 'active') return recordResult(notifying, leased, { sent: [] });
  if (await notifying.isRevoked(tenant, registration.actor)) return recordResult(notifying, leased, { sent: [], error: REVOKED });
  const channel = parseCurrentChannel(notifying, subscription);
  if (typeof channel === 'string') return recordResult(notifying, leased, { sent: [], error: channel });
  const limit = entry.lastError === null ? MAX_CONCURRENT : 1;
  const due = await store.subscriptions.listDue({ tenant, id }, { at: clock().toISOString(), limit });
  return recordResult(notifying, leased, {
    sent: await Promise.all(due.map((notice) => sendNotification(notifying, { registration, channel, notice }))),
  });
}

const REVOKED = 'the key it was made with is no longer in force';

async function readSubscription(store: Store, tenant: number, id: string): Promise<Resource | undefined> {
  const row = await store.read(tenant, 'Subscription', id);
  return row?.body ? (JSON.parse(row.body) as Resource) : undefined;
}

/** What was allowed when it was asked for may be no longer: then it is said why. */
function parseCurrentChannel({ addressPolicy }: SubscriptionDelivery, subscription: Resource): Channel | string {
  try {
    return parseChannel(subscription, addressPolicy);
  } catch (error) {
    return (error as Error).message;
  }
}

async function sendNotification(
  notifying: SubscriptionDelivery,
  told: { registration: SubscriptionRegistration; channel: Channel; notice: Notification },
): Promise<Attempt> {
  const { notice } = told;
  const message = await buildWebhookRequest(notifying, told);
  const answer: DeliveryResult = message
    ? await sendWebhookRequest(message, notifying.addressPolicy, notifying.callMs ?? CALL_MS)
    : { ok: true };
  notifying.notified?.(answer.ok ? 'taken' : 'failed');
  const { tenant, subscription, key } = notice;
  if (!answer.ok) notifying.log({ tenant, subscription, message: key, why: answer.why }, 'a notification was not taken');
  return { notice, answer };
}

/** What came of it. `error`: the subscription cannot go on. */
interface Result {
  sent: Attempt[];
  error?: string;
}

/** Writes it down in one transaction; nothing of it, when the lease is lost. */
async function recordResult(notifying: SubscriptionDelivery, { entry, by }: LeasedEntry, result: Result): Promise<OutboxState> {
  const { store, clock } = notifying;
  const { tenant } = entry;
  const id = parseSubscriptionId(entry);
  const work = store.transaction(async (inside) => {
    // the resource first, as whoever writes it does; then the entry, so that news which comes now is not slept over
    await inside.readForUpdate(tenant, [{ type: 'Subscription', id }]);
    await inside.subscriptions.lockDelivery(entry);
    const now = clock();
    const next = await findNextState(notifying, inside, { tenant, id, ...result, now });
    if (!(await inside.outbox.recordOutcome(entry, by, { ...next, at: now.toISOString() }))) throw new LeaseLost();
    if (next.failed !== undefined) await markFailed(notifying, inside, { tenant, id, why: next.failed });
    return next.state;
  });
  return work.catch((fault: unknown) => {
    if (fault instanceof LeaseLost) return 'sending';
    throw fault;
  });
}

class LeaseLost extends Error {}

interface RecordContext extends Result {
  tenant: number;
  id: string;
  now: Date;
}

/** How the deliveries go on. `failed`: not at all, and the Subscription is to say so. */
interface NextState {
  state: OutboxState;
  nextAt?: string;
  error?: string;
  failed?: string;
}

const toError = (why: string): NextState => ({ state: 'parked', error: why, failed: why });

async function findNextState(notifying: SubscriptionDelivery, store: Store, ended: RecordContext): Promise<NextState> {
  const { tenant, id, sent, error } = ended;
  await store.subscriptions.deleteDelivered(
    tenant,
    sent.flatMap(({ notice, answer }) => (answer.ok ? notice : [])),
  );
  const subscription = await readSubscription(store, tenant, id);
  if (subscription?.status === 'error') return { state: 'parked', error: String(subscription.error) };
  if (subscription?.status !== 'active') return { state: 'cancelled' };
  if (error !== undefined) return toError(error);
  return (await recordFailures(notifying, store, ended)) ?? scheduleNext(store, ended);
}

/** Undefined: nothing failed, or not everything. */
async function recordFailures(
  { random }: SubscriptionDelivery,
  { subscriptions }: Store,
  { sent, now }: RecordContext,
): Promise<NextState | undefined> {
  let next: { why: string; at: Date } | undefined;
  for (const { notice, answer } of sent) {
    if (answer.ok) continue;
    const since = notice.failingSince === null ? now : new Date(notice.failingSince);
    if (answer.gone) return toError(answer.why);
    if (isGivenUp('subscription-delivery', since.getTime(), now))
      return toError(`not delivered since ${since.toISOString()}: ${answer.why}`);
    const at = pickLater(
      nextRetryAt('subscription-delivery', { since: since.getTime() }, { now, random: random() }),
      new Date(now.getTime() + (answer.retryAfter ?? 0) * 1000),
    );
    await subscriptions.recordFailure(notice, { at: now.toISOString(), nextAt: at.toISOString() });
    next = { why: answer.why, at: next ? pickLater(next.at, at) : at };
  }
  return next && !sent.some(({ answer }) => answer.ok) ? { state: 'unknown', nextAt: next.at.toISOString(), error: next.why } : undefined;
}

const pickLater = (a: Date, b: Date): Date => (a > b ? a : b);

async function scheduleNext({ subscriptions }: Store, { tenant, id, sent, now }: RecordContext): Promise<NextState> {
  const due = await subscriptions.findNextDue({ tenant, id });
  if (due === undefined) return { state: 'queued', nextAt: NEVER };
  const soonest = new Date(now.getTime() + (sent.length ? 0 : RECHECK_MS));
  return { state: 'queued', nextAt: pickLater(new Date(due), soonest).toISOString() };
}
