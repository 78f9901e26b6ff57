// An order from its acceptance to its end: the Task and the ServiceRequest follow what the network says of it, forward only, whoever looks and however often.
import { businessRule } from '../../src/fhir/outcome.ts';
import type { Resource } from '../../src/fhir/types.ts';
import { remove } from '../../src/interactions/delete.ts';
import { update } from '../../src/interactions/update.ts';
import { pollOrder } from '../../src/orders/poll-order.ts';
import { createPollLease } from '../../src/orders/track/order-tracker.ts';
import { within } from '../junction-sandbox/sandbox-fixture.ts';
import { eachInAWorld } from './each-world.ts';
import { type FollowWorld, followWorld } from './follow-world.ts';
import { SYSTEMS } from './order-world.ts';

let here: FollowWorld;
eachInAWorld(followWorld, (world) => {
  here = world;
});

const word = (request: Resource) =>
  (request._status as { extension: { valueString: string }[] } | undefined)?.extension.map((extension) => extension.valueString);
const request = (id = 'one') => here.read('ServiceRequest', id);
const task = async (id = 'one') => (await here.tasks(id))[0]!;
const versions = async (type: 'Task' | 'ServiceRequest', id: string) => (await here.context.store.read(here.tenant, type, id))!.version;
const tasksOf = async (id: string): Promise<Resource[]> =>
  Promise.all(
    (await here.context.store.trackedOrders.listOfRequest({ tenant: here.tenant, request: id, version: 1 })).map((placed) =>
      here.read('Task', placed.task),
    ),
  );

test('each status until the completion: FHIR status, the status of the network, and the completion time', async () => {
  const { id, transactionId } = await here.ordered();
  const seen: unknown[] = [];
  for (let nth = 0; nth < 4; nth++) {
    here.advance(600);
    here.step(id);
    await here.news(id);
    const [one, other] = [await task(), await request()];
    seen.push([one.status, other.status, word(other)]);
  }
  expect(seen).toEqual([
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
  const { id } = await here.ordered();
  here.step(id, 'failed.testkit.sample_error', { detail: 'sample_hemolyzed' });
  await here.news(id);
  const before = [await versions('Task', (await task()).id!), await versions('ServiceRequest', 'one')];
  for (let nth = 0; nth < 3; nth++) await here.news(id);
  expect([await versions('Task', (await task()).id!), await versions('ServiceRequest', 'one')]).toEqual(before);
  expect(await task()).toMatchObject({ status: 'failed', statusReason: { text: 'sample_hemolyzed' } });
  expect([(await request()).status, word(await request())]).toEqual(['revoked', ['failed']]);
});

test('23: an outdated snapshot that arrives late changes nothing', async () => {
  const { id } = await here.ordered();
  const { reads } = here.following;
  here.step(id, 'collecting_sample.walk_in_test.appointment_pending');
  const old = await reads.readOrder(id, within());
  here.step(id, 'completed.walk_in_test.completed');
  await here.news(id);
  await here.context.store.trackedOrders.wake([(await here.placed(id))!], here.following.clock().toISOString());
  const mine = createPollLease(here.following);
  const [placed] = await here.context.store.trackedOrders.claim({ ...mine, limit: 1 });
  await pollOrder({ ...here.following, reads: { ...reads, readOrder: async () => old } }, { placed: placed!, by: mine.by });
  expect([(await task()).status, (await request()).status]).toEqual(['completed', 'completed']);
});

test('24: of two workers, the one with the older snapshot writes nothing', async () => {
  const { id } = await here.ordered();
  here.step(id, 'collecting_sample.walk_in_test.appointment_pending');
  await here.context.store.trackedOrders.wake([(await here.placed(id))!], here.following.clock().toISOString());
  const slow = here.anotherFollowing();
  const mine = createPollLease(slow);
  const [placed] = await here.context.store.trackedOrders.claim({ ...mine, limit: 1 });
  const overtaken = pollOrder(
    {
      ...slow,
      reads: {
        ...slow.reads,
        readOrder: async (orderId, signal) => {
          const read = await slow.reads.readOrder(orderId, signal);
          here.advance(120);
          here.step(id, 'completed.walk_in_test.completed');
          await here.follow();
          return read;
        },
      },
    },
    { placed: placed!, by: mine.by },
  );
  await overtaken;
  expect([(await task()).status, (await request()).status]).toEqual(['completed', 'completed']);
  expect(await here.placed(id)).toMatchObject({ eventId: 3, leaseBy: null });
});

test('an unknown status is mapped by its phase, stored unchanged, and logged', async () => {
  const { id } = await here.ordered();
  here.step(id, 'levitating.walk_in_test.above_the_table');
  await here.news(id);
  expect(await task()).toMatchObject({
    status: 'in-progress',
    businessStatus: { coding: [{ code: 'levitating.walk_in_test.above_the_table' }] },
  });
  expect([(await request()).status, word(await request())]).toEqual(['active', ['levitating']]);
  expect(here.log.join()).toContain('levitating.walk_in_test.above_the_table');
});

test('a redraw is a second Task of the same request, part of the first; the request follows the newest', async () => {
  const first = await here.ordered();
  here.step(first.id, 'collecting_sample.walk_in_test.redraw_available');
  await here.news(first.id);
  const second = [...here.sandbox.state.orders.values()].at(-1)!;
  const [one, other] = await tasksOf('one');
  expect([one!.status, other!.status, other!.partOf]).toEqual(['completed', 'received', [{ reference: `Task/${one!.id}` }]]);
  expect(other!.identifier).toMatchObject([{ system: SYSTEMS.order, value: second.id }, { system: SYSTEMS.transaction }]);
  expect(other!.focus).toEqual({ reference: 'ServiceRequest/one' });
  here.step(second.id, 'sample_with_lab.walk_in_test.partial_results');
  await here.news(second.id);
  expect([(await request()).status, word(await request())]).toEqual(['active', ['sample_with_lab']]);
  await here.news(first.id);
  expect(word(await request())).toEqual(['sample_with_lab']);
  here.step(second.id, 'completed.walk_in_test.completed');
  await here.news(second.id);
  expect((await request()).status).toBe('completed');
  expect(((await request()).identifier as { value: string }[])[0]!.value).toBe(first.id);
});

test('a request that a user has revoked stays so, whatever status the network returns', async () => {
  const { id } = await here.ordered();
  const current = await request();
  here.step(id, 'sample_with_lab.walk_in_test.partial_results');
  const revoked = { ...current, status: 'revoked' };
  await update(here.context, { type: 'ServiceRequest', id: 'one', draft: { resource: revoked, exact: revoked } });
  await here.drain();
  here.step(id, 'completed.walk_in_test.completed');
  await here.news(id);
  expect([(await request()).status, (await task()).status]).toEqual(['revoked', 'completed']);
});

test('an order that the network has cancelled and reinstated is active again', async () => {
  const { id } = await here.ordered();
  here.step(id, 'cancelled.walk_in_test.cancelled');
  await here.news(id);
  expect([(await request()).status, (await task()).status]).toEqual(['revoked', 'cancelled']);
  here.step(id, 'received.walk_in_test.requisition_created');
  await here.news(id);
  expect([(await request()).status, word(await request()), (await task()).status]).toEqual(['active', ['received'], 'accepted']);
});

test('what the network ended once by an order that failed, and people later: it stays ended, though the redraw goes on', async () => {
  const first = await here.ordered();
  here.step(first.id, 'collecting_sample.walk_in_test.redraw_available');
  here.advance(60);
  const second = [...here.sandbox.state.orders.values()].at(-1)!;
  await here.news(first.id);
  here.step(second.id, 'failed.walk_in_test.sample_error');
  await here.news(second.id);
  expect((await request()).status).toBe('revoked');
  here.step(second.id, 'collecting_sample.walk_in_test.redraw_available');
  here.advance(60);
  const third = [...here.sandbox.state.orders.values()].at(-1)!;
  await here.news(second.id);
  await here.news(third.id);
  expect((await request()).status).toBe('active');
  await here.put({ ...(await request()), status: 'revoked' });
  here.step(third.id, 'sample_with_lab.walk_in_test.sample_received');
  await here.news(third.id);
  expect((await request()).status).toBe('revoked');
});

test('a deleted Task stays deleted, and the request is still updated', async () => {
  const { id } = await here.ordered();
  const { id: taskId } = await task();
  await remove(here.context, { type: 'Task', id: taskId! });
  here.step(id, 'completed.walk_in_test.completed');
  await here.news(id);
  expect((await request()).status).toBe('completed');
  expect((await here.context.store.read(here.tenant, 'Task', taskId!))!.body).toBeNull();
});

test('an open order is polled once a day without events; an order that has ended is polled only after an event', async () => {
  const { id } = await here.ordered();
  await here.follow();
  expect(here.countRequests('order')).toBe(0);
  for (let day = 0; day < 3; day++) {
    here.advance(24 * 3600);
    await here.follow();
  }
  expect(here.countRequests('order')).toBe(3);
  here.step(id, 'cancelled.walk_in_test.cancelled');
  here.advance(24 * 3600);
  await here.follow();
  expect([(await task()).status, (await here.placed(id))!.nextAt]).toEqual(['cancelled', null]);
});

test('while the network does not respond it is polled with growing delays, and no change is lost', async () => {
  const { id } = await here.ordered();
  here.step(id, 'completed.walk_in_test.completed');
  here.fail({ operation: 'order', kind: 'error', status: 503, times: 5 });
  await here.news(id);
  expect(await here.placed(id)).toMatchObject({ attempts: 1, lastError: expect.stringContaining('503') });
  for (let minute = 0; minute < 60 && (await task()).status !== 'completed'; minute++) {
    here.advance(60);
    await here.follow();
  }
  expect([(await task()).status, here.countRequests('order')]).toEqual(['completed', 6]);
});

test('with a network whose clock is behind, lastModified of a Task is never before authoredOn', async () => {
  const { id } = await here.ordered();
  const order = here.step(id, 'completed.walk_in_test.completed');
  const events = order.events.map((event) => ({ ...event, created_at: '2026-11-21T11:59:00.000Z' }));
  here.sandbox.state.orders.set(id, { ...order, events: [{ ...events[0]!, created_at: '2026-11-21T11:59:30.000Z' }, events[1]!] });
  await here.news(id);
  expect(await task()).toMatchObject({
    status: 'completed',
    lastModified: '2026-11-21T12:00:00.000Z',
    executionPeriod: { start: '2026-11-21T11:59:30.000Z', end: '2026-11-21T11:59:30.000Z' },
  });
});

test('an error of a write is stored with the order, the write is repeated with growing delays, and other orders do not wait', async () => {
  const order = await here.ordered('one');
  const two = await here.ordered('two');
  for (const { id } of [order, two]) here.step(id, 'completed.walk_in_test.completed');
  const { readResult } = here.following.reads;
  const reads = {
    ...here.following.reads,
    readResult: async (...args: Parameters<typeof readResult>) => {
      const answer = await readResult(...args);
      if (!('order' in args[0]) || args[0].order !== order.id) return answer;
      throw businessRule('this must be so', 'Observation.status');
    },
  };
  for (const { id } of [order, two])
    await here.context.store.trackedOrders.wake([(await here.placed(id))!], here.following.clock().toISOString());
  await here.follow({ ...here.following, reads });
  expect([(await task('one')).status, (await task('two')).status]).toEqual(['completed', 'completed']);
  expect(await here.placed(order.id)).toMatchObject({ attempts: 1, lastError: 'Observation.status: this must be so', leaseBy: null });
  expect((await here.placed(two.id))!.lastError).toBeNull();
});

test('a request of which somebody says that its status is unknown gets the end that the network tells', async () => {
  const [one, two] = [await here.ordered('one'), await here.ordered('two')];
  for (const id of ['one', 'two']) await here.put({ ...(await here.read('ServiceRequest', id)), status: 'unknown' });
  here.step(one.id, 'sample_with_lab.walk_in_test.partial_results');
  await here.news(one.id);
  expect((await request()).status).toBe('unknown');
  here.step(one.id, 'completed.walk_in_test.completed');
  here.step(two.id, 'failed.walk_in_test.sample_error');
  for (const { id } of [one, two]) await here.news(id);
  expect([(await request()).status, (await here.read('ServiceRequest', 'two')).status]).toEqual(['completed', 'revoked']);
});

test('a request that was on hold, or unknown, and is active again says at once how far the network has come', async () => {
  const { id } = await here.ordered();
  for (const status of ['on-hold', 'unknown']) {
    await here.put({ ...(await request()), status });
    here.step(
      id,
      status === 'unknown' ? 'sample_with_lab.walk_in_test.partial_results' : 'collecting_sample.walk_in_test.appointment_pending',
    );
    await here.news(id);
    await here.put({ ...(await request()), status: 'active' });
    await here.follow();
    expect([(await request()).status, word(await request())]).toEqual(['active', [here.at(id).events.at(-1)!.status.split('.')[0]]]);
  }
});
