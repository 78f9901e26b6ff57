// The sweep over changes at the network: changes without a webhook are found within 15 minutes, and only a complete sweep moves the watermark. Numbers are rows
// of docs/failure-matrix.md.
import { setTimeout as delay } from 'node:timers/promises';
import type { OrderSnapshot } from '../../src/junction/order-snapshot.ts';
import type { SnapshotsPage, UpdateWindow } from '../../src/junction/reader.ts';
import { runSweep } from '../../src/orders/track/reconciliation-sweep.ts';
import { readReconciliationWindow } from '../../src/orders/track/reconciliation-window.ts';
import { listOrderWork, startBackgroundWork } from '../../src/server/background/background-work.ts';
import type { TestStore } from '../store/open.ts';
import { openBeforeEach } from './open-before-each.ts';
import { REQUEST } from './order-fixture.ts';
import { COMPLETED, openTrackingFixture, type TrackingFixture } from './tracking-fixture.ts';

let store: TestStore;
let fixture: TrackingFixture;
openBeforeEach(openTrackingFixture, (opened, on) => {
  [fixture, store] = [opened, on];
  fixture.sandbox.state.webhooks.url = undefined;
});

const status = async (id = 'one') => (await fixture.tasks(id))[0]!.status;
const setting = async () =>
  JSON.parse(await fixture.tracker.store.settings.getOrCreate('order-sweep', () => '{}')) as Record<string, string>;
/** An order that somebody has made at the network without us. */
const elsewhere = (from: string, id: string) =>
  fixture.sandbox.state.orders.set(id, { ...fixture.networkOrder(from), id, transactionId: `journey-${id}`, passthrough: null });
const many = (from: string, count: number) => {
  for (let n = 0; n < count; n++) elsewhere(from, `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`);
};

test('27: a change without a webhook is found by the next sweep within 15 minutes', async () => {
  const { id } = await fixture.placeOrder();
  expect(await runSweep(fixture.tracker)).toEqual({ seen: 1, changed: 0 });
  fixture.advanceOrder(id, COMPLETED);
  fixture.advance(899);
  expect(await runSweep(fixture.tracker)).toBe('nothing');
  fixture.advance(1);
  expect(await runSweep(fixture.tracker)).toEqual({ seen: 1, changed: 1 });
  await fixture.track();
  expect(await status()).toBe('completed');
  fixture.advance(900);
  expect(await runSweep(fixture.tracker)).toEqual({ seen: 1, changed: 0 });
});

test('27: after an outage of thirty hours all changes are found', async () => {
  const { id } = await fixture.placeOrder();
  await runSweep(fixture.tracker);
  fixture.advance(3600);
  fixture.advanceOrder(id, COMPLETED);
  fixture.advance(29 * 3600);
  expect(await runSweep(fixture.tracker)).toEqual({ seen: 1, changed: 1 });
});

test('27: a redraw without a webhook is found, too', async () => {
  const { id } = await fixture.placeOrder();
  await runSweep(fixture.tracker);
  fixture.advanceOrder(id, 'collecting_sample.walk_in_test.redraw_available');
  fixture.advance(900);
  await runSweep(fixture.tracker);
  await fixture.track();
  const orders = await store.store.trackedOrders.listOfRequest((await fixture.trackedOrder(id))!);
  expect(orders).toHaveLength(2);
});

test('27: an order whose acceptance was lost is found, and not sent again', async () => {
  fixture.addFaults({ operation: 'createOrder', kind: 'cut', when: 'after' });
  await fixture.put({ ...REQUEST, id: 'one' });
  await fixture.drain();
  expect((await fixture.entry('one'))!.state).toBe('unknown');
  expect(await runSweep(fixture.tracker)).toEqual({ seen: 1, changed: 1 });
  expect((await fixture.entry('one'))!.state).toBe('done');
  fixture.advance(3600);
  await fixture.drain();
  expect(fixture.countRequests('createOrder')).toBe(1);
});

test('orders of other systems are ignored', async () => {
  const { id } = await fixture.placeOrder();
  many(id, 5);
  expect(await runSweep(fixture.tracker)).toEqual({ seen: 6, changed: 0 });
  expect(fixture.countRequests('order')).toBe(0);
});

test('every page is read, and the watermark moves when the last one is', async () => {
  const { id } = await fixture.placeOrder();
  await runSweep(fixture.tracker);
  const { watermark } = await setting();
  many(id, 250);
  fixture.advance(900);
  const begun = fixture.tracker.clock().toISOString();
  expect(await runSweep(fixture.tracker)).toEqual({ seen: 251, changed: 0 });
  expect([(await setting()).watermark, watermark === begun]).toEqual([begun, false]);
});

test('a sweep that fails does not move the watermark, and is repeated with growing delays', async () => {
  const { id } = await fixture.placeOrder();
  many(id, 150);
  await runSweep(fixture.tracker);
  const { watermark } = await setting();
  fixture.advanceOrder(id, COMPLETED);
  const { reads } = fixture.tracker;
  const broken = {
    ...fixture.tracker,
    reads: {
      ...reads,
      listUpdatedOrders: (window: UpdateWindow, signal: AbortSignal) =>
        window.page === 2 ? Promise.resolve({ kind: 'unknown' as const, why: 'no response' }) : reads.listUpdatedOrders(window, signal),
    },
  };
  fixture.advance(900);
  const tried: number[] = [];
  for (let minute = 0; minute < 60; minute++) {
    if ((await runSweep(broken)) === 'failed') tried.push(minute);
    fixture.advance(60);
  }
  expect([tried, (await setting()).watermark]).toEqual([[0, 1, 3, 7, 15, 30, 45], watermark]);
  fixture.advance(900);
  expect(await runSweep(fixture.tracker)).toMatchObject({ seen: 151 });
  await fixture.track();
  expect(await status()).toBe('completed');
});

/** The network as it is while something happens before each page that is read. */
const meanwhile = (happens: (window: UpdateWindow) => void) => {
  const { reads } = fixture.tracker;
  const listUpdatedOrders: typeof reads.listUpdatedOrders = (window, signal) => {
    happens(window);
    return reads.listUpdatedOrders(window, signal);
  };
  return { ...fixture.tracker, reads: { ...reads, listUpdatedOrders } };
};

/** Something happens to an order at this moment, by a clock that is so many seconds behind ours. */
const changes = (id: string, behind = 0) => {
  const order = fixture.networkOrder(id);
  const at = new Date(fixture.tracker.clock().getTime() - behind * 1000).toISOString();
  fixture.sandbox.state.orders.set(id, {
    ...order,
    events: [...order.events, { ...order.events.at(-1)!, id: order.events.length + 1, created_at: at }],
  });
};

test('27: orders that change while the pages are read do not delay the sweep, and no other order is missed', async () => {
  const { id } = await fixture.placeOrder();
  many(id, 250);
  await runSweep(fixture.tracker);
  fixture.advanceOrder(id, COMPLETED);
  const others = [...fixture.sandbox.state.orders.keys()].filter((orderId) => orderId !== id);
  // they leave the window in an order in which each of them draws others over the edge of a page
  const busy = meanwhile(() => {
    fixture.advance(1);
    for (const orderId of others.splice(-10)) changes(orderId);
  });
  for (let n = 0; n < 3; n++) {
    fixture.advance(900);
    const begun = fixture.tracker.clock().toISOString();
    expect(await runSweep(busy)).toMatchObject({ changed: 1 });
    expect((await setting()).watermark).toBe(begun);
  }
});

test.each(['oldest', 'newest'])('27: every order of a list that changes while it is read (%s first) is found', async (sorted) => {
  const { id } = await fixture.placeOrder();
  many(id, 350);
  const orders = () =>
    [...fixture.sandbox.state.orders.values()]
      .map((order) => ({ id: order.id, updatedAt: order.events.at(-1)!.created_at }))
      .sort((a, b) => (sorted === 'oldest' ? 1 : -1) * (Date.parse(a.updatedAt) - Date.parse(b.updatedAt) || (a.id < b.id ? -1 : 1)));
  const until = fixture.tracker.clock().toISOString();
  const seen = new Set<string>();
  const read = await readReconciliationWindow<never>(async (page) => {
    fixture.advance(1);
    for (const order of [0, 90, 150, 170].map((n) => orders()[n]!)) if (order && order.updatedAt <= until) changes(order.id);
    const inside = orders().filter(({ updatedAt }) => updatedAt <= until);
    const shownText = inside.slice((page - 1) * 100, page * 100);
    for (const order of shownText) seen.add(order.id);
    return { orders: shownText as OrderSnapshot[], total: inside.length, last: page * 100 >= inside.length };
  });
  const remaining = orders().filter(({ updatedAt }) => updatedAt <= until);
  expect([read, remaining.filter((order) => !seen.has(order.id))]).toEqual([{ seen: seen.size }, []]);
});

test('27: with a network whose clock is behind, the window ends at the newest listed change', async () => {
  const { id } = await fixture.placeOrder();
  many(id, 150);
  await runSweep(fixture.tracker);
  fixture.advance(900);
  const ids = [...fixture.sandbox.state.orders.keys()];
  const pages: number[] = [];
  // the newest change is listed first, and what changes stays inside the window
  const late = meanwhile(({ page }) => {
    pages.push(page);
    fixture.advance(1);
    changes(ids[pages.length]!, 300);
    const { orders } = fixture.sandbox.state;
    const byTime = [...orders.values()].sort((a, b) => (a.events.at(-1)!.created_at < b.events.at(-1)!.created_at ? -1 : 1));
    orders.clear();
    for (const order of byTime) orders.set(order.id, order);
  });
  expect(await runSweep(late)).toMatchObject({ changed: 0 });
  expect([pages, (await setting()).watermark! < fixture.tracker.clock().toISOString()]).toEqual([[1, 2, 1, 1, 2, 1], true]);
});

test('events are processed while a sweep waits for its pages', async () => {
  const { id } = await fixture.placeOrder();
  const { reads } = fixture.tracker;
  const waiting = Promise.withResolvers<void>();
  const listUpdatedOrders: typeof reads.listUpdatedOrders = async (window, signal) => {
    await waiting.promise;
    return reads.listUpdatedOrders(window, signal);
  };
  const tracker = { ...fixture.tracker, reads: { ...reads, listUpdatedOrders } };
  const runtimes = {
    find: async () => undefined,
    listSending: async () => [],
    listTrackers: async () => [tracker],
    listCircuits: () => [],
  };
  const stop = startBackgroundWork(listOrderWork({ ...tracker, accounts: fixture.accounts, runtimes }));
  fixture.advanceOrder(id, COMPLETED, { silent: true });
  await store.store.trackedOrders.wake([(await fixture.trackedOrder(id))!], fixture.tracker.clock().toISOString());
  const end = performance.now() + 8000;
  while ((await status()) !== 'completed' && performance.now() < end) await delay(50);
  expect(await status()).toBe('completed');
  waiting.resolve();
  await stop();
});

test('one of several processes sweeps; after its death another one sweeps within two minutes', async () => {
  await fixture.placeOrder();
  const [one, two] = [fixture.tracker, fixture.createTracker()];
  expect((await Promise.all([runSweep(one), runSweep(two)])).filter((swept) => swept === 'nothing')).toHaveLength(1);
  fixture.advance(900);
  const dying = {
    ...one,
    reads: { ...one.reads, listUpdatedOrders: (): Promise<never> => Promise.reject(new Error('the process died here')) },
  };
  await expect(runSweep(dying)).rejects.toThrow('died');
  expect(await runSweep(two)).toBe('nothing');
  fixture.advance(121);
  expect(await runSweep(two)).toEqual({ seen: 1, changed: 0 });
});

test('a process that was suspended while another one swept changes nothing', async () => {
  const { id } = await fixture.placeOrder();
  many(id, 120);
  const [one, two] = [fixture.tracker, fixture.createTracker()];
  const slow = {
    ...one,
    reads: {
      ...one.reads,
      async listUpdatedOrders(window: UpdateWindow, signal: AbortSignal) {
        const page = await one.reads.listUpdatedOrders(window, signal);
        if (window.page === 1) {
          fixture.advance(121);
          expect(await runSweep(two)).toMatchObject({ seen: 121 });
        }
        return page;
      },
    },
  };
  expect(await runSweep(slow)).toBe('nothing');
  expect((await setting()).watermark).toBe('2026-11-21T12:02:01.000Z');
});

test('without a total of orders the list is read to its last page', async () => {
  const { id } = await fixture.placeOrder();
  many(id, 120);
  const { reads } = fixture.tracker;
  const silent = {
    ...fixture.tracker,
    reads: {
      ...reads,
      async listUpdatedOrders(window: UpdateWindow, signal: AbortSignal) {
        const page = await reads.listUpdatedOrders(window, signal);
        if (page.kind !== 'accepted') return page;
        const value: SnapshotsPage = { ...page.value, total: undefined, last: page.value.orders.length < 100 };
        return { kind: 'accepted' as const, value };
      },
    },
  };
  expect(await runSweep(silent)).toEqual({ seen: 121, changed: 0 });
});
