// When an order is sent again, and when not: what may be there is looked for, a key that holds a failure is left, and nobody is ordered for twice.
// The numbers are rows of docs/failure-matrix.md.
import type { Resource } from '../../src/fhir/types.ts';
import { applyOperatorAction } from '../../src/orders/deliver/operator-actions.ts';
import { sendNow } from '../../src/orders/deliver/send-now.ts';
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
const keysUsed = () => here.sandbox.state.requests.filter(({ operation }) => operation === 'createOrder').map((one) => one.key);

test('8: while Junction cannot be looked through after a failure, nothing is sent again', async () => {
  const key = await ordered();
  here.fail({ operation: 'createOrder', kind: 'error', when: 'after' }, { operation: 'orders', kind: 'error', times: 2 });
  for (let nth = 0; nth < 3; nth++) expect(await now()).toEqual({ result: 'failed', final: false });
  expect(here.asked('createOrder')).toBe(1);
  expect(await now()).toEqual({ result: 'accepted' });
  expect(here.orders(key)).toBe(1);
});

test('4: a day later the key is forgotten there: the order is found by its passthrough, not sent again', async () => {
  const key = await ordered();
  here.fail({ operation: 'createOrder', kind: 'cut', when: 'after' });
  await now();
  here.advance(25 * 3600);
  await here.drain();
  expect(await here.entry('one')).toMatchObject({ state: 'done' });
  expect([here.orders(key), here.asked('createOrder')]).toEqual([1, 1]);
});

test('8: a failure that is kept under the key: nothing more is sent under it; looked for in vain for ten minutes, the order goes out under another', async () => {
  const key = await ordered();
  here.fail({ operation: 'createOrder', kind: 'error' });
  for (let nth = 0; nth < 3; nth++) {
    expect(await now()).toEqual({ result: 'failed', final: false });
    here.advance(190);
  }
  expect([keysUsed(), here.asked('orders')]).toEqual([[key], 2]);
  here.advance(60);
  expect(await now()).toEqual({ result: 'accepted' });
  expect(keysUsed()).toEqual([key, expect.not.stringMatching(key)]);
  expect(here.orders(key)).toBe(1);
});

test.each([
  ['kept under the key', {}],
  ['forgotten by the key', { forgotten: true }],
])('8: a failure after the work, %s, whose order comes to be listed half a minute later: one order, found', async (_title, more) => {
  const key = await ordered();
  here.sandbox.state.listDelaySeconds = 30;
  here.fail({ operation: 'createOrder', kind: 'error', when: 'after', ...more });
  for (let nth = 0; nth < 6; nth++) {
    expect(await now()).toEqual({ result: 'failed', final: false });
    here.advance(5);
  }
  expect(await now()).toEqual({ result: 'accepted' });
  expect([here.orders(key), here.asked('createOrder')]).toEqual([1, 1]);
});

test('8: an answer was lost and the next one is a failure: the ten minutes begin with the request that was sent last', async () => {
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

test('8: a gateway says that the network failed, and the order is still being worked on: its key stays for ten minutes, and is left ten after its last use', async () => {
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

test('8: a gateway says once that the network failed, and keeps nothing: the next attempt goes through under the same key', async () => {
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

test('8: the network fails at one order under six keys, and takes others meanwhile: it waits for a person, who lets it go on', async () => {
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
  expect([here.asked('createOrder'), here.orders(key)]).toEqual([7, 0]);
  await applyOperatorAction(here.context, 'release', (await here.entry('one'))!);
  await here.settle();
  expect([(await here.entry('one'))!.state, here.orders(key)]).toEqual(['done', 1]);
});

test('8: an order that the network takes long before says nothing of whether it fails at everything', async () => {
  const key = await ordered();
  await ordered('two');
  expect(await now('two')).toEqual({ result: 'accepted' });
  here.fail({ operation: 'createOrder', kind: 'error', times: 8 });
  await failAgain(8);
  expect((await here.entry('one'))!.state).toBe('unknown');
  await here.settle();
  expect([(await here.entry('one'))!.state, here.orders(key)]).toEqual(['done', 1]);
});

test('8: the only order of two processes, which are begun anew at every attempt, outlives eight hours in which the network fails', async () => {
  const key = await ordered();
  here.fail({ operation: 'createOrder', kind: 'error', times: 1000 });
  for (let nth = 0; nth < 48; nth++) {
    await here.drain(here.another());
    here.advance(601);
  }
  expect([(await here.entry('one'))!.state, here.asked('createOrder') > 40]).toEqual(['unknown', true]);
  here.sandbox.state.faults = [];
  await here.settle();
  expect([(await here.entry('one'))!.state, here.orders(key)]).toEqual(['done', 1]);
});

test('8: while the network fails at every order, none is given up for that', async () => {
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
  '4: our clock is %d hours ahead of the network: an order whose failure came after the work is found all the same',
  async (hours) => {
    await ordered();
    const apart = { ...here.sending, clock: () => new Date(here.sending.clock().getTime() + hours * 3_600_000) };
    here.fail({ operation: 'createOrder', kind: 'error', when: 'after' });
    expect(await sendNow(apart, here.context, 'one')).toEqual({ result: 'failed', final: false });
    expect(await sendNow(apart, here.context, 'one')).toEqual({ result: 'accepted' });
    expect([here.orders(), here.asked('createOrder')]).toEqual([1, 1]);
  },
);

test.each([1, 2])(
  '4: a day later the list answers 404, %d times: that is no list without the order, and it is not sent again',
  async (times) => {
    const key = await ordered();
    here.fail({ operation: 'createOrder', kind: 'cut', when: 'after' });
    await now();
    here.advance(25 * 3600);
    here.fail({ operation: 'orders', kind: 'error', status: 404, times });
    await here.settle();
    expect([here.orders(key), here.asked('createOrder')]).toEqual([1, 1]);
    expect(await here.entry('one')).toMatchObject({ state: 'done' });
  },
);

test.each([
  ['a crash took the news with it', 'crash'],
  ['the answer was lost on its way', 'loss'],
])('8: the network made the order, failed, and %s: the order is looked up before it is sent again', async (_title, how) => {
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
  expect([here.orders(key), here.asked('createOrder')]).toEqual([1, 1]);
  here.advance(30);
  await here.drain();
  expect(await here.entry('one')).toMatchObject({ state: 'done' });
  expect(here.orders(key)).toBe(1);
});

test.each([409, 400, 422])(
  '3: the answer was lost, and the network says with a %d that the request is still at work: no order is ended, and there is one',
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

test('11: the answer was lost and the next one is a no: looked for until nothing can be at work any more, and the next no counts', async () => {
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

test('13: the answer was lost and the user is gone: nobody is made anew, and nothing sent for them, before it is sure that the order never arrived', async () => {
  const key = await ordered();
  here.fail({ operation: 'createOrder', kind: 'reset' }, { operation: 'createOrder', kind: 'error', status: 404, times: 2 });
  for (let nth = 0; nth < 3; nth++) {
    expect(await now()).toEqual({ result: 'failed', final: false });
    here.advance(30);
  }
  expect([keysUsed(), here.asked('user')]).toEqual([[key, key], 1]);
  here.advance(601);
  expect(await now()).toEqual({ result: 'accepted' });
  expect([here.asked('user'), here.orders(key)]).toEqual([2, 1]);
});
