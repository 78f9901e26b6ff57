// Processes stored webhooks: makes the poll of a tracked order due, or tries for a day to correlate an unknown order, which is then treated as foreign. The
// transaction that makes the poll due also ends the event: no event is lost, and an event may be processed twice.

import { retryAfterSeconds, toHealthSignal } from '../../messaging/outcome.ts';
import { redactError } from '../../messaging/redacted-error.ts';
import { nextRetryAt } from '../../messaging/retry-policy.ts';
import type { InboxEvent } from '../../store/queues/inbox.ts';
import { toOrderFields } from '../log-fields.ts';
import { correlate } from '../track/correlate.ts';
import { createPollLease, type OrderTracker, READ_MS } from '../track/order-tracker.ts';

/** The source of the lab network's events in the inbox. */
export const INBOX_SOURCE = 'junction';

const MAX_EVENTS = 50;

/** Processes due events and returns their number. */
export async function processInbox(tracker: OrderTracker): Promise<number> {
  const lease = createPollLease(tracker);
  const events = await tracker.store.inbox.claim({ ...lease, tenant: tracker.account.tenant, source: INBOX_SOURCE, limit: MAX_EVENTS });
  if (!events.length) return 0;
  const known = await wakeOrders(tracker, events, lease.by);
  for (const event of events.filter(({ subject }) => !known.has(subject)))
    await resolveUnknownOrder(tracker, event, lease.by).catch((error) => retryLater(tracker, event, lease.by, redactError(error)));
  return events.length;
}

/** Makes the polls of tracked orders due and their events done. Returns the ids of the tracked orders. */
async function wakeOrders(tracker: OrderTracker, events: InboxEvent[], by: string): Promise<Set<string | null>> {
  const { account, store, clock, log } = tracker;
  const trackedOrders = await store.trackedOrders.find({ account: account.id, orderIds: events.flatMap(({ subject }) => subject ?? []) });
  const known = new Set<string | null>(trackedOrders.map(({ orderId }) => orderId));
  const matched = events.filter(({ subject }) => known.has(subject));
  if (!matched.length) return known;
  await store.transaction(async (inside) => {
    await inside.trackedOrders.wake(trackedOrders, clock().toISOString());
    await inside.inbox.recordOutcome(matched, by, { state: 'done' });
  });
  for (const event of matched) {
    const order = trackedOrders.find(({ orderId }) => orderId === event.subject)!;
    log({ id: event.id, type: event.type, ...toOrderFields(order) }, 'a webhook was processed');
    reportProcessed(tracker, event, 'done');
  }
  return known;
}

const reportProcessed = ({ webhook, clock }: OrderTracker, { receivedAt }: InboxEvent, outcome: string): void =>
  webhook?.applied(outcome, Math.max(clock().getTime() - Date.parse(receivedAt), 0) / 1000);

/** Reads and correlates an untracked order: it may belong to a request of this server. */
async function resolveUnknownOrder(tracker: OrderTracker, event: InboxEvent, by: string): Promise<void> {
  const { store, reads, breaker, clock } = tracker;
  if (breaker.allows(clock()) === 0) return retryLater(tracker, event, by, 'the network does not respond');
  const outcome = await reads.readOrder(event.subject!, AbortSignal.timeout(READ_MS));
  breaker.record(toHealthSignal('order', outcome), clock(), retryAfterSeconds(outcome));
  if (outcome.kind !== 'accepted') return retryLater(tracker, event, by, outcome.why);
  const found = outcome.value ? await correlate(tracker, outcome.value) : 'foreign';
  if (found === 'foreign') return handleForeignEvent(tracker, event, by);
  if (found === 'waiting')
    return void (await store.inbox.recordOutcome([event], by, { state: 'retry', nextAt: addMs(clock(), RETRY_SOON_MS) }));
  await wakeOrders(tracker, [event], by);
}

const RETRY_SOON_MS = 10_000;
const addMs = (now: Date, ms: number): string => new Date(now.getTime() + ms).toISOString();

async function retryLater({ store, clock, random }: OrderTracker, event: InboxEvent, by: string, error: string): Promise<void> {
  const nextAt = nextRetryAt('order-poll', { failures: event.attempts - 1 }, { now: clock(), random: random() }).toISOString();
  await store.inbox.recordOutcome([event], by, { state: 'retry', nextAt, error });
}

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
/** The ages of an event at which an unknown order is looked up again, in ms. */
const FOREIGN_RETRY_AGES = [1, 5, 15, 60, 180, 360, 720].map((minutes) => minutes * MINUTE);

async function handleForeignEvent(tracker: OrderTracker, event: InboxEvent, by: string): Promise<void> {
  const { store, clock, log } = tracker;
  const age = clock().getTime() - Date.parse(event.receivedAt);
  const wait = FOREIGN_RETRY_AGES.find((limit) => limit > age) ?? DAY - age;
  if (age < DAY) {
    const retry = { state: 'retry' as const, nextAt: addMs(clock(), Math.max(wait, MINUTE)), error: 'the order is unknown' };
    return void (await store.inbox.recordOutcome([event], by, retry));
  }
  await store.inbox.recordOutcome([event], by, { state: 'foreign', error: 'the order is unknown' });
  reportProcessed(tracker, event, 'foreign');
  log({ id: event.id, type: event.type, order: event.subject }, 'a webhook is about an order of another system');
}

/** In ms. Undecodable bodies are stored for inspection. Event ids are stored for longer than the sender repeats a message. */
const BODY_RETENTION_MS = 7 * DAY;
const EVENT_RETENTION_MS = 45 * DAY;

/** Deletes old bodies and events. */
export function pruneInbox({ account, store, clock }: OrderTracker): Promise<number> {
  const before = (ms: number) => new Date(clock().getTime() - ms).toISOString();
  return store.inbox.prune(
    { tenant: account.tenant, source: INBOX_SOURCE },
    { bodies: before(BODY_RETENTION_MS), events: before(EVENT_RETENTION_MS) },
  );
}
