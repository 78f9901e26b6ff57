// Tracked orders: one worker at a time polls an order, its state moves forward only, and no event is lost.
import { readPollBacklog } from '../../src/store/queues/backlogs.ts';
import { openTestStore, type TestStore } from './open.ts';

let test: TestStore;
beforeAll(async () => {
  test = await openTestStore();
});
beforeEach(() => test.database.script('delete from placed_order'));
afterAll(() => test.close());

const time = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
const add = async (orderId: string, at: number | null = 0, more: object = {}) => {
  const order = {
    tenant: 1,
    account: 0,
    orderId,
    transactionId: 't-1',
    request: 'r-1',
    task: `task-${orderId}`,
    version: 1,
    orderedAt: time(0),
    snapshot: '{}',
    at: at === null ? null : time(at),
    ...more,
  };
  return (await test.store.trackedOrders.add([order])).has(orderId);
};
const claim = (by: string, at: number, limit = 10) =>
  test.store.trackedOrders.claim({ by, at: time(at), until: time(at + 30), account: 0, limit });

it('is stored once, and is found by the ids of the lab network in any tenant', async () => {
  expect([await add('a'), await add('a'), await add('b', 0, { tenant: 2, orderedAt: time(5) })]).toEqual([true, false, true]);
  expect(await test.store.trackedOrders.find({ account: 0, orderIds: ['b'] })).toEqual([
    {
      tenant: 2,
      account: 0,
      orderId: 'b',
      transactionId: 't-1',
      request: 'r-1',
      task: 'task-b',
      version: 1,
      orderedAt: time(5),
      eventId: 0,
      snapshot: '{}',
      eventCount: 0,
      attempts: 0,
      nextAt: time(0),
      leaseBy: null,
      lastError: null,
    },
  ]);
  expect((await test.store.trackedOrders.find({ account: 0, transactionIds: ['t-1'] })).map(({ orderId }) => orderId)).toEqual(['a', 'b']);
  await add('c', 0, { version: 3 });
  expect((await test.store.trackedOrders.listOfRequest({ tenant: 1, request: 'r-1', version: 1 })).map(({ orderId }) => orderId)).toEqual([
    'a',
  ]);
});

it('is leased by one worker at a time, and by another one when the lease has expired', async () => {
  await add('a');
  await add('asleep', null);
  expect((await claim('w1', 1)).map(({ orderId }) => orderId)).toEqual(['a']);
  expect([await claim('w2', 2), (await claim('w2', 31)).length]).toEqual([[], 1]);
});

it('moves forward only, and only for the worker that has it', async () => {
  await add('a');
  const [trackedOrder] = await claim('w1', 1);
  const heard = (eventId: number) => ({ eventId, snapshot: `{"at":${eventId}}` });
  const { saveSnapshot } = test.store.trackedOrders;
  expect([
    await saveSnapshot(trackedOrder!, 'w1', heard(4)),
    await saveSnapshot(trackedOrder!, 'w1', heard(3)),
    await saveSnapshot(trackedOrder!, 'w2', heard(5)),
  ]).toEqual([true, false, false]);
  expect(await test.store.trackedOrders.find({ account: 0, orderIds: ['a'] })).toMatchObject([{ eventId: 4, snapshot: '{"at":4}' }]);
});

it('is found and claimed in its account alone', async () => {
  await add('a', 0, { account: 7 });
  await add('b', 9);
  const { trackedOrders } = test.store;
  expect((await trackedOrders.find({ account: 7, orderIds: ['a', 'b'] })).map(({ orderId }) => orderId)).toEqual(['a']);
  expect((await trackedOrders.find({ account: 0, transactionIds: ['t-1'] })).map(({ orderId }) => orderId)).toEqual(['b']);
  expect(await trackedOrders.findDueAccounts([0, 7, 8], time(1))).toEqual([7]);
  expect(await claim('0:w', 1)).toEqual([]);
  expect(await trackedOrders.claim({ by: '7:w', at: time(1), until: time(31), account: 7, limit: 9 })).toMatchObject([{ orderId: 'a' }]);
  expect(await trackedOrders.findDueAccounts([0, 7, 8], time(1))).toEqual([]);
  await expect(trackedOrders.claim({ by: 'no account', at: time(40), until: time(70), account: 7, limit: 9 })).rejects.toThrow('23514');
});

it('is due at once when an event arrived during the poll', async () => {
  await add('a');
  const [first] = await claim('w1', 1);
  expect(
    await test.store.trackedOrders.wake(
      [
        { tenant: 1, orderId: 'a' },
        { tenant: 1, orderId: 'unknown' },
      ],
      time(2),
    ),
  ).toBe(1);
  expect(await test.store.trackedOrders.scheduleNextPoll(first!, 'w1', { at: time(3), nextAt: time(900) })).toBe(true);
  const [repeated] = await claim('w1', 3);
  expect(repeated).toMatchObject({ orderId: 'a', eventCount: 1 });
  await test.store.trackedOrders.scheduleNextPoll(repeated!, 'w1', { at: time(4), nextAt: null });
  expect(await claim('w1', 3600)).toEqual([]);
  await test.store.trackedOrders.wake([{ tenant: 1, orderId: 'a' }], time(5000));
  expect(await claim('w1', 5000)).toMatchObject([{ orderId: 'a' }]);
});

it('orders with an event are leased before orders that are only due, the oldest event first, and not again after their poll', async () => {
  for (const [orderId, at] of [
    ['overdue', 0],
    ['first', 5000],
    ['second', null],
    ['third', 1],
  ] as const)
    await add(orderId, at);
  const wake = (orderId: string, at: number) => test.store.trackedOrders.wake([{ tenant: 1, orderId }], time(at));
  await wake('first', 100);
  await wake('second', 101);
  await wake('third', 102);
  await wake('first', 103);
  const claimed: string[] = [];
  for (const round of [200, 201, 202, 203]) {
    const [order] = await claim('w1', round, 1);
    claimed.push(order!.orderId);
    if (round === 202) await wake('third', round);
    await test.store.trackedOrders.scheduleNextPoll(order!, 'w1', { at: time(round), nextAt: time(900) });
  }
  expect(claimed).toEqual(['first', 'second', 'third', 'third']);
  expect((await claim('w1', 204)).map(({ orderId }) => orderId)).toEqual(['overdue']);
  expect((await claim('w1', 900)).map(({ orderId }) => orderId).sort()).toEqual(['first', 'overdue', 'second', 'third']);
});

it('reports since when the oldest event has waited and the oldest poll has been due', async () => {
  expect(await readPollBacklog(test.database)).toEqual({ oldestEvent: null, oldestPoll: null });
  await add('due', 7);
  await add('told', 3000);
  await test.store.trackedOrders.wake([{ tenant: 1, orderId: 'told' }], time(40));
  expect(await readPollBacklog(test.database)).toEqual({ oldestEvent: time(40), oldestPoll: time(7) });
});

it('counts failed polls in a row', async () => {
  await add('a');
  for (const round of [1, 2]) {
    const [order] = await claim('w1', round * 100);
    await test.store.trackedOrders.scheduleNextPoll(order!, 'w1', {
      at: time(round * 100),
      nextAt: time(round * 100 + 50),
      error: 'no answer',
    });
  }
  const [order] = await claim('w1', 300);
  expect(order).toMatchObject({ attempts: 2, lastError: 'no answer' });
  await test.store.trackedOrders.scheduleNextPoll(order!, 'w1', { at: time(300), nextAt: time(400) });
  expect(await claim('w1', 400)).toMatchObject([{ attempts: 0, lastError: null }]);
});
