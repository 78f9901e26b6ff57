// When an order is sent again, and when not: what may be there is looked for, a key that holds a failure is left, and nobody is ordered for twice.
// The numbers are rows of docs/failure-matrix.md.
import { v5 } from 'uuid';
import type { Resource } from '../../src/fhir/types.ts';
import { sendNow } from '../../src/orders/deliver/attempt-delivery.ts';
import { applyOperatorAction } from '../../src/orders/deliver/operator-actions.ts';
import { buildOrderBody } from '../../src/orders/place/junction-order.ts';
import { within } from '../junction-sandbox/sandbox-fixture.ts';
import { eachInAWorld } from './each-world.ts';
import { ADA, type OrderWorld, orderWorld, REQUEST } from './order-world.ts';

let here: OrderWorld;
eachInAWorld(orderWorld, (world) => {
  here = world;
});
beforeEach(() => here.put(ADA));

const ordered = async (id = 'one'): Promise<string> => {
  await here.put({ ...REQUEST, id } as Resource);
  return (await here.entry(id))!.key;
};
const now = (id = 'one') => sendNow(here.sending, here.context, id);
const keysUsed = () => here.sandbox.state.requests.filter(({ operation }) => operation === 'createOrder').map((request) => request.key);

test('8: while the orders cannot be listed after a failure, nothing is sent again', async () => {
  const key = await ordered();
  here.fail({ operation: 'createOrder', kind: 'error', when: 'after' }, { operation: 'orders', kind: 'error', times: 2 });
  for (let nth = 0; nth < 3; nth++) expect(await now()).toEqual({ result: 'failed', final: false });
  expect(here.countRequests('createOrder')).toBe(1);
  expect(await now()).toEqual({ result: 'accepted' });
  expect(here.orders(key)).toBe(1);
});

test('4: after the key has expired the order is found by its passthrough, and not sent again', async () => {
  const key = await ordered();
  here.fail({ operation: 'createOrder', kind: 'cut', when: 'after' });
  await now();
  here.advance(25 * 3600);
  await here.drain();
  expect(await here.entry('one')).toMatchObject({ state: 'done' });
  expect([here.orders(key), here.countRequests('createOrder')]).toEqual([1, 1]);
});

test('8: after a failure that is stored under the key, the order is looked up for ten minutes and then sent with another key', async () => {
  const key = await ordered();
  here.fail({ operation: 'createOrder', kind: 'error' });
  for (let nth = 0; nth < 3; nth++) {
    expect(await now()).toEqual({ result: 'failed', final: false });
    here.advance(190);
  }
  expect([keysUsed(), here.countRequests('orders')]).toEqual([[key], 2]);
  here.advance(60);
  expect(await now()).toEqual({ result: 'accepted' });
  expect(keysUsed()).toEqual([key, expect.not.stringMatching(key)]);
  expect(here.orders(key)).toBe(1);
});

test.each([
  ['kept under the key', {}],
  ['forgotten by the key', { forgotten: true }],
])(
  '8: a failure after the work, %s, whose order is listed half a minute later: the order is found, and not sent again',
  async (_title, more) => {
    const key = await ordered();
    here.sandbox.state.listDelaySeconds = 30;
    here.fail({ operation: 'createOrder', kind: 'error', when: 'after', ...more });
    for (let nth = 0; nth < 6; nth++) {
      expect(await now()).toEqual({ result: 'failed', final: false });
      here.advance(5);
    }
    expect(await now()).toEqual({ result: 'accepted' });
    expect([here.orders(key), here.countRequests('createOrder')]).toEqual([1, 1]);
  },
);

test('8: a lost response and then a failure: the ten minutes begin with the last request', async () => {
  const key = await ordered();
  here.fail({ operation: 'createOrder', kind: 'reset' }, { operation: 'createOrder', kind: 'error' });
  expect(await now()).toEqual({ result: 'failed', final: false });
  here.advance(590);
  for (let nth = 0; nth < 3; nth++) {
    expect(await now()).toEqual({ result: 'failed', final: false });
    here.advance(190);
  }
  expect(keysUsed()).toEqual([key, key]);
  here.advance(60);
  expect(await now()).toEqual({ result: 'accepted' });
  expect(keysUsed()).toEqual([key, key, expect.not.stringMatching(key)]);
});

test('8: a gateway failure while the order is in progress: the key is used for ten minutes, and replaced ten minutes after its last use', async () => {
  const key = await ordered();
  here.fail({ operation: 'createOrder', kind: 'error', status: 504 });
  for (let nth = 0; nth < 3; nth++) {
    expect(await now()).toEqual({ result: 'failed', final: false });
    here.advance(30);
  }
  expect(keysUsed()).toEqual([key, key, key]);
  here.advance(700);
  for (let nth = 0; nth < 2; nth++) expect(await now()).toEqual({ result: 'failed', final: false });
  expect(keysUsed()).toEqual([key, key, key, key]);
  here.advance(700);
  expect(await now()).toEqual({ result: 'accepted' });
  expect(keysUsed()).toEqual([key, key, key, key, expect.not.stringMatching(key)]);
  expect(here.orders(key)).toBe(1);
});

test('8: after one gateway failure, which is not stored, the next attempt succeeds with the same key', async () => {
  const key = await ordered();
  here.sandbox.state.storesFailures = false;
  here.fail({ operation: 'createOrder', kind: 'error', status: 502 });
  expect(await now()).toEqual({ result: 'failed', final: false });
  here.advance(30);
  expect(await now()).toEqual({ result: 'accepted' });
  expect(keysUsed()).toEqual([key, key]);
});

/** So many attempts, ten minutes apart. */
async function failAgain(attempts: number): Promise<void> {
  for (let nth = 0; nth < attempts; nth++) {
    expect(await now()).toEqual({ result: 'failed', final: false });
    here.advance(601);
  }
}

test('8: an order that fails with six keys while others are accepted waits for a person, who releases it', async () => {
  const key = await ordered();
  here.fail({ operation: 'createOrder', kind: 'error', times: 5 });
  await failAgain(5);
  expect((await here.entry('one'))!.state).toBe('unknown');
  await ordered('two');
  expect(await now('two')).toEqual({ result: 'accepted' });
  here.fail({ operation: 'createOrder', kind: 'error' });
  await failAgain(1);
  expect(await here.entry('one')).toMatchObject({ state: 'parked', lastError: expect.stringMatching(/^500/) });
  expect((await here.tasks('one'))[0]).toMatchObject({ status: 'on-hold', businessStatus: { text: 'submission-unconfirmed' } });
  await here.settle();
  expect([here.countRequests('createOrder'), here.orders(key)]).toEqual([7, 0]);
  await applyOperatorAction(here.context, 'release', (await here.entry('one'))!);
  await here.settle();
  expect([(await here.entry('one'))!.state, here.orders(key)]).toEqual(['done', 1]);
});

test('8: an order that was accepted long before does not count as another accepted order', async () => {
  const key = await ordered();
  await ordered('two');
  expect(await now('two')).toEqual({ result: 'accepted' });
  here.fail({ operation: 'createOrder', kind: 'error', times: 8 });
  await failAgain(8);
  expect((await here.entry('one'))!.state).toBe('unknown');
  await here.settle();
  expect([(await here.entry('one'))!.state, here.orders(key)]).toEqual(['done', 1]);
});

test('8: the only order is not parked during eight hours of failures, although both processes restart at every attempt', async () => {
  const key = await ordered();
  here.fail({ operation: 'createOrder', kind: 'error', times: 1000 });
  for (let nth = 0; nth < 48; nth++) {
    await here.drain(here.another());
    here.advance(601);
  }
  expect([(await here.entry('one'))!.state, here.countRequests('createOrder') > 40]).toEqual(['unknown', true]);
  here.sandbox.state.faults = [];
  await here.settle();
  expect([(await here.entry('one'))!.state, here.orders(key)]).toEqual(['done', 1]);
});

test('8: while the network fails for all orders, none is parked for it', async () => {
  const ids = ['a', 'b', 'c', 'd', 'e', 'f'];
  for (const id of ids) await ordered(id);
  here.fail({ operation: 'createOrder', kind: 'error', times: 1000 });
  for (let nth = 0; nth < 8; nth++) {
    for (const id of ids) {
      await now(id);
      here.advance(9);
    }
    here.advance(601);
  }
  expect(await Promise.all(ids.map(async (id) => (await here.entry(id))!.state))).toEqual(ids.map(() => 'unknown'));
  expect([await here.drain(), await here.drain()]).toEqual([1, 0]);
  here.sandbox.state.faults = [];
  await here.settle();
  expect(here.orders()).toBe(6);
});

test.each([2, -2, 24])(
  '4: with a clock %d hours ahead of the network, an order whose failure came after the work is found',
  async (hours) => {
    await ordered();
    const apart = { ...here.sending, clock: () => new Date(here.sending.clock().getTime() + hours * 3_600_000) };
    here.fail({ operation: 'createOrder', kind: 'error', when: 'after' });
    expect(await sendNow(apart, here.context, 'one')).toEqual({ result: 'failed', final: false });
    expect(await sendNow(apart, here.context, 'one')).toEqual({ result: 'accepted' });
    expect([here.orders(), here.countRequests('createOrder')]).toEqual([1, 1]);
  },
);

test.each([1, 2])(
  '4: after a day the list responds with 404, %d times: this is not an empty list, and the order is not sent again',
  async (times) => {
    const key = await ordered();
    here.fail({ operation: 'createOrder', kind: 'cut', when: 'after' });
    await now();
    here.advance(25 * 3600);
    here.fail({ operation: 'orders', kind: 'error', status: 404, times });
    await here.settle();
    expect([here.orders(key), here.countRequests('createOrder')]).toEqual([1, 1]);
    expect(await here.entry('one')).toMatchObject({ state: 'done' });
  },
);

test.each([
  ['a crash took the news with it', 'crash'],
  ['the answer was lost on its way', 'loss'],
])('8: the network created the order, failed, and %s: the order is looked up before it is sent again', async (_title, how) => {
  const key = await ordered();
  const createOrder: typeof here.client.createOrder = async (order, signal) => {
    const outcome = await here.client.createOrder(order, signal);
    if (how === 'crash') throw new Error('the process died here');
    return outcome;
  };
  here.fail({ operation: 'createOrder', kind: how === 'crash' ? 'error' : 'reset', when: 'after', status: 500, forgotten: true });
  await here.drain({ ...here.another(), client: { ...here.client, createOrder } });
  here.advance(30);
  here.fail({ operation: 'orders', kind: 'error' });
  await here.drain();
  expect([here.orders(key), here.countRequests('createOrder')]).toEqual([1, 1]);
  here.advance(30);
  await here.drain();
  expect(await here.entry('one')).toMatchObject({ state: 'done' });
  expect(here.orders(key)).toBe(1);
});

test.each([409, 400, 422])(
  '3: a lost response, and then %d for a request in progress: the order is not refused, and there is one order',
  async (status) => {
    const key = await ordered();
    const { state } = here.sandbox;
    here.fail({ operation: 'createOrder', kind: 'reset' });
    expect(await now()).toEqual({ result: 'failed', final: false });
    state.inProgressStatus = status;
    state.keysInProgress.add(key);
    here.advance(30);
    expect(await now()).toEqual({ result: 'failed', final: false });
    expect([(await here.entry('one'))!.state, (await here.read('ServiceRequest', 'one')).status]).toEqual(['unknown', 'active']);
    state.keysInProgress.delete(key);
    const { text, userId } = JSON.parse((await here.entry('one'))!.payload);
    await here.client.createOrder({ body: buildOrderBody(text, userId), key }, within());
    expect(await now()).toEqual({ result: 'accepted' });
    expect([here.orders(), here.orders(key)]).toEqual([1, 1]);
  },
);

test('11: a lost response and then a refusal: the order is looked up until no request can run, and the next refusal counts', async () => {
  const key = await ordered();
  here.fail({ operation: 'createOrder', kind: 'reset' });
  await now();
  here.advance(30);
  here.sandbox.state.labTests = new Set();
  for (let nth = 0; nth < 3; nth++) {
    expect(await now()).toEqual({ result: 'failed', final: false });
    here.advance(190);
  }
  expect([keysUsed(), (await here.tasks('one'))[0]!.status]).toEqual([[key, key], 'requested']);
  here.advance(60);
  expect(await now()).toEqual({ result: 'failed', final: true, why: '400 lab test, not found' });
  expect([(await here.read('ServiceRequest', 'one')).status, here.orders()]).toEqual(['revoked', 0]);
});

test('13: a refusal of the new user counts half a minute later, and the key for the new user was not used and stays', async () => {
  const key = await ordered();
  here.fail(
    { operation: 'user', kind: 'slow', seconds: 0.01 },
    { operation: 'createOrder', kind: 'error', status: 404 },
    { operation: 'user', kind: 'error', status: 500 },
    { operation: 'user', kind: 'error', status: 422 },
  );
  for (let nth = 0; nth < 2; nth++) expect(await now()).toEqual({ result: 'failed', final: false });
  expect(keysUsed()).toEqual([key]);
  here.advance(30);
  expect(await now()).toEqual({ result: 'accepted' });
  expect(keysUsed()).toEqual([key, v5('renewed 1', key)]);
});

test('13: a lost response and a missing user: no user is created and nothing is sent while the order may still arrive', async () => {
  const key = await ordered();
  here.fail({ operation: 'createOrder', kind: 'reset' }, { operation: 'createOrder', kind: 'error', status: 404, times: 2 });
  for (let nth = 0; nth < 3; nth++) {
    expect(await now()).toEqual({ result: 'failed', final: false });
    here.advance(30);
  }
  expect([keysUsed(), here.countRequests('user')]).toEqual([[key, key], 1]);
  here.advance(601);
  expect(await now()).toEqual({ result: 'accepted' });
  expect([here.countRequests('user'), here.orders(key)]).toEqual([2, 1]);
});
