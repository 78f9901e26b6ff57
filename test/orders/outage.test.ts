// Outages of the network of one hour and of thirty: no order is lost or duplicated, requests are rare, and the queue drains evenly afterwards. Two processes,
// each with its own circuit breaker, share one manual clock.

import type { OrderTracker } from '../../src/orders/track/order-tracker.ts';
import { runSweep } from '../../src/orders/track/reconciliation-sweep.ts';
import { runTrackingRound } from '../../src/orders/tracking-worker.ts';
import { openBeforeEach } from './open-before-each.ts';
import { REQUEST } from './order-fixture.ts';
import { openTrackingFixture, type TrackingFixture } from './tracking-fixture.ts';

let fixture: TrackingFixture;
openBeforeEach(openTrackingFixture, (opened) => {
  fixture = opened;
});

const BEFORE = 6;
const DURING = 20;
const idOf = (n: number): string => `o${n}`;
const requests = (): number => fixture.sandbox.state.requests.length;

interface Process {
  following: OrderTracker;
  /** Orders on their way at this moment, and the most there ever were. */
  underway: number;
  most: number;
}

function anotherProcess(): Process {
  const tracker = fixture.createTracker();
  const process: Process = { following: tracker, underway: 0, most: 0 };
  const createOrder: typeof fixture.client.createOrder = async (order, signal) => {
    process.most = Math.max(process.most, ++process.underway);
    return fixture.client.createOrder(order, signal).finally(() => process.underway--);
  };
  return Object.assign(process, { following: { ...tracker, client: { ...fixture.client, createOrder } } });
}

/** All that a process would do at this moment. */
async function act({ following: tracker }: Process): Promise<void> {
  while ((await fixture.drain(tracker)) > 0);
  await runSweep(tracker);
  while ((await runTrackingRound(tracker)) > 0);
}

/** What is known of each order in the end. */
async function found(n: number): Promise<unknown> {
  const { key, state } = (await fixture.entry(idOf(n)))!;
  const [task] = await fixture.tasks(idOf(n));
  return [idOf(n), state, fixture.countOrders(key), task!.status];
}

test.each([
  { hours: 1, lookEveryS: 8, most: 950 },
  { hours: 30, lookEveryS: 300, most: 900 },
])(
  'an outage of $hours h: no order is lost or duplicated, at most $most requests are sent, and the queue drains evenly',
  async ({ hours, lookEveryS, most: max }) => {
    const processes = [anotherProcess(), anotherProcess()];
    const everybody = async () => {
      for (const process of processes) await act(process);
    };
    for (let n = 0; n < BEFORE; n++) await fixture.put({ ...REQUEST, id: idOf(n) });
    fixture.addFaults({ operation: 'createOrder', kind: 'reset', when: 'after', times: 2 }, { operation: 'createOrder', kind: 'reset' });
    await fixture.drain(processes[0]!.following);

    fixture.sandbox.state.faults = [{ kind: 'reset', times: Number.MAX_SAFE_INTEGER }];
    const before = requests();
    const looks = (hours * 3600) / lookEveryS;
    let created = BEFORE;
    for (let look = 0; look < looks; look++) {
      fixture.advance(lookEveryS);
      for (; created < BEFORE + (DURING * look) / looks; created++) await fixture.put({ ...REQUEST, id: idOf(created) });
      await everybody();
    }
    const during = requests() - before;
    expect(during).toBeGreaterThan(hours);
    expect(during).toBeLessThan(max);

    fixture.sandbox.state.faults = [];
    const after = requests();
    for (const process of processes) process.most = 0;
    for (let minute = 0; minute < 8; minute++) {
      fixture.advance(60);
      await everybody();
    }
    const all = Array.from({ length: created }, (_, index) => index);
    expect(await Promise.all(all.map(found))).toEqual(all.map((n) => [idOf(n), 'done', 1, 'received']));
    expect(fixture.countOrders()).toBe(created);
    for (const process of processes) expect(process.most).toBeLessThanOrEqual(4);
    expect(requests() - after).toBeLessThan(created * 3);
  },
);

test('9: a Retry-After of two minutes stops all orders, and one order is sent afterwards', async () => {
  for (let n = 0; n < 12; n++) await fixture.put({ ...REQUEST, id: idOf(n) });
  const process = anotherProcess();
  fixture.addFaults({ kind: 'error', status: 429, retryAfter: 120, times: 100 });
  await act(process);
  const before = requests();
  for (let n = 0; n < 11; n++) {
    fixture.advance(10);
    await act(process);
  }
  expect(requests()).toBe(before);
  fixture.advance(11);
  expect(await fixture.drain(process.following)).toBe(1);
  expect(requests()).toBe(before + 1);
  fixture.sandbox.state.faults = [];
  await fixture.drainAll();
  expect(fixture.countOrders()).toBe(12);
});

test('39: a cancellation that fails repeatedly is repeated, and does not delay other orders', async () => {
  await fixture.put({ ...REQUEST, id: 'one' });
  await fixture.drain();
  await fixture.put({ ...(await fixture.read('ServiceRequest', 'one')), status: 'revoked' });
  fixture.addFaults({ operation: 'cancelOrder', kind: 'error', times: 1000 });
  for (let n = 0; n < 12; n++) {
    await fixture.drain();
    fixture.advance(61);
  }
  expect(fixture.countRequests('cancelOrder')).toBe(12);
  expect(fixture.sender.gate.breaker.allows(fixture.sender.clock())).toBe(Number.POSITIVE_INFINITY);
  fixture.sandbox.state.faults = [];
  await fixture.drainAll();
  expect([...fixture.sandbox.state.orders.values()].map(({ events }) => events.at(-1)!.status)).toEqual([
    'cancelled.walk_in_test.cancelled',
  ]);
});
