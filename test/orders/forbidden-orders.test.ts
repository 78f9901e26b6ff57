// 403: the team may not access something that an order names. This concerns only that order, unless every request gets 403. Numbers are rows of
// docs/failure-matrix.md.

import { sendNow } from '../../src/orders/deliver/attempt-delivery.ts';
import { ROSTER_CHECK_TOPIC } from '../../src/orders/deliver/claim.ts';
import { drainOutbox } from '../../src/orders/deliver/delivery-worker.ts';
import { applyOperatorAction } from '../../src/orders/deliver/operator-actions.ts';
import { createRosterChecker, queueRosterCheck } from '../../src/physicians/roster-check.ts';
import { openBeforeEach } from './open-before-each.ts';
import { ADA, type OrderFixture, openOrderFixture, REQUEST } from './order-fixture.ts';

let fixture: OrderFixture;
openBeforeEach(openOrderFixture, (opened) => {
  fixture = opened;
});
beforeEach(() => fixture.put(ADA));

const order = async (...ids: string[]): Promise<void> => {
  for (const id of ids) await fixture.put({ ...REQUEST, id });
};
const states = (...ids: string[]) => Promise.all(ids.map(async (id) => (await fixture.entry(id))!.state));
const task = async () => (await fixture.tasks('one'))[0]!;
const UNALLOWED = { operation: 'createOrder', kind: 'error', status: 403 } as const;
const allowed = () => fixture.sender.gate.breaker.allows(fixture.sender.clock());

test('12: four orders with 403 do not delay another order', async () => {
  await order('a', 'b', 'c', 'd');
  fixture.addFaults({ ...UNALLOWED, times: 4 });
  await fixture.drain();
  expect(await states('a', 'b', 'c', 'd')).toEqual(['unknown', 'unknown', 'unknown', 'unknown']);
  await order('other');
  await fixture.drain();
  expect(await states('other')).toEqual(['done']);
});

test('12: an order with repeated 403, while others are accepted, waits for a person, and its Task has the reason', async () => {
  await order('one');
  for (let n = 0; n < 6; n++) {
    await order(`other-${n}`);
    expect(await sendNow(fixture.sender, fixture.context, `other-${n}`)).toEqual({ result: 'accepted' });
    fixture.addFaults(UNALLOWED);
    expect(await sendNow(fixture.sender, fixture.context, 'one')).toEqual({ result: 'failed', final: false });
    fixture.advance(601);
  }
  expect(await states('one')).toEqual(['parked']);
  expect(await task()).toMatchObject({
    status: 'on-hold',
    businessStatus: { text: 'submission-unconfirmed' },
    statusReason: { text: expect.stringMatching(/^403/) },
  });
  expect((await fixture.read('ServiceRequest', 'one')).status).toBe('active');
  await applyOperatorAction(fixture.context, 'release', (await fixture.entry('one'))!);
  expect(await task()).toMatchObject({ status: 'requested' });
  expect((await task()).statusReason).toBeUndefined();
  await fixture.drainAll();
  expect([await states('one'), (await task()).status]).toEqual([['done'], 'received']);
});

test('12: 403 to all orders pauses the sending and refuses none; afterwards all are sent', async () => {
  const ids = ['a', 'b', 'c', 'd', 'e', 'f'];
  await order(...ids);
  fixture.addFaults({ kind: 'error', status: 403, times: 100 });
  await fixture.drain();
  await fixture.drain();
  expect(allowed()).toBe(0);
  fixture.sandbox.state.faults = [];
  await fixture.drainAll();
  expect([await states(...ids), fixture.countOrders()]).toEqual([ids.map(() => 'done'), 6]);
});

test('44: a roster that is forbidden or fails does not stop orders', async () => {
  for (const status of [403, 500]) {
    fixture.addFaults({ operation: 'roster', kind: 'error', status });
    await queueRosterCheck(fixture.context, 0, { id: `registration-${status}`, key: 'NY', npi: '1999999984' });
    fixture.advance(3600);
    expect(
      await drainOutbox({
        sender: fixture.sender,
        handlers: { [ROSTER_CHECK_TOPIC]: createRosterChecker(fixture.client, async () => 'gone') },
      }),
    ).toBeGreaterThan(0);
    expect(allowed()).toBe(Number.POSITIVE_INFINITY);
  }
  expect(fixture.countRequests('roster')).toBe(2);
});
