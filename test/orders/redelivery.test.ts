// When an order is sent again: it is looked up first, a key that stores a failure is replaced, and no order is duplicated. Numbers are rows of
// docs/failure-matrix.md.
import { v5 } from 'uuid';
import type { Resource } from '../../src/fhir/types.ts';
import { sendNow } from '../../src/orders/deliver/attempt-delivery.ts';
import { applyOperatorAction } from '../../src/orders/deliver/operator-actions.ts';
import { buildOrderBody } from '../../src/orders/place/junction-order.ts';
import { within } from '../junction-sandbox/sandbox-fixture.ts';
import { openBeforeEach } from './open-before-each.ts';
import { ADA, type OrderFixture, openOrderFixture, REQUEST } from './order-fixture.ts';

let fixture: OrderFixture;
openBeforeEach(openOrderFixture, (opened) => {
  fixture = opened;
});
beforeEach(() => fixture.put(ADA));

const ordered = async (id = 'one'): Promise<string> => {
  await fixture.put({ ...REQUEST, id } as Resource);
  return (await fixture.entry(id))!.key;
};
const now = (id = 'one') => sendNow(fixture.sender, fixture.context, id);
const keysUsed = () => fixture.sandbox.state.requests.filter(({ operation }) => operation === 'createOrder').map((request) => request.key);

test('8: while the orders cannot be listed after a failure, nothing is sent again', async () => {
  const key = await ordered();
  fixture.addFaults({ operation: 'createOrder', kind: 'error', when: 'after' }, { operation: 'orders', kind: 'error', times: 2 });
  for (let n = 0; n < 3; n++) expect(await now()).toEqual({ result: 'failed', final: false });
  expect(fixture.countRequests('createOrder')).toBe(1);
  expect(await now()).toEqual({ result: 'accepted' });
  expect(fixture.countOrders(key)).toBe(1);
});

test('4: after the key has expired the order is found by its passthrough, and not sent again', async () => {
  const key = await ordered();
  fixture.addFaults({ operation: 'createOrder', kind: 'cut', when: 'after' });
  await now();
  fixture.advance(25 * 3600);
  await fixture.drain();
  expect(await fixture.entry('one')).toMatchObject({ state: 'done' });
  expect([fixture.countOrders(key), fixture.countRequests('createOrder')]).toEqual([1, 1]);
});

test('8: after a failure that is stored under the key, the order is looked up for ten minutes and then sent with another key', async () => {
  const key = await ordered();
  fixture.addFaults({ operation: 'createOrder', kind: 'error' });
  for (let n = 0; n < 3; n++) {
    expect(await now()).toEqual({ result: 'failed', final: false });
    fixture.advance(190);
  }
  expect([keysUsed(), fixture.countRequests('orders')]).toEqual([[key], 2]);
  fixture.advance(60);
  expect(await now()).toEqual({ result: 'accepted' });
  expect(keysUsed()).toEqual([key, expect.not.stringMatching(key)]);
  expect(fixture.countOrders(key)).toBe(1);
});

test.each([
  ['kept under the key', {}],
  ['forgotten by the key', { forgotten: true }],
])(
  '8: a failure after the work, %s, whose order is listed half a minute later: the order is found, and not sent again',
  async (_title, more) => {
    const key = await ordered();
    fixture.sandbox.state.listDelaySeconds = 30;
    fixture.addFaults({ operation: 'createOrder', kind: 'error', when: 'after', ...more });
    for (let n = 0; n < 6; n++) {
      expect(await now()).toEqual({ result: 'failed', final: false });
      fixture.advance(5);
    }
    expect(await now()).toEqual({ result: 'accepted' });
    expect([fixture.countOrders(key), fixture.countRequests('createOrder')]).toEqual([1, 1]);
  },
);

test('8: a lost response and then a failure: the ten minutes begin with the last request', async () => {
  const key = await ordered();
  fixture.addFaults({ operation: 'createOrder', kind: 'reset' }, { operation: 'createOrder', kind: 'error' });
  expect(await now()).toEqual({ result: 'failed', final: false });
  fixture.advance(590);
  for (let n = 0; n < 3; n++) {
    expect(await now()).toEqual({ result: 'failed', final: false });
    fixture.advance(190);
  }
  expect(keysUsed()).toEqual([key, key]);
  fixture.advance(60);
  expect(await now()).toEqual({ result: 'accepted' });
  expect(keysUsed()).toEqual([key, key, expect.not.stringMatching(key)]);
});

test('8: a gateway failure while the order is in progress: the key is used for ten minutes, and replaced ten minutes after its last use', async () => {
  const key = await ordered();
  fixture.addFaults({ operation: 'createOrder', kind: 'error', status: 504 });
  for (let n = 0; n < 3; n++) {
    expect(await now()).toEqual({ result: 'failed', final: false });
    fixture.advance(30);
  }
  expect(keysUsed()).toEqual([key, key, key]);
  fixture.advance(700);
  for (let n = 0; n < 2; n++) expect(await now()).toEqual({ result: 'failed', final: false });
  expect(keysUsed()).toEqual([key, key, key, key]);
  fixture.advance(700);
  expect(await now()).toEqual({ result: 'accepted' });
  expect(keysUsed()).toEqual([key, key, key, key, expect.not.stringMatching(key)]);
  expect(fixture.countOrders(key)).toBe(1);
});

test('8: after one gateway failure, which is not stored, the next attempt succeeds with the same key', async () => {
  const key = await ordered();
  fixture.sandbox.state.storesFailures = false;
  fixture.addFaults({ operation: 'createOrder', kind: 'error', status: 502 });
  expect(await now()).toEqual({ result: 'failed', final: false });
  fixture.advance(30);
  expect(await now()).toEqual({ result: 'accepted' });
  expect(keysUsed()).toEqual([key, key]);
});

/** So many attempts, ten minutes apart. */
async function failAgain(attempts: number): Promise<void> {
  for (let n = 0; n < attempts; n++) {
    expect(await now()).toEqual({ result: 'failed', final: false });
    fixture.advance(601);
  }
}

test('8: an order that fails with six keys while others are accepted waits for a person, who releases it', async () => {
  const key = await ordered();
  fixture.addFaults({ operation: 'createOrder', kind: 'error', times: 5 });
  await failAgain(5);
  expect((await fixture.entry('one'))!.state).toBe('unknown');
  await ordered('two');
  expect(await now('two')).toEqual({ result: 'accepted' });
  fixture.addFaults({ operation: 'createOrder', kind: 'error' });
  await failAgain(1);
  expect(await fixture.entry('one')).toMatchObject({ state: 'parked', lastError: expect.stringMatching(/^500/) });
  expect((await fixture.tasks('one'))[0]).toMatchObject({ status: 'on-hold', businessStatus: { text: 'submission-unconfirmed' } });
  await fixture.drainAll();
  expect([fixture.countRequests('createOrder'), fixture.countOrders(key)]).toEqual([7, 0]);
  await applyOperatorAction(fixture.context, 'release', (await fixture.entry('one'))!);
  await fixture.drainAll();
  expect([(await fixture.entry('one'))!.state, fixture.countOrders(key)]).toEqual(['done', 1]);
});

test('8: an order that was accepted long before does not count as another accepted order', async () => {
  const key = await ordered();
  await ordered('two');
  expect(await now('two')).toEqual({ result: 'accepted' });
  fixture.addFaults({ operation: 'createOrder', kind: 'error', times: 8 });
  await failAgain(8);
  expect((await fixture.entry('one'))!.state).toBe('unknown');
  await fixture.drainAll();
  expect([(await fixture.entry('one'))!.state, fixture.countOrders(key)]).toEqual(['done', 1]);
});

test('8: the only order is not parked during eight hours of failures, although both processes restart at every attempt', async () => {
  const key = await ordered();
  fixture.addFaults({ operation: 'createOrder', kind: 'error', times: 1000 });
  for (let n = 0; n < 48; n++) {
    await fixture.drain(fixture.createSender());
    fixture.advance(601);
  }
  expect([(await fixture.entry('one'))!.state, fixture.countRequests('createOrder') > 40]).toEqual(['unknown', true]);
  fixture.sandbox.state.faults = [];
  await fixture.drainAll();
  expect([(await fixture.entry('one'))!.state, fixture.countOrders(key)]).toEqual(['done', 1]);
});

test('8: while the network fails for all orders, none is parked for it', async () => {
  const ids = ['a', 'b', 'c', 'd', 'e', 'f'];
  for (const id of ids) await ordered(id);
  fixture.addFaults({ operation: 'createOrder', kind: 'error', times: 1000 });
  for (let n = 0; n < 8; n++) {
    for (const id of ids) {
      await now(id);
      fixture.advance(9);
    }
    fixture.advance(601);
  }
  expect(await Promise.all(ids.map(async (id) => (await fixture.entry(id))!.state))).toEqual(ids.map(() => 'unknown'));
  expect([await fixture.drain(), await fixture.drain()]).toEqual([1, 0]);
  fixture.sandbox.state.faults = [];
  await fixture.drainAll();
  expect(fixture.countOrders()).toBe(6);
});

test.each([2, -2, 24])(
  '4: with a clock %d hours ahead of the network, an order whose failure came after the work is found',
  async (hours) => {
    await ordered();
    const apart = { ...fixture.sender, clock: () => new Date(fixture.sender.clock().getTime() + hours * 3_600_000) };
    fixture.addFaults({ operation: 'createOrder', kind: 'error', when: 'after' });
    expect(await sendNow(apart, fixture.context, 'one')).toEqual({ result: 'failed', final: false });
    expect(await sendNow(apart, fixture.context, 'one')).toEqual({ result: 'accepted' });
    expect([fixture.countOrders(), fixture.countRequests('createOrder')]).toEqual([1, 1]);
  },
);

test.each([1, 2])(
  '4: after a day the list responds with 404, %d times: this is not an empty list, and the order is not sent again',
  async (times) => {
    const key = await ordered();
    fixture.addFaults({ operation: 'createOrder', kind: 'cut', when: 'after' });
    await now();
    fixture.advance(25 * 3600);
    fixture.addFaults({ operation: 'orders', kind: 'error', status: 404, times });
    await fixture.drainAll();
    expect([fixture.countOrders(key), fixture.countRequests('createOrder')]).toEqual([1, 1]);
    expect(await fixture.entry('one')).toMatchObject({ state: 'done' });
  },
);

test.each([
  ['a crash took the news with it', 'crash'],
  ['the answer was lost on its way', 'loss'],
])('8: the network created the order, failed, and %s: the order is looked up before it is sent again', async (_title, how) => {
  const key = await ordered();
  const createOrder: typeof fixture.client.createOrder = async (order, signal) => {
    const outcome = await fixture.client.createOrder(order, signal);
    if (how === 'crash') throw new Error('the process died here');
    return outcome;
  };
  fixture.addFaults({ operation: 'createOrder', kind: how === 'crash' ? 'error' : 'reset', when: 'after', status: 500, forgotten: true });
  await fixture.drain({ ...fixture.createSender(), client: { ...fixture.client, createOrder } });
  fixture.advance(30);
  fixture.addFaults({ operation: 'orders', kind: 'error' });
  await fixture.drain();
  expect([fixture.countOrders(key), fixture.countRequests('createOrder')]).toEqual([1, 1]);
  fixture.advance(30);
  await fixture.drain();
  expect(await fixture.entry('one')).toMatchObject({ state: 'done' });
  expect(fixture.countOrders(key)).toBe(1);
});

test.each([409, 400, 422])(
  '3: a lost response, and then %d for a request in progress: the order is not refused, and there is one order',
  async (status) => {
    const key = await ordered();
    const { state } = fixture.sandbox;
    fixture.addFaults({ operation: 'createOrder', kind: 'reset' });
    expect(await now()).toEqual({ result: 'failed', final: false });
    state.inProgressStatus = status;
    state.keysInProgress.add(key);
    fixture.advance(30);
    expect(await now()).toEqual({ result: 'failed', final: false });
    expect([(await fixture.entry('one'))!.state, (await fixture.read('ServiceRequest', 'one')).status]).toEqual(['unknown', 'active']);
    state.keysInProgress.delete(key);
    const { text, userId } = JSON.parse((await fixture.entry('one'))!.payload);
    await fixture.client.createOrder({ body: buildOrderBody(text, userId), key }, within());
    expect(await now()).toEqual({ result: 'accepted' });
    expect([fixture.countOrders(), fixture.countOrders(key)]).toEqual([1, 1]);
  },
);

test('11: a lost response and then a refusal: the order is looked up until no request can run, and the next refusal counts', async () => {
  const key = await ordered();
  fixture.addFaults({ operation: 'createOrder', kind: 'reset' });
  await now();
  fixture.advance(30);
  fixture.sandbox.state.labTests = new Set();
  for (let n = 0; n < 3; n++) {
    expect(await now()).toEqual({ result: 'failed', final: false });
    fixture.advance(190);
  }
  expect([keysUsed(), (await fixture.tasks('one'))[0]!.status]).toEqual([[key, key], 'requested']);
  fixture.advance(60);
  expect(await now()).toEqual({ result: 'failed', final: true, why: '400 lab test, not found' });
  expect([(await fixture.read('ServiceRequest', 'one')).status, fixture.countOrders()]).toEqual(['revoked', 0]);
});

test('13: a refusal of the new user counts half a minute later, and the key for the new user was not used and stays', async () => {
  const key = await ordered();
  fixture.addFaults(
    { operation: 'user', kind: 'slow', seconds: 0.01 },
    { operation: 'createOrder', kind: 'error', status: 404 },
    { operation: 'user', kind: 'error', status: 500 },
    { operation: 'user', kind: 'error', status: 422 },
  );
  for (let n = 0; n < 2; n++) expect(await now()).toEqual({ result: 'failed', final: false });
  expect(keysUsed()).toEqual([key]);
  fixture.advance(30);
  expect(await now()).toEqual({ result: 'accepted' });
  expect(keysUsed()).toEqual([key, v5('renewed 1', key)]);
});

test('13: a lost response and a missing user: no user is created and nothing is sent while the order may still arrive', async () => {
  const key = await ordered();
  fixture.addFaults({ operation: 'createOrder', kind: 'reset' }, { operation: 'createOrder', kind: 'error', status: 404, times: 2 });
  for (let n = 0; n < 3; n++) {
    expect(await now()).toEqual({ result: 'failed', final: false });
    fixture.advance(30);
  }
  expect([keysUsed(), fixture.countRequests('user')]).toEqual([[key, key], 1]);
  fixture.advance(601);
  expect(await now()).toEqual({ result: 'accepted' });
  expect([fixture.countRequests('user'), fixture.countOrders(key)]).toEqual([2, 1]);
});
