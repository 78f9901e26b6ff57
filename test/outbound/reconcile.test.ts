// The sweep through what has changed at the network: what nobody told us is found within a quarter of an hour, whatever was lost, and only a complete sweep
// moves on. Numbers are rows of docs/failure-matrix.md.

import { sweep } from '../../src/outbound/following/reconcile-sweep.ts';
import type { OrdersPage, Window } from '../../src/outbound/network/reads.ts';
import type { TestStore } from '../store/open.ts';
import { eachInAWorld } from './each-world.ts';
import { type FollowWorld, followWorld } from './follow-world.ts';
import { REQUEST } from './order-world.ts';

let store: TestStore;
let here: FollowWorld;
eachInAWorld(followWorld, (world, on) => {
  [here, store] = [world, on];
  here.sandbox.world.webhooks.url = undefined;
});

const COMPLETED = 'completed.walk_in_test.completed';
const status = async (id = 'one') => (await here.tasks(id))[0]!.status;
const setting = async () => JSON.parse(await here.context.store.settings.get('order-sweep', () => '{}')) as Record<string, string>;
/** An order that somebody has made at the network without us. */
const elsewhere = (from: string, id: string) =>
  here.sandbox.world.orders.set(id, { ...here.at(from), id, transactionId: `journey-${id}`, passthrough: null });
const many = (from: string, count: number) => {
  for (let nth = 0; nth < count; nth++) elsewhere(from, `00000000-0000-4000-8000-${String(nth).padStart(12, '0')}`);
};

test('27: a change that nobody told of is found by the next sweep, a quarter of an hour later at most', async () => {
  const { id } = await here.ordered();
  expect(await sweep(here.following)).toEqual({ seen: 1, news: 0 });
  here.step(id, COMPLETED);
  here.advance(899);
  expect(await sweep(here.following)).toBe('nothing');
  here.advance(1);
  expect(await sweep(here.following)).toEqual({ seen: 1, news: 1 });
  await here.follow();
  expect(await status()).toBe('completed');
  here.advance(900);
  expect(await sweep(here.following)).toEqual({ seen: 1, news: 0 });
});

test('27: after an outage of thirty hours everything that changed meanwhile is seen', async () => {
  const { id } = await here.ordered();
  await sweep(here.following);
  here.advance(3600);
  here.step(id, COMPLETED);
  here.advance(29 * 3600);
  expect(await sweep(here.following)).toEqual({ seen: 1, news: 1 });
});

test('27: a redraw that nobody told of is found, too', async () => {
  const { id } = await here.ordered();
  await sweep(here.following);
  here.step(id, 'collecting_sample.walk_in_test.redraw_available');
  here.advance(900);
  await sweep(here.following);
  await here.follow();
  const orders = await store.store.placedOrders.ofRequest((await here.placed(id))!);
  expect(orders).toHaveLength(2);
});

test('27: an order whose acceptance was never heard of is found, and not sent again', async () => {
  here.fail({ operation: 'createOrder', kind: 'cut', when: 'after' });
  await here.put({ ...REQUEST, id: 'one' });
  await here.drain();
  expect((await here.entry('one'))!.state).toBe('unknown');
  expect(await sweep(here.following)).toEqual({ seen: 1, news: 1 });
  expect((await here.entry('one'))!.state).toBe('done');
  here.advance(3600);
  await here.drain();
  expect(here.asked('createOrder')).toBe(1);
});

test('orders that somebody made elsewhere are seen and left alone', async () => {
  const { id } = await here.ordered();
  many(id, 5);
  expect(await sweep(here.following)).toEqual({ seen: 6, news: 0 });
  expect(here.asked('order')).toBe(0);
});

test('every page is read, and the watermark moves when the last one is', async () => {
  const { id } = await here.ordered();
  await sweep(here.following);
  const { watermark } = await setting();
  many(id, 250);
  here.advance(900);
  const begun = here.following.clock().toISOString();
  expect(await sweep(here.following)).toEqual({ seen: 251, news: 0 });
  expect([(await setting()).watermark, watermark === begun]).toEqual([begun, false]);
});

test('a sweep that cannot be completed leaves the watermark where it is and is tried again, less and less often', async () => {
  const { id } = await here.ordered();
  many(id, 150);
  await sweep(here.following);
  const { watermark } = await setting();
  here.step(id, COMPLETED);
  const { reads } = here.following;
  const broken = {
    ...here.following,
    reads: {
      ...reads,
      updated: (window: Window, signal: AbortSignal) =>
        window.page === 2 ? Promise.resolve({ kind: 'unknown' as const, why: 'no answer' }) : reads.updated(window, signal),
    },
  };
  here.advance(900);
  const tried: number[] = [];
  for (let minute = 0; minute < 60; minute++) {
    if ((await sweep(broken)) === 'failed') tried.push(minute);
    here.advance(60);
  }
  expect([tried, (await setting()).watermark]).toEqual([[0, 1, 3, 7, 15, 30, 45], watermark]);
  here.advance(900);
  expect(await sweep(here.following)).toMatchObject({ seen: 151 });
  await here.follow();
  expect(await status()).toBe('completed');
});

test('when orders move between the pages while they are read, they are read again', async () => {
  const { id } = await here.ordered();
  many(id, 150);
  await sweep(here.following);
  here.advance(900);
  const { reads } = here.following;
  const ids = [...here.sandbox.world.orders.keys()];
  let times = 0;
  const moving = {
    ...here.following,
    reads: {
      ...reads,
      async updated(window: Window, signal: AbortSignal) {
        if (window.page === 2 && times++ === 0) {
          here.advance(1);
          here.step(ids.at(-1)!, 'collecting_sample.walk_in_test.appointment_pending');
        }
        return reads.updated(window, signal);
      },
    },
  };
  expect(await sweep(moving)).toEqual({ seen: 150, news: 0 });
  expect(times).toBe(2);
});

test('of several processes one sweeps; when it dies, another one does after two minutes', async () => {
  await here.ordered();
  const [one, two] = [here.following, here.anotherFollowing()];
  expect((await Promise.all([sweep(one), sweep(two)])).filter((swept) => swept === 'nothing')).toHaveLength(1);
  here.advance(900);
  const dying = { ...one, reads: { ...one.reads, updated: (): Promise<never> => Promise.reject(new Error('the process died here')) } };
  await expect(sweep(dying)).rejects.toThrow('died');
  expect(await sweep(two)).toBe('nothing');
  here.advance(121);
  expect(await sweep(two)).toEqual({ seen: 1, news: 0 });
});

test('a process that stood still while another one swept changes nothing', async () => {
  const { id } = await here.ordered();
  many(id, 120);
  const [one, two] = [here.following, here.anotherFollowing()];
  const slow = {
    ...one,
    reads: {
      ...one.reads,
      async updated(window: Window, signal: AbortSignal) {
        const page = await one.reads.updated(window, signal);
        if (window.page === 1) {
          here.advance(121);
          expect(await sweep(two)).toMatchObject({ seen: 121 });
        }
        return page;
      },
    },
  };
  expect(await sweep(slow)).toBe('nothing');
  expect((await setting()).watermark).toBe('2026-11-21T12:02:01.000Z');
});

test('a network that does not say how many orders there are is read to its last page', async () => {
  const { id } = await here.ordered();
  many(id, 120);
  const { reads } = here.following;
  const silent = {
    ...here.following,
    reads: {
      ...reads,
      async updated(window: Window, signal: AbortSignal) {
        const page = await reads.updated(window, signal);
        if (page.kind !== 'accepted') return page;
        const value: OrdersPage = { ...page.value, total: undefined, last: page.value.orders.length < 100 };
        return { kind: 'accepted' as const, value };
      },
    },
  };
  expect(await sweep(silent)).toEqual({ seen: 121, news: 0 });
});
