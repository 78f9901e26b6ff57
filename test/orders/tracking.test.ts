// An order from its acceptance to its end: the Task and the ServiceRequest follow the network, forward only, whichever worker polls and how often.
import { businessRule } from '../../src/fhir/outcome.ts';
import type { Resource } from '../../src/fhir/types.ts';
import { remove } from '../../src/interactions/delete.ts';
import { update } from '../../src/interactions/update.ts';
import { pollOrder } from '../../src/orders/poll-order.ts';
import { createPollLease } from '../../src/orders/track/order-tracker.ts';
import { within } from '../junction-sandbox/sandbox-fixture.ts';
import { openBeforeEach } from './open-before-each.ts';
import { SYSTEMS } from './order-fixture.ts';
import { openTrackingFixture, type TrackingFixture } from './tracking-fixture.ts';

let fixture: TrackingFixture;
openBeforeEach(openTrackingFixture, (opened) => {
  fixture = opened;
});

const word = (request: Resource) =>
  (request._status as { extension: { valueString: string }[] } | undefined)?.extension.map((extension) => extension.valueString);
const request = (id = 'one') => fixture.read('ServiceRequest', id);
const task = async (id = 'one') => (await fixture.tasks(id))[0]!;
const versions = async (type: 'Task' | 'ServiceRequest', id: string) =>
  (await fixture.context.store.read(fixture.tenant, type, id))!.version;
const tasksOf = async (id: string): Promise<Resource[]> =>
  Promise.all(
    (await fixture.context.store.trackedOrders.listOfRequest({ tenant: fixture.tenant, request: id, version: 1 })).map((placed) =>
      fixture.read('Task', placed.task),
    ),
  );

test('each status until the completion: FHIR status, the status of the network, and the completion time', async () => {
  const { id, transactionId } = await fixture.placeOrder();
  const statuses: unknown[] = [];
  for (let n = 0; n < 4; n++) {
    fixture.advance(600);
    fixture.advanceOrder(id);
    await fixture.pollOrder(id);
    const [one, other] = [await task(), await request()];
    statuses.push([one.status, other.status, word(other)]);
  }
  expect(statuses).toEqual([
    ['accepted', 'active', ['received']],
    ['in-progress', 'active', ['collecting_sample']],
    ['in-progress', 'active', ['sample_with_lab']],
    ['completed', 'completed', undefined],
  ]);
  expect(await request()).toMatchObject({
    identifier: [
      { system: SYSTEMS.order, value: id },
      { system: SYSTEMS.transaction, value: transactionId },
      { use: 'secondary', type: { coding: [{ code: 'ACSN' }] }, system: expect.stringMatching(/sample-id$/), value: `S-${id.slice(0, 8)}` },
    ],
    extension: [{ url: SYSTEMS.completedAt, valueDateTime: '2026-11-21T12:40:00.000Z' }],
  });
  expect(await task()).toMatchObject({
    businessStatus: { coding: [{ system: SYSTEMS.status, code: 'completed.walk_in_test.completed' }] },
    lastModified: '2026-11-21T12:40:00.000Z',
    executionPeriod: { start: '2026-11-21T12:00:00.000Z', end: '2026-11-21T12:40:00.000Z' },
    owner: { display: 'Sandbox Laboratory' },
  });
});

test('polling an unchanged order creates no new version', async () => {
  const { id } = await fixture.placeOrder();
  fixture.advanceOrder(id, 'failed.testkit.sample_error', { detail: 'sample_hemolyzed' });
  await fixture.pollOrder(id);
  const before = [await versions('Task', (await task()).id!), await versions('ServiceRequest', 'one')];
  for (let n = 0; n < 3; n++) await fixture.pollOrder(id);
  expect([await versions('Task', (await task()).id!), await versions('ServiceRequest', 'one')]).toEqual(before);
  expect(await task()).toMatchObject({ status: 'failed', statusReason: { text: 'sample_hemolyzed' } });
  expect([(await request()).status, word(await request())]).toEqual(['revoked', ['failed']]);
});

test('23: an outdated snapshot that arrives late changes nothing', async () => {
  const { id } = await fixture.placeOrder();
  const { reads } = fixture.tracker;
  fixture.advanceOrder(id, 'collecting_sample.walk_in_test.appointment_pending');
  const old = await reads.readOrder(id, within());
  fixture.advanceOrder(id, 'completed.walk_in_test.completed');
  await fixture.pollOrder(id);
  await fixture.context.store.trackedOrders.wake([(await fixture.trackedOrder(id))!], fixture.tracker.clock().toISOString());
  const mine = createPollLease(fixture.tracker);
  const [placed] = await fixture.tracker.store.trackedOrders.claim({ ...mine, account: 0, limit: 1 });
  await pollOrder({ ...fixture.tracker, reads: { ...reads, readOrder: async () => old } }, { trackedOrder: placed!, by: mine.by });
  expect([(await task()).status, (await request()).status]).toEqual(['completed', 'completed']);
});

test('24: of two workers, the one with the older snapshot writes nothing', async () => {
  const { id } = await fixture.placeOrder();
  fixture.advanceOrder(id, 'collecting_sample.walk_in_test.appointment_pending');
  await fixture.context.store.trackedOrders.wake([(await fixture.trackedOrder(id))!], fixture.tracker.clock().toISOString());
  const slow = fixture.createTracker();
  const mine = createPollLease(slow);
  const [placed] = await fixture.tracker.store.trackedOrders.claim({ ...mine, account: 0, limit: 1 });
  const overtaken = pollOrder(
    {
      ...slow,
      reads: {
        ...slow.reads,
        readOrder: async (orderId, signal) => {
          const read = await slow.reads.readOrder(orderId, signal);
          fixture.advance(120);
          fixture.advanceOrder(id, 'completed.walk_in_test.completed');
          await fixture.track();
          return read;
        },
      },
    },
    { trackedOrder: placed!, by: mine.by },
  );
  await overtaken;
  expect([(await task()).status, (await request()).status]).toEqual(['completed', 'completed']);
  expect(await fixture.trackedOrder(id)).toMatchObject({ eventId: 3, leaseBy: null });
});

test('an unknown status is mapped by its phase, stored unchanged, and logged', async () => {
  const { id } = await fixture.placeOrder();
  fixture.advanceOrder(id, 'levitating.walk_in_test.above_the_table');
  await fixture.pollOrder(id);
  expect(await task()).toMatchObject({
    status: 'in-progress',
    businessStatus: { coding: [{ code: 'levitating.walk_in_test.above_the_table' }] },
  });
  expect([(await request()).status, word(await request())]).toEqual(['active', ['levitating']]);
  expect(fixture.log.join()).toContain('levitating.walk_in_test.above_the_table');
});

test('a redraw is a second Task of the same request, part of the first; the request follows the newest', async () => {
  const first = await fixture.placeOrder();
  fixture.advanceOrder(first.id, 'collecting_sample.walk_in_test.redraw_available');
  await fixture.pollOrder(first.id);
  const second = [...fixture.sandbox.state.orders.values()].at(-1)!;
  const [one, other] = await tasksOf('one');
  expect([one!.status, other!.status, other!.partOf]).toEqual(['completed', 'received', [{ reference: `Task/${one!.id}` }]]);
  expect(other!.identifier).toMatchObject([{ system: SYSTEMS.order, value: second.id }, { system: SYSTEMS.transaction }]);
  expect(other!.focus).toEqual({ reference: 'ServiceRequest/one' });
  fixture.advanceOrder(second.id, 'sample_with_lab.walk_in_test.partial_results');
  await fixture.pollOrder(second.id);
  expect([(await request()).status, word(await request())]).toEqual(['active', ['sample_with_lab']]);
  await fixture.pollOrder(first.id);
  expect(word(await request())).toEqual(['sample_with_lab']);
  fixture.advanceOrder(second.id, 'completed.walk_in_test.completed');
  await fixture.pollOrder(second.id);
  expect((await request()).status).toBe('completed');
  expect(((await request()).identifier as { value: string }[])[0]!.value).toBe(first.id);
});

test('a request that a user has revoked stays so, whatever status the network returns', async () => {
  const { id } = await fixture.placeOrder();
  const current = await request();
  fixture.advanceOrder(id, 'sample_with_lab.walk_in_test.partial_results');
  const revoked = { ...current, status: 'revoked' };
  await update(fixture.context, { type: 'ServiceRequest', id: 'one', draft: { resource: revoked, exact: revoked } });
  await fixture.drain();
  fixture.advanceOrder(id, 'completed.walk_in_test.completed');
  await fixture.pollOrder(id);
  expect([(await request()).status, (await task()).status]).toEqual(['revoked', 'completed']);
});

test('an order that the network has cancelled and reinstated is active again', async () => {
  const { id } = await fixture.placeOrder();
  fixture.advanceOrder(id, 'cancelled.walk_in_test.cancelled');
  await fixture.pollOrder(id);
  expect([(await request()).status, (await task()).status]).toEqual(['revoked', 'cancelled']);
  fixture.advanceOrder(id, 'received.walk_in_test.requisition_created');
  await fixture.pollOrder(id);
  expect([(await request()).status, word(await request()), (await task()).status]).toEqual(['active', ['received'], 'accepted']);
});

test('a request that users have ended after a failed order stays ended although the redraw continues', async () => {
  const first = await fixture.placeOrder();
  fixture.advanceOrder(first.id, 'collecting_sample.walk_in_test.redraw_available');
  fixture.advance(60);
  const second = [...fixture.sandbox.state.orders.values()].at(-1)!;
  await fixture.pollOrder(first.id);
  fixture.advanceOrder(second.id, 'failed.walk_in_test.sample_error');
  await fixture.pollOrder(second.id);
  expect((await request()).status).toBe('revoked');
  fixture.advanceOrder(second.id, 'collecting_sample.walk_in_test.redraw_available');
  fixture.advance(60);
  const third = [...fixture.sandbox.state.orders.values()].at(-1)!;
  await fixture.pollOrder(second.id);
  await fixture.pollOrder(third.id);
  expect((await request()).status).toBe('active');
  await fixture.put({ ...(await request()), status: 'revoked' });
  fixture.advanceOrder(third.id, 'sample_with_lab.walk_in_test.sample_received');
  await fixture.pollOrder(third.id);
  expect((await request()).status).toBe('revoked');
});

test('a deleted Task stays deleted, and the request is still updated', async () => {
  const { id } = await fixture.placeOrder();
  const { id: taskId } = await task();
  await remove(fixture.context, { type: 'Task', id: taskId! });
  fixture.advanceOrder(id, 'completed.walk_in_test.completed');
  await fixture.pollOrder(id);
  expect((await request()).status).toBe('completed');
  expect((await fixture.context.store.read(fixture.tenant, 'Task', taskId!))!.body).toBeNull();
});

test('an open order is polled once a day without events; an order that has ended is polled only after an event', async () => {
  const { id } = await fixture.placeOrder();
  await fixture.track();
  expect(fixture.countRequests('order')).toBe(0);
  for (let day = 0; day < 3; day++) {
    fixture.advance(24 * 3600);
    await fixture.track();
  }
  expect(fixture.countRequests('order')).toBe(3);
  fixture.advanceOrder(id, 'cancelled.walk_in_test.cancelled');
  fixture.advance(24 * 3600);
  await fixture.track();
  expect([(await task()).status, (await fixture.trackedOrder(id))!.nextAt]).toEqual(['cancelled', null]);
});

test('while the network does not respond it is polled with growing delays, and no change is lost', async () => {
  const { id } = await fixture.placeOrder();
  fixture.advanceOrder(id, 'completed.walk_in_test.completed');
  fixture.addFaults({ operation: 'order', kind: 'error', status: 503, times: 5 });
  await fixture.pollOrder(id);
  expect(await fixture.trackedOrder(id)).toMatchObject({ attempts: 1, lastError: expect.stringContaining('503') });
  for (let minute = 0; minute < 60 && (await task()).status !== 'completed'; minute++) {
    fixture.advance(60);
    await fixture.track();
  }
  expect([(await task()).status, fixture.countRequests('order')]).toEqual(['completed', 6]);
});

test('with a network whose clock is behind, lastModified of a Task is never before authoredOn', async () => {
  const { id } = await fixture.placeOrder();
  const order = fixture.advanceOrder(id, 'completed.walk_in_test.completed');
  const events = order.events.map((event) => ({ ...event, created_at: '2026-11-21T11:59:00.000Z' }));
  fixture.sandbox.state.orders.set(id, { ...order, events: [{ ...events[0]!, created_at: '2026-11-21T11:59:30.000Z' }, events[1]!] });
  await fixture.pollOrder(id);
  expect(await task()).toMatchObject({
    status: 'completed',
    lastModified: '2026-11-21T12:00:00.000Z',
    executionPeriod: { start: '2026-11-21T11:59:30.000Z', end: '2026-11-21T11:59:30.000Z' },
  });
});

test('an error of a write is stored with the order, the write is repeated with growing delays, and other orders do not wait', async () => {
  const order = await fixture.placeOrder('one');
  const two = await fixture.placeOrder('two');
  for (const { id } of [order, two]) fixture.advanceOrder(id, 'completed.walk_in_test.completed');
  const { readResult } = fixture.tracker.reads;
  const reads = {
    ...fixture.tracker.reads,
    readResult: async (...args: Parameters<typeof readResult>) => {
      const answer = await readResult(...args);
      if (!('order' in args[0]) || args[0].order !== order.id) return answer;
      throw businessRule('this must be so', 'Observation.status');
    },
  };
  for (const { id } of [order, two])
    await fixture.context.store.trackedOrders.wake([(await fixture.trackedOrder(id))!], fixture.tracker.clock().toISOString());
  await fixture.track({ ...fixture.tracker, reads });
  expect([(await task('one')).status, (await task('two')).status]).toEqual(['completed', 'completed']);
  expect(await fixture.trackedOrder(order.id)).toMatchObject({
    attempts: 1,
    lastError: 'Observation.status: this must be so',
    leaseBy: null,
  });
  expect((await fixture.trackedOrder(two.id))!.lastError).toBeNull();
});

test('a request with the status unknown gets the final status from the network', async () => {
  const [one, two] = [await fixture.placeOrder('one'), await fixture.placeOrder('two')];
  for (const id of ['one', 'two']) await fixture.put({ ...(await fixture.read('ServiceRequest', id)), status: 'unknown' });
  fixture.advanceOrder(one.id, 'sample_with_lab.walk_in_test.partial_results');
  await fixture.pollOrder(one.id);
  expect((await request()).status).toBe('unknown');
  fixture.advanceOrder(one.id, 'completed.walk_in_test.completed');
  fixture.advanceOrder(two.id, 'failed.walk_in_test.sample_error');
  for (const { id } of [one, two]) await fixture.pollOrder(id);
  expect([(await request()).status, (await fixture.read('ServiceRequest', 'two')).status]).toEqual(['completed', 'revoked']);
});

test('a request that becomes active again after on-hold or unknown gets the current status at once', async () => {
  const { id } = await fixture.placeOrder();
  for (const status of ['on-hold', 'unknown']) {
    await fixture.put({ ...(await request()), status });
    fixture.advanceOrder(
      id,
      status === 'unknown' ? 'sample_with_lab.walk_in_test.partial_results' : 'collecting_sample.walk_in_test.appointment_pending',
    );
    await fixture.pollOrder(id);
    await fixture.put({ ...(await request()), status: 'active' });
    await fixture.track();
    expect([(await request()).status, word(await request())]).toEqual([
      'active',
      [fixture.networkOrder(id).events.at(-1)!.status.split('.')[0]],
    ]);
  }
});
