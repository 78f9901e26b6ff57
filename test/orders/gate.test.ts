// One gate for orders with waiting callers and for background orders: the number in flight, and who waits while the network is unavailable. Numbers are rows of
// docs/failure-matrix.md.
import { setTimeout as delay } from 'node:timers/promises';
import type { Resource } from '../../src/fhir/types.ts';
import { startPollLoop } from '../../src/messaging/poll-loop.ts';
import { secondsUntilNextAttempt, sendNow } from '../../src/orders/deliver/attempt-delivery.ts';
import { createOrderDeliveryWork } from '../../src/orders/deliver/delivery-worker.ts';
import { applyOperatorAction } from '../../src/orders/deliver/operator-actions.ts';
import { createDeliveryLease } from '../../src/orders/deliver/order-sender.ts';
import { sendOrder } from '../../src/orders/deliver/send-order.ts';
import { ORDER_TOPIC } from '../../src/orders/place/order-entry.ts';
import { createRosterDirectory, guardDirectory, type PhysicianDirectory } from '../../src/physicians/registration.ts';
import { within } from '../junction-sandbox/sandbox-fixture.ts';
import { until } from '../until.ts';
import { openBeforeEach } from './open-before-each.ts';
import { ADA, CONCURRENCY, type OrderFixture, openOrderFixture, REQUEST } from './order-fixture.ts';

let fixture: OrderFixture;
openBeforeEach(openOrderFixture, (opened) => {
  fixture = opened;
});
beforeEach(() => fixture.put(ADA));

const DEFERRED = { result: 'failed', final: false };
const range = (count: number) => Array.from({ length: count }, (_, index) => `o${index}`);
async function order(count: number): Promise<string[]> {
  const ids = range(count);
  for (const id of ids) await fixture.put({ ...REQUEST, id } as Resource);
  return ids;
}
const now = (id: string, sending = fixture.sender) => sendNow(sending, fixture.context, id);
const requests = () => fixture.sandbox.state.requests.length;
const perOrder = (ids: string[]) => Promise.all(ids.map(async (id) => fixture.countOrders((await fixture.entry(id))!.key)));

test('49: during Retry-After none of twenty orders with waiting callers is sent, each caller gets a response at once, and each order arrives once', async () => {
  const ids = await order(20);
  fixture.addFaults({ operation: 'createOrder', kind: 'error', status: 429, retryAfter: 120 });
  expect(await now(ids[0]!)).toEqual(DEFERRED);
  const before = requests();
  for (const id of ids.slice(1)) expect(await now(id)).toEqual(DEFERRED);
  fixture.advance(119);
  expect(await now(ids[5]!)).toEqual(DEFERRED);
  expect(await secondsUntilNextAttempt(fixture.sender, fixture.context, ids[5]!)).toBe(1);
  expect(requests()).toBe(before);
  fixture.advance(2);
  expect(await now(ids[5]!)).toEqual({ result: 'accepted' });
  await fixture.drainAll();
  expect(await perOrder(ids)).toEqual(ids.map(() => 1));
});

test('49: the Retry-After of a caller is that of the network', async () => {
  const ids = await order(2);
  fixture.addFaults({ operation: 'createOrder', kind: 'error', status: 429, retryAfter: 120 });
  for (const id of ids) {
    await now(id);
    expect(await secondsUntilNextAttempt(fixture.sender, fixture.context, id)).toBe(120);
  }
});

test('49: after five failed orders in a row callers get a response without a request, except one every eight seconds', async () => {
  const ids = await order(12);
  fixture.addFaults({ kind: 'reset', times: 1000 });
  for (const id of ids.slice(0, 5)) await now(id);
  const before = requests();
  for (const id of ids) expect(await now(id)).toEqual(DEFERRED);
  expect(requests()).toBe(before);
  fixture.advance(9);
  expect(await Promise.all(ids.map((id) => now(id)))).toEqual(ids.map(() => DEFERRED));
  expect(requests()).toBe(before + 1);
  fixture.sandbox.state.faults = [];
  await fixture.drainAll();
  expect(await perOrder(ids)).toEqual(ids.map(() => 1));
});

test(`49: the network hangs: thirty callers and the background have ${CONCURRENCY} requests in flight at most, all are answered in time, and each order arrives once`, async () => {
  const ids = await order(30);
  const sending = { ...fixture.sender, attemptMs: 4000 };
  fixture.addFaults({ kind: 'hang', times: 1000 });
  const began = performance.now();
  const background = fixture.drain(sending, 4000);
  expect(await Promise.all(ids.map((id) => now(id, sending)))).toEqual(ids.map(() => DEFERRED));
  expect(performance.now() - began).toBeLessThan(10_000);
  await background;
  expect(fixture.sandbox.state.maxOpenRequests).toBe(CONCURRENCY);
  fixture.sandbox.state.faults = [];
  await fixture.drainAll();
  expect(await perOrder(ids)).toEqual(ids.map(() => 1));
});

test('49: a caller has a turn although the background has a long queue, and the background one although callers do not cease', async () => {
  const queue = await order(24);
  fixture.addFaults({ operation: 'createOrder', kind: 'slow', seconds: 0.05, times: 1000 });
  const patient = { ...fixture.sender, attemptMs: 60_000 };
  const delivery = createOrderDeliveryWork({
    ...patient,
    listAccounts: async () => [{ sender: patient, handlers: { [ORDER_TOPIC]: (sending, leased) => sendOrder(sending, leased) } }],
  });
  const stop = startPollLoop(delivery.work);
  await until(() => fixture.countOrders() > 0);
  const before = fixture.countOrders();
  await now(queue[23]!, patient);
  expect(fixture.countOrders() - before).toBeLessThanOrEqual(3 * CONCURRENCY);
  const waited = Array.from({ length: 16 }, (_, index) => `waited${index}`);
  for (const id of [...waited, 'background']) await fixture.put({ ...REQUEST, id } as Resource);
  const callers = waited.map((id) => now(id, patient));
  // time goes on: an exchange that breaks off on a busy machine is made again
  await until(async () => {
    fixture.advance(1);
    return (await fixture.entry('background'))!.state === 'done';
  });
  await Promise.all(callers);
  await stop();
  await delivery.finish();
  await fixture.drainAll();
  expect(await perOrder([...queue, ...waited, 'background'])).toEqual(Array.from({ length: 41 }, () => 1));
});

test('49: an order that an operator sends by hand passes a closed gate', async () => {
  const [first, second] = await order(2);
  fixture.addFaults({ operation: 'createOrder', kind: 'error', status: 429, retryAfter: 120 });
  await now(first!);
  await applyOperatorAction(fixture.context, 'retry', (await fixture.entry(second!))!);
  expect(await now(second!)).toEqual(DEFERRED);
  expect(await fixture.drain()).toBe(1);
  expect((await fixture.entry(second!))!.state).toBe('done');
});

describe('registering physicians', () => {
  const known: PhysicianDirectory = (physician, signal) =>
    guardDirectory(fixture.sender, createRosterDirectory(fixture.client))(physician, signal);
  const physician = { npi: '1999999984', firstName: 'Maria', lastName: 'Cruz', email: undefined, state: 'NY', key: 'k' };
  const ask = (ms = 60_000) => known(physician, within(ms));

  test('49: passes the same gate: during Retry-After neither an order nor a registration is sent', async () => {
    const [id] = await order(1);
    fixture.addFaults({ operation: 'roster', kind: 'error', status: 429, retryAfter: 120 });
    expect(await ask()).toMatchObject({ kind: 'throttled', retryAfter: 120 });
    const before = requests();
    fixture.advance(20);
    expect([await ask(), await now(id!)]).toEqual([{ kind: 'throttled', why: expect.any(String), retryAfter: 100 }, DEFERRED]);
    expect(requests()).toBe(before);
    fixture.advance(101);
    expect([await ask(), await now(id!)]).toMatchObject([{ kind: 'accepted' }, { result: 'accepted' }]);
  });

  test(`49: the network hangs: thirty registrations have ${CONCURRENCY} requests in flight at most`, async () => {
    fixture.addFaults({ operation: 'roster', kind: 'hang', times: 1000 });
    const outcomes = await Promise.all(Array.from({ length: 30 }, () => ask(4000)));
    expect(outcomes.filter(({ kind }) => kind === 'unknown')).toHaveLength(CONCURRENCY);
    expect(outcomes.filter(({ kind }) => kind === 'throttled')).toHaveLength(30 - CONCURRENCY);
    expect(fixture.sandbox.state.maxOpenRequests).toBe(CONCURRENCY);
  });

  test('44: repeated failures of the physician directory do not stop orders', async () => {
    const [id] = await order(1);
    fixture.addFaults({ operation: 'roster', kind: 'error', status: 403, times: 9 });
    for (let n = 0; n < 9; n++) expect((await ask()).kind).toBe('unknown');
    expect(await now(id!)).toEqual({ result: 'accepted' });
  });
});

test('49: a caller whose order another process is sending waits for it without a slot', async () => {
  const [id] = await order(1);
  fixture.addFaults({ operation: 'createOrder', kind: 'slow', seconds: 0.5 });
  const running = fixture.drain();
  await until(() => fixture.countRequests('createOrder') === 1);
  const callers = Array.from({ length: 10 }, () => now(id!));
  await delay(150);
  expect(fixture.sender.gate.take(CONCURRENCY)).toHaveLength(CONCURRENCY - 1);
  await running;
  expect(await Promise.all(callers)).toEqual(Array.from({ length: 10 }, () => ({ result: 'accepted' })));
  expect(fixture.countRequests('createOrder')).toBe(1);
});

test('49: a caller whose order somebody else had, and left, waits for a place no longer than until the answer is due', async () => {
  const [id] = await order(1);
  const { outbox } = fixture.sender.store;
  const remaining = await fixture.entry(id!);
  await outbox.claimOne(fixture.tenant, remaining!.id, createDeliveryLease(fixture.sender));
  fixture.sender.gate.take(CONCURRENCY);
  const began = performance.now();
  const answer = now(id!, { ...fixture.sender, attemptMs: 4000 });
  await delay(4500);
  fixture.advance(60);
  expect(await answer).toEqual(DEFERRED);
  expect(performance.now() - began).toBeLessThan(6000);
});
