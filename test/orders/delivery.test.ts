// From the outbox to the lab network: despite any failure an order arrives once, and the ServiceRequest and its Task show its state.
import type { Resource } from '../../src/fhir/types.ts';
import { sendNow } from '../../src/orders/deliver/attempt-delivery.ts';
import { createDeliveryLease } from '../../src/orders/deliver/order-sender.ts';
import { within } from '../junction-sandbox/sandbox-fixture.ts';
import { storeExcept } from '../store/store-except.ts';
import { until, waits } from '../until.ts';
import { createImpatientSender } from './impatient-sender.ts';
import { openBeforeEach } from './open-before-each.ts';
import { ADA, type OrderFixture, openOrderFixture, REQUEST, SYSTEMS } from './order-fixture.ts';

let fixture: OrderFixture;
openBeforeEach(openOrderFixture, (opened) => {
  fixture = opened;
});
beforeEach(() => fixture.put(ADA));

const ordered = async (id = 'one', more: object = {}): Promise<string> => {
  await fixture.put({ ...REQUEST, id, ...more } as Resource);
  return (await fixture.entry(id))!.key;
};
const now = (id = 'one') => sendNow(fixture.sender, fixture.context, id);
const keysUsed = () => fixture.sandbox.state.requests.filter(({ operation }) => operation === 'createOrder').map((request) => request.key);
const word = (request: Resource) =>
  (request._status as { extension: { valueString: string }[] } | undefined)?.extension.map((extension) => extension.valueString);

test('an accepted order: the ServiceRequest has its id and status, the Task is received, and nothing else changes', async () => {
  const key = await ordered('one', { note: [{ text: 'kept' }], identifier: [{ system: 'urn:own', value: '1' }] });
  expect(await now()).toEqual({ result: 'accepted' });
  const [order] = [...fixture.sandbox.state.orders.values()];
  const request = await fixture.read('ServiceRequest', 'one');
  expect(request).toMatchObject({
    status: 'active',
    note: [{ text: 'kept' }],
    identifier: [
      { system: 'urn:own', value: '1' },
      { system: SYSTEMS.order, value: order!.id },
    ],
  });
  expect(word(request)).toEqual(['received']);
  expect(await fixture.tasks('one')).toEqual([
    expect.objectContaining({
      status: 'received',
      identifier: [{ system: SYSTEMS.order, value: order!.id }],
      businessStatus: { coding: [{ system: SYSTEMS.status, code: 'received.walk_in_test.ordered' }] },
    }),
  ]);
  expect(order).toMatchObject({ passthrough: key, sent: { order_set: { lab_test_ids: fixture.sandbox.panels.pcos } } });
  expect(await fixture.entry('one')).toMatchObject({ state: 'done', attempts: 1, lastError: null });
  expect(await now()).toEqual({ result: 'accepted' });
  expect(await fixture.drain()).toBe(0);
  expect(fixture.countRequests('createOrder')).toBe(1);
});

test('numbers of the ServiceRequest keep their digits when the outcome is stored', async () => {
  const { JSON: json } = globalThis as unknown as { JSON: { rawJSON(text: string): object } };
  const exact = { ...REQUEST, id: 'one', extension: [{ url: 'urn:dose', valueDecimal: json.rawJSON('1.50') }] };
  const { update } = await import('../../src/interactions/update.ts');
  const resource = { ...REQUEST, id: 'one', extension: [{ url: 'urn:dose', valueDecimal: 1.5 }] };
  await update(fixture.context, { type: 'ServiceRequest', id: 'one', draft: { resource, exact: exact as Resource } });
  await now();
  expect((await fixture.context.store.read(fixture.tenant, 'ServiceRequest', 'one'))!.body).toContain('"valueDecimal":1.50');
});

describe.each([
  ['8: a 500 after the work', { kind: 'error', when: 'after' }],
  ['9: a 503 that was one after all', { kind: 'error', when: 'after', status: 503 }],
  ['2: a reset before the work', { kind: 'reset' }],
  ['1: a reset after the work', { kind: 'reset', when: 'after' }],
  ['5: a body cut off', { kind: 'cut', when: 'after' }],
  ['1: an answer that comes too late', { kind: 'slow', when: 'after', seconds: 60 }],
  ['2: work that begins too late', { kind: 'slow', seconds: 1 }],
] as const)('%s', (_title, fault) => {
  test('is a failure for the waiting caller, and leads to one order with the same key', async () => {
    const key = await ordered();
    fixture.addFaults({ operation: 'createOrder', ...fault });
    await fixture.drain('seconds' in fault ? createImpatientSender(fixture) : undefined);
    expect(await fixture.entry('one')).toMatchObject({ state: 'unknown', firstSentAt: '2026-11-21T12:00:00.000Z', key });
    expect((await fixture.read('ServiceRequest', 'one')).status).toBe('active');
    if ('seconds' in fault) await until(() => fixture.countOrders() === 1);
    fixture.advance(30);
    expect(await now()).toEqual({ result: 'accepted' });
    expect(fixture.countOrders()).toBe(1);
    expect(fixture.countOrders(key)).toBe(1);
    expect(keysUsed()[1] ?? key).toBe(key);
  });
});

test('1: every attempt sends the same bytes, even if the patient has changed meanwhile', async () => {
  await ordered();
  fixture.addFaults({ operation: 'createOrder', kind: 'reset' });
  await now();
  await fixture.put({ ...ADA, name: [{ given: ['Someone'], family: 'Else' }] });
  fixture.advance(30);
  await now();
  expect([...fixture.sandbox.state.orders.values()][0]!.sent.patient_details).toMatchObject({ first_name: 'Ada', last_name: 'Lovelace' });
});

test('7: a process that was suspended until its lease expired sends nothing', async () => {
  const key = await ordered();
  const asleep = fixture.createSender();
  const recordOutcomes: typeof asleep.store.outbox.recordOutcomes = async (...args) => {
    const written = await fixture.sender.store.outbox.recordOutcomes(...args);
    fixture.advance(25 * 3600);
    return written;
  };
  const store = storeExcept(asleep.store, { outbox: { ...asleep.store.outbox, recordOutcomes } });
  await fixture.drain({ ...asleep, store });
  expect(fixture.countRequests('createOrder')).toBe(0);
  await fixture.drain();
  expect(await fixture.entry('one')).toMatchObject({ state: 'done' });
  expect(fixture.countOrders(key)).toBe(1);
});

test('11: a refusal is final: the request is revoked as failed, the Task has the reason without the value, and nothing is sent again', async () => {
  await ordered('one', { note: [{ text: 'x' }] });
  fixture.sandbox.state.labTests = new Set();
  const refusal = { result: 'failed', final: true, why: '400 lab test, not found' };
  expect(await now()).toEqual(refusal);
  expect(await now()).toEqual(refusal);
  const request = await fixture.read('ServiceRequest', 'one');
  expect([request.status, word(request)]).toEqual(['revoked', ['failed']]);
  const [task] = await fixture.tasks('one');
  expect(task).toMatchObject({ status: 'rejected', statusReason: { text: expect.stringContaining('400') } });
  expect(await fixture.drain()).toBe(0);
  expect(fixture.countRequests('createOrder')).toBe(1);
  expect(fixture.countRequests('cancelOrder')).toBe(0);
});

test('9: after 429 with Retry-After neither the worker nor a caller sends a request before that time', async () => {
  await ordered('one');
  await ordered('two');
  fixture.addFaults({ operation: 'createOrder', kind: 'error', status: 429, retryAfter: 120, times: 2 });
  await fixture.drain();
  expect(await fixture.entry('one')).toMatchObject({ nextAt: '2026-11-21T12:02:00.000Z' });
  fixture.advance(100);
  expect(await fixture.drain()).toBe(0);
  expect(await now('one')).toEqual({ result: 'failed', final: false });
  expect(fixture.countRequests('createOrder')).toBe(2);
  fixture.advance(30);
  expect(await now('one')).toEqual({ result: 'accepted' });
  await fixture.drain();
  expect(await fixture.entry('two')).toMatchObject({ state: 'done' });
});

test('12: a rejected API key pauses the queue and fails no order; after it is accepted again, all orders are sent', async () => {
  for (const id of ['a', 'b', 'c', 'd', 'e', 'f']) await ordered(id);
  fixture.addFaults({ kind: 'error', status: 401, times: 100 });
  await fixture.drain();
  const before = fixture.countRequests('user');
  expect(await fixture.drain()).toBe(0);
  fixture.advance(9);
  expect(await fixture.drain()).toBe(1);
  expect(fixture.countRequests('user')).toBe(before + 1);
  fixture.advance(30 * 24 * 3600);
  await fixture.drain();
  expect((await fixture.entry('a'))!.state).toBe('queued');
  fixture.sandbox.state.faults = [];
  await fixture.drainAll();
  expect(fixture.countOrders()).toBe(6);
});

test('9: after several failures in a row one order is sent every few seconds', async () => {
  for (let n = 0; n < 12; n++) await ordered(`r${n}`);
  fixture.addFaults({ kind: 'reset', times: 1000 });
  for (let n = 0; n < 5; n++) await fixture.drain();
  const before = fixture.countRequests('user');
  expect(await fixture.drain()).toBe(0);
  fixture.advance(10);
  expect(await fixture.drain()).toBe(1);
  expect(await fixture.drain()).toBe(0);
  expect(fixture.countRequests('user')).toBe(before + 1);
  fixture.sandbox.state.faults = [];
  await fixture.drainAll();
  expect(fixture.countOrders()).toBe(12);
});

test('an outage of hours parks no order; after three days the Task is on hold, and writing the request again resumes the order', async () => {
  const key = await ordered();
  fixture.addFaults({ operation: 'createOrder', kind: 'cut', when: 'after' });
  await fixture.drain();
  fixture.addFaults({ kind: 'reset', times: 1000 });
  fixture.advance(71 * 3600);
  await fixture.drain();
  expect(await fixture.entry('one')).toMatchObject({ state: 'unknown' });
  fixture.advance(2 * 3600);
  await fixture.drain();
  expect(await fixture.entry('one')).toMatchObject({ state: 'parked' });
  expect((await fixture.tasks('one'))[0]).toMatchObject({ status: 'on-hold', businessStatus: { text: 'submission-unconfirmed' } });
  fixture.sandbox.state.faults = [];
  fixture.advance(3600);
  expect(await fixture.drain()).toBe(0);
  await fixture.put({ ...(await fixture.read('ServiceRequest', 'one')), note: [{ text: 'please' }] });
  await fixture.drain();
  expect(await fixture.entry('one')).toMatchObject({ state: 'done' });
  expect(fixture.countOrders(key)).toBe(1);
});

test('an order that was on hold for a week is not parked at its first failure', async () => {
  await ordered();
  await fixture.put({ ...REQUEST, id: 'one', status: 'on-hold' });
  fixture.advance(7 * 24 * 3600);
  await fixture.put({ ...REQUEST, id: 'one' });
  fixture.addFaults({ operation: 'createOrder', kind: 'reset' });
  await fixture.drain();
  expect(await fixture.entry('one')).toMatchObject({ state: 'unknown' });
});

test('a caller that arrives during an attempt waits for it, and gets its outcome', async () => {
  await ordered();
  fixture.addFaults({ operation: 'createOrder', kind: 'slow', seconds: 0.5 }, { operation: 'createOrder', kind: 'error' });
  const running = fixture.drain();
  await until(() => fixture.countRequests('createOrder') === 1);
  expect(await now()).toEqual({ result: 'accepted' });
  await running;
  expect(fixture.countRequests('createOrder')).toBe(1);
});

test('13: a missing user is created again once, and the order is sent with another key', async () => {
  const key = await ordered();
  fixture.addFaults({ operation: 'createOrder', kind: 'error', status: 404 });
  expect(await now()).toEqual({ result: 'accepted' });
  const keys = keysUsed();
  expect(keys).toHaveLength(2);
  expect(keys[0]).toBe(key);
  expect(keys[1]).not.toBe(key);
  expect(fixture.countOrders(key)).toBe(1);
  await ordered('two');
  fixture.addFaults({ operation: 'createOrder', kind: 'error', status: 404, times: 5 });
  expect(await now('two')).toMatchObject({ result: 'failed', final: true });
});

test('6: after a crash between sending and storing the outcome, the next process finds the order and creates no second one', async () => {
  const key = await ordered();
  const dead = createDeliveryLease(fixture.sender);
  const entry = (await fixture.entry('one'))!;
  const claimed = (await fixture.context.store.outbox.claimOne(fixture.tenant, entry.id, dead))!;
  const { text, clientUserId } = JSON.parse(claimed.payload);
  const user = await fixture.client.ensureUser(clientUserId, within());
  if (user.kind !== 'accepted') throw new Error(user.why);
  await fixture.context.store.outbox.recordOutcome(claimed, dead.by, { state: 'sending', at: dead.at, firstSentAt: dead.at });
  await fixture.client.createOrder({ body: `{"user_id":"${user.value}",${text.slice(1)}`, key }, within());
  expect(await fixture.drain()).toBe(0);
  fixture.advance(30);
  expect(await fixture.drain()).toBe(1);
  expect(await fixture.entry('one')).toMatchObject({ state: 'done', attempts: 2 });
  expect(fixture.countOrders()).toBe(1);
  expect(await fixture.context.store.outbox.recordOutcome(claimed, dead.by, { state: 'refused', at: dead.at })).toBe(false);
});

test('6: a caller after a crash waits until the lease expires, and then sends the order', async () => {
  const key = await ordered();
  await fixture.context.store.outbox.claimOne(fixture.tenant, (await fixture.entry('one'))!.id, createDeliveryLease(fixture.sender));
  const waiting = now();
  expect(await waits(waiting)).toBe(true);
  expect([fixture.countOrders(key), fixture.countRequests('createOrder')]).toEqual([0, 0]);
  fixture.advance(30);
  expect(await waiting).toEqual({ result: 'accepted' });
  expect(fixture.countOrders(key)).toBe(1);
});

test('7: two workers and ten callers at once create one order for each request', async () => {
  const ids = Array.from({ length: 12 }, (_, index) => `w${index}`);
  for (const id of ids) await ordered(id);
  const other = fixture.createSender();
  const callers = Array.from({ length: 10 }, () => now('w0'));
  await Promise.all([fixture.drain(), fixture.drain(other), fixture.drain(), fixture.drain(other), ...callers]);
  expect(new Set((await Promise.all(callers)).map(({ result }) => result))).toEqual(new Set(['accepted']));
  await fixture.drainAll();
  expect(fixture.countOrders()).toBe(12);
  expect(fixture.countRequests('createOrder')).toBe(12);
});

test('an order that is put on hold before it is sent waits, and is sent when it is active again', async () => {
  const key = await ordered();
  await fixture.put({ ...REQUEST, id: 'one', status: 'on-hold' });
  await fixture.drain();
  fixture.advance(120);
  await fixture.drain();
  expect(await fixture.entry('one')).toMatchObject({ state: 'queued' });
  expect(fixture.sandbox.state.requests).toEqual([]);
  await fixture.put({ ...REQUEST, id: 'one' });
  await fixture.drainAll();
  expect(fixture.countOrders(key)).toBe(1);
});

test('3: while the first request is in progress, "in progress" leaves the outcome unknown, and the same key is sent again', async () => {
  const key = await ordered();
  fixture.addFaults({ operation: 'createOrder', kind: 'error', status: 409 });
  await fixture.drain();
  expect(await fixture.entry('one')).toMatchObject({ state: 'unknown', lastError: expect.stringContaining('409') });
  fixture.advance(30);
  expect(await now()).toEqual({ result: 'accepted' });
  expect([keysUsed(), fixture.countOrders(key)]).toEqual([[key, key], 1]);
});

test('10: a malformed order is refused and not sent again: the Task has the element and the rule, but not the value', async () => {
  const key = await ordered();
  const { client } = fixture.sender;
  const createOrder: typeof client.createOrder = (order, signal) =>
    client.createOrder({ ...order, body: order.body.replace('+15184731122', '5184731122') }, signal);
  expect(await sendNow({ ...fixture.createSender(), client: { ...client, createOrder } }, fixture.context, 'one')).toEqual({
    result: 'failed',
    final: true,
    why: '422 patient_details.phone_number: value_error',
  });
  const [task] = await fixture.tasks('one');
  expect(task).toMatchObject({ status: 'rejected', statusReason: { text: '422 patient_details.phone_number: value_error' } });
  expect([fixture.countOrders(key), (await fixture.read('ServiceRequest', 'one')).status]).toEqual([0, 'revoked']);
});

test('14: an existing user is used for the order', async () => {
  await ordered();
  const { clientUserId } = JSON.parse((await fixture.entry('one'))!.payload);
  const known = await fixture.client.ensureUser(clientUserId, within());
  expect(await now()).toEqual({ result: 'accepted' });
  const [order] = [...fixture.sandbox.state.orders.values()];
  expect([known, fixture.sandbox.state.users.size]).toEqual([{ kind: 'accepted', value: order!.userId }, 1]);
});

test('15: a user whose deletion is scheduled is used while the network reports it, and created again after the deletion', async () => {
  await ordered();
  await now();
  const [first] = [...fixture.sandbox.state.users.values()];
  const { url, apiKey } = fixture.sandbox;
  const deletion = await fetch(`${url}/v2/user/${first!.user_id}`, { method: 'DELETE', headers: { 'x-vital-api-key': apiKey } });
  expect(deletion.status).toBe(200);
  await ordered('two');
  expect(await now('two')).toEqual({ result: 'accepted' });
  fixture.advance(8 * 24 * 3600);
  await ordered('three');
  expect(await now('three')).toEqual({ result: 'accepted' });
  const users = [...fixture.sandbox.state.orders.values()].map(({ userId }) => userId);
  expect(users).toEqual([first!.user_id, first!.user_id, expect.not.stringMatching(first!.user_id)]);
});

test('16: a team with its maximum of users: the order is refused, the Task has the reason, and orders for existing users are sent', async () => {
  await ordered();
  await now();
  fixture.sandbox.state.maxUsers = 1;
  await fixture.put({ ...ADA, id: 'grace', name: [{ given: ['Grace'], family: 'Hopper' }] });
  await ordered('two', { subject: { reference: 'Patient/grace' } });
  expect(await now('two')).toEqual({ result: 'failed', final: true, why: '400 user, limit, team' });
  expect((await fixture.tasks('two'))[0]).toMatchObject({ status: 'rejected', statusReason: { text: '400 user, limit, team' } });
  expect([fixture.countRequests('createOrder'), fixture.countOrders()]).toEqual([1, 1]);
  await ordered('three');
  expect(await now('three')).toEqual({ result: 'accepted' });
});

test('20: key and passthrough are generated by this server and contain neither the key of the caller nor an id', async () => {
  const key = await ordered();
  await now();
  const [order] = [...fixture.sandbox.state.orders.values()];
  expect([keysUsed(), order!.passthrough]).toEqual([[key], key]);
  expect(key).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  expect(JSON.stringify(order!.sent)).not.toMatch(/Patient\/|"one"|"ada"/);
});
