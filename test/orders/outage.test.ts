// The network is away for an hour, and for thirty: nothing is lost, nothing is doubled, it is asked now and then, and when it is back the queue drains
// a few at a time. Two processes, each with what it has learnt of the network, under one clock that is moved.

import type { OrderTracker } from '../../src/orders/track/order-tracker.ts';
import { runSweep } from '../../src/orders/track/reconciliation-sweep.ts';
import { runTrackingRound } from '../../src/orders/tracking-worker.ts';
import { eachInAWorld } from './each-world.ts';
import { type FollowWorld, followWorld } from './follow-world.ts';
import { REQUEST } from './order-world.ts';

let here: FollowWorld;
eachInAWorld(followWorld, (world) => {
  here = world;
});

const BEFORE = 6;
const DURING = 20;
const idOf = (nth: number): string => `o${nth}`;
const requests = (): number => here.sandbox.state.requests.length;

interface Process {
  following: OrderTracker;
  /** Orders on their way at this moment, and the most there ever were. */
  underway: number;
  most: number;
}

function anotherProcess(): Process {
  const following = here.anotherFollowing();
  const process: Process = { following, underway: 0, most: 0 };
  const createOrder: typeof here.client.createOrder = async (order, signal) => {
    process.most = Math.max(process.most, ++process.underway);
    return here.client.createOrder(order, signal).finally(() => process.underway--);
  };
  return Object.assign(process, { following: { ...following, client: { ...here.client, createOrder } } });
}

/** All that a process would do at this moment. */
async function act({ following }: Process): Promise<void> {
  while ((await here.drain(following)) > 0);
  await runSweep(following);
  while ((await runTrackingRound(following)) > 0);
}

/** What is known of each order in the end. */
async function found(nth: number): Promise<unknown> {
  const { key, state } = (await here.entry(idOf(nth)))!;
  const [task] = await here.tasks(idOf(nth));
  return [idOf(nth), state, here.orders(key), task!.status];
}

test.each([
  { hours: 1, lookEveryS: 8, most: 950 },
  { hours: 30, lookEveryS: 300, most: 900 },
])(
  'an outage of $hours h: nothing lost, nothing doubled, at most $most requests, and a smooth end',
  async ({ hours, lookEveryS, most }) => {
    const processes = [anotherProcess(), anotherProcess()];
    const everybody = async () => {
      for (const process of processes) await act(process);
    };
    for (let nth = 0; nth < BEFORE; nth++) await here.put({ ...REQUEST, id: idOf(nth) });
    here.fail({ operation: 'createOrder', kind: 'reset', when: 'after', times: 2 }, { operation: 'createOrder', kind: 'reset' });
    await here.drain(processes[0]!.following);

    here.sandbox.state.faults = [{ kind: 'reset', times: Number.MAX_SAFE_INTEGER }];
    const before = requests();
    const looks = (hours * 3600) / lookEveryS;
    let made = BEFORE;
    for (let look = 0; look < looks; look++) {
      here.advance(lookEveryS);
      for (; made < BEFORE + (DURING * look) / looks; made++) await here.put({ ...REQUEST, id: idOf(made) });
      await everybody();
    }
    const during = requests() - before;
    expect(during).toBeGreaterThan(hours);
    expect(during).toBeLessThan(most);

    here.sandbox.state.faults = [];
    const after = requests();
    for (const process of processes) process.most = 0;
    for (let minute = 0; minute < 8; minute++) {
      here.advance(60);
      await everybody();
    }
    const all = Array.from({ length: made }, (_, nth) => nth);
    expect(await Promise.all(all.map(found))).toEqual(all.map((nth) => [idOf(nth), 'done', 1, 'received']));
    expect(here.orders()).toBe(made);
    for (const process of processes) expect(process.most).toBeLessThanOrEqual(4);
    expect(requests() - after).toBeLessThan(made * 3);
  },
);

test('9: a Retry-After of two minutes stops all orders, and one order is sent afterwards', async () => {
  for (let nth = 0; nth < 12; nth++) await here.put({ ...REQUEST, id: idOf(nth) });
  const process = anotherProcess();
  here.fail({ kind: 'error', status: 429, retryAfter: 120, times: 100 });
  await act(process);
  const before = requests();
  for (let nth = 0; nth < 11; nth++) {
    here.advance(10);
    await act(process);
  }
  expect(requests()).toBe(before);
  here.advance(11);
  expect(await here.drain(process.following)).toBe(1);
  expect(requests()).toBe(before + 1);
  here.sandbox.state.faults = [];
  await here.settle();
  expect(here.orders()).toBe(12);
});

test('39: a cancellation that fails repeatedly is repeated, and does not delay other orders', async () => {
  await here.put({ ...REQUEST, id: 'one' });
  await here.drain();
  await here.put({ ...(await here.read('ServiceRequest', 'one')), status: 'revoked' });
  here.fail({ operation: 'cancelOrder', kind: 'error', times: 1000 });
  for (let nth = 0; nth < 12; nth++) {
    await here.drain();
    here.advance(61);
  }
  expect(here.countRequests('cancelOrder')).toBe(12);
  expect(here.sending.gate.breaker.allows(here.sending.clock())).toBe(Number.POSITIVE_INFINITY);
  here.sandbox.state.faults = [];
  await here.settle();
  expect([...here.sandbox.state.orders.values()].map(({ events }) => events.at(-1)!.status)).toEqual(['cancelled.walk_in_test.cancelled']);
});
