// Works through the webhooks that were kept: an order that is followed is looked at, one that is not is recognised or, after a day, taken for nobody's here.
// An event is done in the transaction that wakes its order, so none is lost and each may come twice.

import { retryAfterSeconds, toHealthSignal } from '../../messaging/outcome.ts';
import { redactError } from '../../messaging/redacted-error.ts';
import { nextRetryAt } from '../../messaging/retry-policy.ts';
import type { InboxEvent } from '../../store/queues/inbox.ts';
import { correlate } from '../track/correlate.ts';
import { createPollLease, type OrderTracker, READ_MS } from '../track/order-tracker.ts';
import { INBOX_SOURCE } from './receive.ts';

const MAX_EVENTS = 50;

/** Works through what is due; answers how many events that were. */
export async function processInbox(following: OrderTracker): Promise<number> {
  const mine = createPollLease(following);
  const events = await following.store.inbox.claim({ ...mine, source: INBOX_SOURCE, limit: MAX_EVENTS });
  if (!events.length) return 0;
  const known = await wakeOrders(following, events, mine.by);
  for (const event of events.filter(({ subject }) => !known.has(subject)))
    await resolveUnknownOrder(following, event, mine.by).catch((error) => retryLater(following, event, mine.by, redactError(error)));
  return events.length;
}

/** The orders of these events are looked at, and the events done; answers the orders that are followed. */
async function wakeOrders(following: OrderTracker, events: InboxEvent[], by: string): Promise<Set<string | null>> {
  const { store, clock } = following;
  const placed = await store.trackedOrders.find({ orderIds: events.flatMap(({ subject }) => subject ?? []) });
  const known = new Set<string | null>(placed.map(({ orderId }) => orderId));
  const told = events.filter(({ subject }) => known.has(subject));
  if (!told.length) return known;
  await store.transaction(async (inside) => {
    await inside.trackedOrders.wake(placed, clock().toISOString());
    await inside.inbox.recordOutcome(told, by, { state: 'done' });
  });
  for (const event of told) reportProcessed(following, event, 'done');
  return known;
}

/** An event is worked through. */
const reportProcessed = ({ webhook, clock }: OrderTracker, { receivedAt }: InboxEvent, outcome: string): void =>
  webhook?.applied(outcome, Math.max(clock().getTime() - Date.parse(receivedAt), 0) / 1000);

/** The order behind it may be one of ours all the same: the network is asked. */
async function resolveUnknownOrder(following: OrderTracker, event: InboxEvent, by: string): Promise<void> {
  const { store, reads, breaker, clock } = following;
  if (breaker.allows(clock()) === 0) return retryLater(following, event, by, 'the network does not answer');
  const outcome = await reads.readOrder(event.subject!, AbortSignal.timeout(READ_MS));
  breaker.record(toHealthSignal('order', outcome), clock(), retryAfterSeconds(outcome));
  if (outcome.kind !== 'accepted') return retryLater(following, event, by, outcome.why);
  const found = outcome.value ? await correlate(following, outcome.value) : 'foreign';
  if (found === 'foreign') return handleForeignEvent(following, event, by);
  if (found === 'waiting')
    return void (await store.inbox.recordOutcome([event], by, { state: 'retry', nextAt: addMs(clock(), RETRY_SOON_MS) }));
  await wakeOrders(following, [event], by);
}

const RETRY_SOON_MS = 10_000;
const addMs = (now: Date, ms: number): string => new Date(now.getTime() + ms).toISOString();

async function retryLater({ store, clock, random }: OrderTracker, event: InboxEvent, by: string, error: string): Promise<void> {
  const nextAt = nextRetryAt('order-poll', { failures: event.attempts - 1 }, { now: clock(), random: random() }).toISOString();
  await store.inbox.recordOutcome([event], by, { state: 'retry', nextAt, error });
}

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
/** Age of an event whose order is nobody's here → when it is tried again, in ms: what it belongs to may become known. */
const FOREIGN_RETRY_AGES = [1, 5, 15, 60, 180, 360, 720].map((minutes) => minutes * MINUTE);

async function handleForeignEvent(following: OrderTracker, event: InboxEvent, by: string): Promise<void> {
  const { store, clock, log } = following;
  const age = clock().getTime() - Date.parse(event.receivedAt);
  const wait = FOREIGN_RETRY_AGES.find((one) => one > age) ?? DAY - age;
  if (age < DAY) {
    const retry = { state: 'retry' as const, nextAt: addMs(clock(), Math.max(wait, MINUTE)), error: 'its order is not known here' };
    return void (await store.inbox.recordOutcome([event], by, retry));
  }
  await store.inbox.recordOutcome([event], by, { state: 'foreign', error: 'its order is not known here' });
  reportProcessed(following, event, 'foreign');
  log({ id: event.id, type: event.type, order: event.subject }, 'a webhook is about an order that is none of ours');
}

/** Bodies that nobody could read are kept for a person to look at, names of events for longer than any sender repeats them, in ms. */
const BODY_RETENTION_MS = 7 * DAY;
const EVENT_RETENTION_MS = 45 * DAY;

/** Lets go of what is old. */
export function pruneInbox({ store, clock }: OrderTracker): Promise<number> {
  const before = (ms: number) => new Date(clock().getTime() - ms).toISOString();
  return store.inbox.prune(INBOX_SOURCE, { bodies: before(BODY_RETENTION_MS), events: before(EVENT_RETENTION_MS) });
}
