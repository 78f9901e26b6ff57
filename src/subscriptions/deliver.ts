// Tells one subscriber what is due, under the lease of its deliveries: of different resources at once, of one resource one version after the other. Who dies
// between an answer and its record leaves the message to be sent again, under the same name: at least once.
import type { Resource } from '../fhir/types.ts';
import { isGivenUp, nextRetryAt } from '../messaging/retry-policy.ts';
import type { Leased, OutboxState } from '../store/queues/outbox-entry.ts';
import type { Notification, Registration } from '../store/queues/subscriptions.ts';
import type { Store } from '../store/store.ts';
import { type Channel, channelOf } from './channel.ts';
import { type Answer, call } from './http-call.ts';
import { messageOf } from './message.ts';
import { CALL_MS, NEVER, type Notifying, subscriptionId } from './notifying.ts';
import { declareError } from './stop.ts';

/** How many messages of one subscription are under way at once; while it fails, one at a time tries whether it is well again. */
const AT_ONCE = 8;
/** When something waits for what is still to be looked at, in ms. */
const SOON_MS = 250;

interface Sent {
  notice: Notification;
  answer: Answer;
}

/** Sends what is due, once. Answers the entry's state; `sending` when the lease had passed to somebody else, who then sends it again. */
export async function deliver(notifying: Notifying, leased: Leased): Promise<OutboxState> {
  const { store, clock } = notifying;
  const { entry } = leased;
  const { tenant } = entry;
  const id = subscriptionId(entry);
  const registration = await store.subscriptions.find(tenant, id);
  const subscription = await subscriptionOf(store, tenant, id);
  if (!registration || subscription?.status !== 'active') return settled(notifying, leased, { sent: [] });
  if (await notifying.isRevoked(tenant, registration.actor)) return settled(notifying, leased, { sent: [], error: REVOKED });
  const channel = channelNow(notifying, subscription);
  if (typeof channel === 'string') return settled(notifying, leased, { sent: [], error: channel });
  const limit = entry.lastError === null ? AT_ONCE : 1;
  const due = await store.subscriptions.due({ tenant, id }, { at: clock().toISOString(), limit });
  return settled(notifying, leased, { sent: await Promise.all(due.map((notice) => send(notifying, { registration, channel, notice }))) });
}

const REVOKED = 'the key it was made with is no longer in force';

async function subscriptionOf(store: Store, tenant: number, id: string): Promise<Resource | undefined> {
  const row = await store.read(tenant, 'Subscription', id);
  return row?.body ? (JSON.parse(row.body) as Resource) : undefined;
}

/** What was allowed when it was asked for may be no longer: then it is said why. */
function channelNow({ reach }: Notifying, subscription: Resource): Channel | string {
  try {
    return channelOf(subscription, reach);
  } catch (error) {
    return (error as Error).message;
  }
}

async function send(notifying: Notifying, told: { registration: Registration; channel: Channel; notice: Notification }): Promise<Sent> {
  const { notice } = told;
  const message = await messageOf(notifying, told);
  const answer: Answer = message ? await call(message, notifying.reach, notifying.callMs ?? CALL_MS) : { ok: true };
  notifying.told?.(answer.ok ? 'taken' : 'failed');
  const { tenant, subscription, key } = notice;
  if (!answer.ok) notifying.log({ tenant, subscription, message: key, why: answer.why }, 'a notification was not taken');
  return { notice, answer };
}

/** What came of it. `error`: the subscription cannot go on. */
interface Result {
  sent: Sent[];
  error?: string;
}

/** Writes it down in one transaction; nothing of it, when the lease is lost. */
async function settled(notifying: Notifying, { entry, by }: Leased, result: Result): Promise<OutboxState> {
  const { store, clock } = notifying;
  const { tenant } = entry;
  const id = subscriptionId(entry);
  const work = store.transaction(async (inside) => {
    // the resource first, as whoever writes it does; then the entry, so that news which comes now is not slept over
    await inside.hold(tenant, [{ type: 'Subscription', id }]);
    await inside.subscriptions.holdDelivery(entry);
    const now = clock();
    const next = await nextOf(notifying, inside, { tenant, id, ...result, now });
    if (!(await inside.outbox.settle(entry, by, { ...next, at: now.toISOString() }))) throw new Lost();
    if (next.failed !== undefined) await declareError(notifying, inside, { tenant, id, why: next.failed });
    return next.state;
  });
  return work.catch((fault: unknown) => {
    if (fault instanceof Lost) return 'sending';
    throw fault;
  });
}

class Lost extends Error {}

interface Ended extends Result {
  tenant: number;
  id: string;
  now: Date;
}

/** How the deliveries go on. `failed`: not at all, and the Subscription is to say so. */
interface Next {
  state: OutboxState;
  nextAt?: string;
  error?: string;
  failed?: string;
}

const stopped = (why: string): Next => ({ state: 'parked', error: why, failed: why });

async function nextOf(notifying: Notifying, store: Store, ended: Ended): Promise<Next> {
  const { tenant, id, sent, error } = ended;
  await store.subscriptions.told(
    tenant,
    sent.flatMap(({ notice, answer }) => (answer.ok ? notice : [])),
  );
  const subscription = await subscriptionOf(store, tenant, id);
  if (subscription?.status === 'error') return { state: 'parked', error: String(subscription.error) };
  if (subscription?.status !== 'active') return { state: 'cancelled' };
  if (error !== undefined) return stopped(error);
  return (await afterFailures(notifying, store, ended)) ?? afterSuccess(store, ended);
}

/** Undefined: nothing failed, or not everything. */
async function afterFailures({ random }: Notifying, { subscriptions }: Store, { sent, now }: Ended): Promise<Next | undefined> {
  let next: { why: string; at: Date } | undefined;
  for (const { notice, answer } of sent) {
    if (answer.ok) continue;
    const since = notice.failingSince === null ? now : new Date(notice.failingSince);
    if (answer.gone) return stopped(answer.why);
    if (isGivenUp('subscription-delivery', since.getTime(), now))
      return stopped(`not delivered since ${since.toISOString()}: ${answer.why}`);
    const at = laterOf(
      nextRetryAt('subscription-delivery', { since: since.getTime() }, { now, random: random() }),
      new Date(now.getTime() + (answer.retryAfter ?? 0) * 1000),
    );
    await subscriptions.failed(notice, { at: now.toISOString(), nextAt: at.toISOString() });
    next = { why: answer.why, at: next ? laterOf(next.at, at) : at };
  }
  return next && !sent.some(({ answer }) => answer.ok) ? { state: 'unknown', nextAt: next.at.toISOString(), error: next.why } : undefined;
}

const laterOf = (a: Date, b: Date): Date => (a > b ? a : b);

async function afterSuccess({ subscriptions }: Store, { tenant, id, sent, now }: Ended): Promise<Next> {
  const due = await subscriptions.nextDue({ tenant, id });
  if (due === undefined) return { state: 'queued', nextAt: NEVER };
  const soonest = new Date(now.getTime() + (sent.length ? 0 : SOON_MS));
  return { state: 'queued', nextAt: laterOf(new Date(due), soonest).toISOString() };
}
