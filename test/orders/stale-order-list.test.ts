// A network that forgets its keys, whose list is delayed, and that returns a conflict although it created the order: after an unknown outcome the list gets
// time before the order is sent again. Numbers are rows of docs/failure-matrix.md.
import type { Fault } from '../../src/junction-sandbox/faults.ts';
import { sendNow } from '../../src/orders/deliver/attempt-delivery.ts';
import { until } from '../until.ts';
import { openBeforeEach } from './open-before-each.ts';
import { ADA, type OrderFixture, openOrderFixture, REQUEST } from './order-fixture.ts';

let fixture: OrderFixture;
openBeforeEach(openOrderFixture, (opened) => {
  fixture = opened;
});
beforeEach(() => fixture.put(ADA));

const DEFERRED = { result: 'failed', final: false };
const order = async (id = 'one'): Promise<string> => {
  await fixture.put({ ...REQUEST, id });
  return (await fixture.entry(id))!.key;
};
const now = (id = 'one') => sendNow(fixture.sender, fixture.context, id);
const sent = () => fixture.countRequests('createOrder');

const AFTER_THE_WORK: [title: string, fault: Fault][] = [
  ['answers 409 after it made the order', { kind: 'error', when: 'after', status: 409 }],
  ['answers 423 after it made the order', { kind: 'error', when: 'after', status: 423 }],
  ['closes the connection after it made the order', { kind: 'reset', when: 'after' }],
  ['cuts its answer off', { kind: 'cut', when: 'after' }],
  ['answers with another order', { kind: 'other' }],
  ['answers 504 after it made the order', { kind: 'error', when: 'after', status: 504 }],
  ['answers 503 after it made the order', { kind: 'error', when: 'after', status: 503 }],
  ['answers 429 after it made the order', { kind: 'error', when: 'after', status: 429 }],
];

describe.each(AFTER_THE_WORK)('50: the network forgets its keys, its list is 20 s behind, and it %s', (_title, fault) => {
  test('the order is found as soon as it is listed, and is not sent again', async () => {
    const key = await order();
    Object.assign(fixture.sandbox.state, { keyLifetimeSeconds: 0, listDelaySeconds: 20 });
    fixture.addFaults({ operation: 'createOrder', ...fault });
    await fixture.drain();
    for (let second = 0; second < 19; second++) {
      fixture.advance(1);
      await fixture.drain();
    }
    expect([(await fixture.entry('one'))!.state, fixture.countOrders(key), sent()]).toEqual(['unknown', 1, 1]);
    fixture.advance(10);
    await fixture.drain();
    expect([(await fixture.entry('one'))!.state, fixture.countOrders(key), sent()]).toEqual(['done', 1, 1]);
  });
});

test('50: a repeated request of the caller gets a response at once, and the order when it is listed', async () => {
  const key = await order();
  Object.assign(fixture.sandbox.state, { keyLifetimeSeconds: 0, listDelaySeconds: 20 });
  fixture.addFaults({ operation: 'createOrder', kind: 'error', when: 'after', status: 409 });
  const began = performance.now();
  for (let n = 0; n < 4; n++) {
    expect(await now()).toEqual(DEFERRED);
    fixture.advance(5);
  }
  expect(performance.now() - began).toBeLessThan(8000);
  expect(await now()).toEqual({ result: 'accepted' });
  expect([fixture.countOrders(key), sent()]).toEqual([1, 1]);
});

test('50: an order that never arrived is sent half a minute later with the same key, also after further losses', async () => {
  const key = await order();
  fixture.addFaults({ operation: 'createOrder', kind: 'reset', times: 2 });
  for (const times of [1, 2]) {
    expect(await now()).toEqual(DEFERRED);
    fixture.advance(29);
    expect(await now()).toEqual(DEFERRED);
    expect(sent()).toBe(times);
    fixture.advance(1);
  }
  expect(await now()).toEqual({ result: 'accepted' });
  expect([fixture.countOrders(key), sent()]).toEqual([1, 3]);
});

test('50: after a process has died while sending, the next one waits for the list, too', async () => {
  const key = await order();
  Object.assign(fixture.sandbox.state, { keyLifetimeSeconds: 0, listDelaySeconds: 25 });
  const createOrder: typeof fixture.client.createOrder = async (...args) => {
    await fixture.client.createOrder(...args);
    return new Promise(() => {});
  };
  void fixture.drain({ ...fixture.createSender(), client: { ...fixture.client, createOrder } });
  await until(() => fixture.countOrders() === 1);
  fixture.advance(21);
  await fixture.drain();
  expect([(await fixture.entry('one'))!.state, sent()]).toEqual(['unknown', 1]);
  fixture.advance(9);
  await fixture.drain();
  expect([(await fixture.entry('one'))!.state, fixture.countOrders(key), sent()]).toEqual(['done', 1, 1]);
});

test('50: twenty-four orders at such a network, from the background and from callers: one each', async () => {
  Object.assign(fixture.sandbox.state, { keyLifetimeSeconds: 0, listDelaySeconds: 5 });
  const ids = Array.from({ length: 24 }, (_, index) => `o${index}`);
  for (const id of ids) await order(id);
  for (let n = 0; n < 20; n++) fixture.addFaults({ operation: 'createOrder', ...AFTER_THE_WORK[n % 5]![1] });
  fixture.addFaults({ operation: 'orders', kind: 'reset', times: 5 });
  const states = () => Promise.all(ids.map(async (id) => (await fixture.entry(id))!.state));
  for (let round = 0; round < 400 && (await states()).some((state) => state !== 'done'); round++) {
    await Promise.all([fixture.drain(), now(ids[round % 24]), now(ids[(round * 7) % 24])]);
    fixture.advance(3);
  }
  expect(await states()).toEqual(ids.map(() => 'done'));
  const keys = await Promise.all(ids.map(async (id) => (await fixture.entry(id))!.key));
  expect(keys.map((key) => fixture.countOrders(key))).toEqual(keys.map(() => 1));
});
