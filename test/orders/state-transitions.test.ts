// Each transition of the state machine on a database with the sandbox: the event in the state leads to the next state.

import { parseOrderSnapshot } from '../../src/junction/order-snapshot.ts';
import type { Outcome } from '../../src/messaging/outcome.ts';
import { attemptDelivery } from '../../src/orders/deliver/attempt-delivery.ts';
import type { DeliveryResult } from '../../src/orders/deliver/conclude-attempt.ts';
import { applyOperatorAction, MANUAL_DUE_TIME } from '../../src/orders/deliver/operator-actions.ts';
import { createDeliveryLease } from '../../src/orders/deliver/order-sender.ts';
import { recordOutcome } from '../../src/orders/deliver/record-outcome.ts';
import { sendCancellation } from '../../src/orders/deliver/send-cancellation.ts';
import { CANCELLATION_TOPIC } from '../../src/orders/place/cancellation.ts';
import { formatOrderPayload, parseOrderPayload } from '../../src/orders/place/order-entry.ts';
import { pollOrder } from '../../src/orders/poll-order.ts';
import { CANCELLATION_TRANSITIONS, ORDER_TRANSITIONS, TRACKING_TRANSITIONS } from '../../src/orders/state-machine.ts';
import { correlate } from '../../src/orders/track/correlate.ts';
import { createPollLease, type LeasedOrder } from '../../src/orders/track/order-tracker.ts';
import type { LeasedEntry, OutboxEntry } from '../../src/store/queues/outbox-entry.ts';
import type { TestStore } from '../store/open.ts';
import { openBeforeEach } from './open-before-each.ts';
import { REQUEST } from './order-fixture.ts';
import { openTrackingFixture, type TrackingFixture } from './tracking-fixture.ts';

let fixture: TrackingFixture;
let store: TestStore;
openBeforeEach(openTrackingFixture, (openedFixture, opened) => {
  fixture = openedFixture;
  store = opened;
});

type OrderTransition = (typeof ORDER_TRANSITIONS)[number];
const LEASE_SECONDS = 21;
const now = () => fixture.sender.clock().toISOString();
const write = (status = 'active') => fixture.put({ ...REQUEST, id: 'one', status } as typeof REQUEST);
const order = async (): Promise<OutboxEntry> => (await fixture.entry('one'))!;
const cancellation = async (): Promise<OutboxEntry | undefined> =>
  fixture.context.store.outbox.findNewest(fixture.tenant, CANCELLATION_TOPIC, 'ServiceRequest/one');

async function claim(entry: OutboxEntry): Promise<LeasedEntry> {
  const lease = createDeliveryLease(fixture.sender);
  const claimed = await fixture.context.store.outbox.claimOne(entry.tenant, entry.id, lease);
  return { entry: claimed!, by: lease.by };
}

const ACCEPTED: Outcome<{ id: string; transactionId: string; status: string; passthrough: string }> = {
  kind: 'accepted',
  value: { id: 'network-order', transactionId: 'network-transaction', status: 'received', passthrough: '' },
};
const OUTCOMES: Record<string, DeliveryResult['outcome']> = {
  accepted: ACCEPTED,
  refused: { kind: 'refused', why: '422', status: 422, fields: [] },
  'not-wanted': { kind: 'not-wanted' },
  'in-doubt': { kind: 'in-doubt', why: 'not listed' },
  'on-hold': { kind: 'on-hold' },
  unknown: { kind: 'unknown', why: 'no response' },
  throttled: { kind: 'throttled', why: '429', retryAfter: undefined },
  unauthorised: { kind: 'unauthorised', why: '401' },
  unconfirmed: { kind: 'unknown', why: 'no response' },
};

/** Records that a first request has left. */
async function markAsSent({ entry, by }: LeasedEntry): Promise<LeasedEntry> {
  const key = { keyRenewals: 0, keyUsedSince: null, serverFailures: 0, isUserReplaced: false };
  const payload = formatOrderPayload({ ...parseOrderPayload(entry), ...key, state: 'sent', userId: 'user', lastSentAt: now() });
  await fixture.context.store.outbox.recordOutcome(entry, by, { state: 'sending', at: now(), firstSentAt: now(), payload });
  return { entry: await order(), by };
}

const record = (leased: LeasedEntry, event: string) =>
  recordOutcome(fixture.sender, leased, { payload: parseOrderPayload(leased.entry), outcome: OUTCOMES[event]! });

/** Writes the request and brings its entry into the state; the lease, where the state is `sending`. */
async function bring({ from, event, when }: OrderTransition): Promise<LeasedEntry | undefined> {
  if (from === '[*]') return undefined;
  await write();
  const isSent = when === undefined ? from === 'unknown' || from === 'parked' || event === 'unconfirmed' : when === 'sent';
  if (from === 'queued' && !isSent) return undefined;
  const claimed = await claim(await order());
  const leased = isSent ? await markAsSent(claimed) : claimed;
  if (from === 'sending') return leased;
  if (from === 'done') await record(leased, 'accepted');
  else if (from === 'refused') await record(leased, 'refused');
  else if (from === 'cancelled') await record(leased, 'not-wanted');
  else await fixture.context.store.outbox.recordOutcome(leased.entry, leased.by, { state: from, at: now(), nextAt: now() });
  return undefined;
}

const find = async () => {
  // an entry that somebody is sending is left alone until the lease has expired
  fixture.advance(LEASE_SECONDS);
  const events = [{ id: 1, created_at: now(), status: 'received.walk_in_test.ordered' }];
  await correlate(fixture.tracker, parseOrderSnapshot({ id: 'found', passthrough: (await order()).key, events })!);
};
const operate = (action: 'retry' | 'park' | 'release') => async () => {
  await applyOperatorAction(fixture.context, action, await order());
};

const ORDER_EVENTS: Record<string, (leased: LeasedEntry | undefined) => Promise<unknown>> = {
  accept: () => write(),
  claim: async () => claim(await order()),
  'lease-expired': async () => {
    fixture.advance(LEASE_SECONDS);
    await claim(await order());
  },
  aborted: (leased) => attemptDelivery(fixture.sender, leased!, () => Promise.reject(new RangeError())),
  unconfirmed: (leased) => {
    fixture.advance(72 * 3600);
    return record(leased!, 'unconfirmed');
  },
  revoke: () => write('revoked'),
  resume: async () => {
    await write('on-hold');
    await write();
  },
  retry: operate('retry'),
  park: operate('park'),
  release: operate('release'),
  found: find,
};

/** What is seen of an action beside the state. */
const EFFECTS: Partial<Record<OrderTransition['action'], () => Promise<unknown>>> = {
  queueCancellation: async () => expect((await cancellation())?.state).toBe('queued'),
  startTracking: async () => expect((await fixture.trackedOrder('network-order'))?.request).toBe('one'),
  recordAcceptance: async () => expect((await fixture.trackedOrder('found'))?.request).toBe('one'),
  trackAnotherOrder: async () => expect((await fixture.trackedOrder('found'))?.request).toBe('one'),
  trackContradictingOrder: async () => expect((await fixture.trackedOrder('found'))?.request).toBe('one'),
  wakeTracking: async () => expect((await fixture.trackedOrder('network-order'))?.eventCount).toBe(1),
  makeDueFirst: async () => expect((await order()).nextAt).toBe(MANUAL_DUE_TIME),
  makeDue: async () => expect((await order()).nextAt).toBe(now()),
  lookUpNow: async () => expect((await order()).nextAt).toBe(now()),
  retryLater: async () => expect((await order()).nextAt > now()).toBe(true),
  holdTask: async () => expect((await fixture.tasks('one'))[0]!.status).toBe('on-hold'),
  releaseTask: async () => expect((await order()).nextAt).toBe(now()),
  rejectRequest: async () => expect((await fixture.read('ServiceRequest', 'one')).status).toBe('revoked'),
  endOrder: async () => expect((await fixture.tasks('one'))[0]!.status).toBe('cancelled'),
};

test.each(ORDER_TRANSITIONS.map((transition) => ({ ...transition, sent: transition.when ?? 'in any case' })))(
  'an order that is $from ($sent) is $to after $event',
  async (transition) => {
    const leased = await bring(transition);
    fixture.advance(1);
    await (ORDER_EVENTS[transition.event] ?? (() => record(leased!, transition.event)))(leased);
    expect((await order()).state).toBe(transition.to);
    await EFFECTS[transition.action]?.();
  },
);

test.each(CANCELLATION_TRANSITIONS)('a cancellation that is $from is $to after $event', async ({ from, event, to }) => {
  const { id } = await fixture.placeOrder();
  if (from !== '[*]') await write('revoked');
  const leased = from === '[*]' || from === 'queued' ? undefined : await claim((await cancellation())!);
  if (from === 'unknown') await fixture.context.store.outbox.recordOutcome(leased!.entry, leased!.by, { state: 'unknown', at: now() });
  if (event === 'lease-expired') fixture.advance(LEASE_SECONDS);
  if (event === 'refused') fixture.advanceOrder(id, 'sample_with_lab.walk_in_test.received');
  if (event === 'unknown') fixture.addFaults({ operation: 'cancelOrder', kind: 'reset' });
  if (event === 'accept') await write('revoked');
  else if (event === 'claim' || event === 'lease-expired') await claim((await cancellation())!);
  else if (event === 'aborted') await attemptDelivery(fixture.sender, leased!, () => Promise.reject(new RangeError()));
  else await sendCancellation(fixture.sender, leased!);
  expect((await cancellation())?.state).toBe(to);
});

async function trackingState(id: string): Promise<string> {
  const columns = 'select lease_by as "leaseBy", news_at as "newsAt", next_at as "nextAt" from placed_order where order_id = $1';
  const [row] = await store.database.query<{ leaseBy: string | null; newsAt: string | null; nextAt: string | null }>(columns, [id]);
  if (row!.leaseBy !== null) return 'polling';
  return row!.newsAt !== null ? 'woken' : row!.nextAt === null ? 'closed' : 'scheduled';
}

async function lease(): Promise<LeasedOrder> {
  const mine = createPollLease(fixture.tracker);
  const [placed] = await fixture.tracker.store.trackedOrders.claim({ ...mine, account: 0, limit: 1 });
  return { trackedOrder: placed!, by: mine.by };
}

const wake = async (id: string) => fixture.context.store.trackedOrders.wake([(await fixture.trackedOrder(id))!], now());
async function complete(id: string): Promise<void> {
  for (let n = 0; n < 4; n++) fixture.advanceOrder(id);
  await fixture.pollOrder(id);
}

test.each(TRACKING_TRANSITIONS)('a tracked order that is $from is $to after $event', async ({ from, event, to }) => {
  const { id } = await fixture.placeOrder();
  if (event !== 'accept') {
    if (from === 'closed') await complete(id);
    if (from === 'woken') await wake(id);
    fixture.advance(7 * 3600);
    const leased = from === 'polling' ? await lease() : undefined;
    expect(await trackingState(id)).toBe(from);
    if (event === 'changed') await wake(id);
    if (event === 'lease-expired') fixture.advance(61);
    if (event === 'failed') fixture.sandbox.state.orders.delete(id);
    if (event === 'complete') for (let n = 0; n < 4; n++) fixture.advanceOrder(id);
    if (event === 'due' || event === 'lease-expired') await lease();
    else if (leased) await pollOrder(fixture.tracker, leased);
  }
  expect(await trackingState(id)).toBe(to);
});
