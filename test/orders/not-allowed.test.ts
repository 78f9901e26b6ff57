// 403: the network does not let our team touch what an order names. That is about this order, unless it is answered to everything.
// The numbers are rows of docs/failure-matrix.md.

import { sendNow } from '../../src/orders/deliver/attempt-delivery.ts';
import { drainOutbox } from '../../src/orders/deliver/delivery-worker.ts';
import { applyOperatorAction } from '../../src/orders/deliver/operator-actions.ts';
import { createRosterChecker, queueRosterCheck, ROSTER_CHECK_TOPIC } from '../../src/physicians/roster-check.ts';
import { eachInAWorld } from './each-world.ts';
import { ADA, type OrderWorld, orderWorld, REQUEST } from './order-world.ts';

let here: OrderWorld;
eachInAWorld(orderWorld, (world) => {
  here = world;
});
beforeEach(() => here.put(ADA));

const order = async (...ids: string[]): Promise<void> => {
  for (const id of ids) await here.put({ ...REQUEST, id });
};
const states = (...ids: string[]) => Promise.all(ids.map(async (id) => (await here.entry(id))!.state));
const task = async () => (await here.tasks('one'))[0]!;
const UNALLOWED = { operation: 'createOrder', kind: 'error', status: 403 } as const;
const allowed = () => here.sending.gate.breaker.allows(here.sending.clock());

test('12: four orders with 403 do not delay another order', async () => {
  await order('a', 'b', 'c', 'd');
  here.fail({ ...UNALLOWED, times: 4 });
  await here.drain();
  expect(await states('a', 'b', 'c', 'd')).toEqual(['unknown', 'unknown', 'unknown', 'unknown']);
  await order('other');
  await here.drain();
  expect(await states('other')).toEqual(['done']);
});

test('12: an order with repeated 403, while others are accepted, waits for a person, and its Task has the reason', async () => {
  await order('one');
  for (let nth = 0; nth < 6; nth++) {
    await order(`other-${nth}`);
    expect(await sendNow(here.sending, here.context, `other-${nth}`)).toEqual({ result: 'accepted' });
    here.fail(UNALLOWED);
    expect(await sendNow(here.sending, here.context, 'one')).toEqual({ result: 'failed', final: false });
    here.advance(601);
  }
  expect(await states('one')).toEqual(['parked']);
  expect(await task()).toMatchObject({
    status: 'on-hold',
    businessStatus: { text: 'submission-unconfirmed' },
    statusReason: { text: expect.stringMatching(/^403/) },
  });
  expect((await here.read('ServiceRequest', 'one')).status).toBe('active');
  await applyOperatorAction(here.context, 'release', (await here.entry('one'))!);
  expect(await task()).toMatchObject({ status: 'requested' });
  expect((await task()).statusReason).toBeUndefined();
  await here.settle();
  expect([await states('one'), (await task()).status]).toEqual([['done'], 'received']);
});

test('12: 403 to all orders pauses the sending and refuses none; afterwards all are sent', async () => {
  const ids = ['a', 'b', 'c', 'd', 'e', 'f'];
  await order(...ids);
  here.fail({ kind: 'error', status: 403, times: 100 });
  await here.drain();
  await here.drain();
  expect(allowed()).toBe(0);
  here.sandbox.state.faults = [];
  await here.settle();
  expect([await states(...ids), here.orders()]).toEqual([ids.map(() => 'done'), 6]);
});

test('44: a roster that is forbidden or fails does not stop orders', async () => {
  for (const status of [403, 500]) {
    here.fail({ operation: 'roster', kind: 'error', status });
    await queueRosterCheck(here.context, { id: `registration-${status}`, key: 'NY', npi: '1999999984' });
    here.advance(3600);
    expect(await drainOutbox(here.sending, { [ROSTER_CHECK_TOPIC]: createRosterChecker(here.client, async () => 'gone') })).toBeGreaterThan(
      0,
    );
    expect(allowed()).toBe(Number.POSITIVE_INFINITY);
  }
  expect(here.countRequests('roster')).toBe(2);
});
