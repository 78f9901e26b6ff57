// Withdrawal of an order by its request or its Task at every stage: nothing unwanted is sent, an order that arrived is cancelled at the network, and one that
// the laboratory has begun continues and shows this.
import type { Resource } from '../../src/fhir/types.ts';
import type { Caller } from '../../src/interactions/context.ts';
import { remove } from '../../src/interactions/delete.ts';
import { update } from '../../src/interactions/update.ts';
import { sendNow } from '../../src/orders/deliver/attempt-delivery.ts';
import { createDeliveryLease } from '../../src/orders/deliver/order-sender.ts';
import { queueCancellation } from '../../src/orders/place/cancellation.ts';
import { parseAcceptedOrder } from '../../src/orders/place/order-entry.ts';
import { openBeforeEach } from './open-before-each.ts';
import { ADA, REQUEST, SYSTEMS } from './order-fixture.ts';
import { openTrackingFixture, type TrackingFixture } from './tracking-fixture.ts';
import { buildWithdrawal, CANCELLED } from './withdrawal.ts';

let fixture: TrackingFixture;
openBeforeEach(openTrackingFixture, (opened) => {
  fixture = opened;
});

const { request, task, ways, networkStatuses, readStatuses, settle } = buildWithdrawal(() => fixture);
const put = (more: object = {}) => fixture.put({ ...REQUEST, id: 'one', ...more });
const state = async () => (await fixture.entry('one'))!.state;
const countRequests = () => fixture.sandbox.state.requests.length;

describe.each(ways)('%s', (_title, withdraw) => {
  test('38: before it was sent: the order ends at once, and nothing is sent', async () => {
    await put();
    await withdraw();
    expect([await state(), ...(await readStatuses())]).toEqual(['cancelled', 'revoked', 'cancelled']);
    await settle();
    expect(countRequests()).toBe(0);
  });

  test('38: while it is on hold: the order ends at once, and nothing is sent', async () => {
    await put();
    await put({ status: 'on-hold' });
    await withdraw();
    expect([await state(), ...(await readStatuses())]).toEqual(['cancelled', 'revoked', 'cancelled']);
  });

  test('38: while it is being sent: the order arrives, and is cancelled at the network', async () => {
    await put();
    const { client } = fixture.sender;
    const createOrder: typeof client.createOrder = async (order, signal) => {
      await withdraw();
      return client.createOrder(order, signal);
    };
    expect(await sendNow({ ...fixture.createSender(), client: { ...client, createOrder } }, fixture.context, 'one')).toEqual({
      result: 'accepted',
    });
    await settle();
    expect([networkStatuses(), ...(await readStatuses())]).toEqual([[CANCELLED], 'revoked', 'cancelled']);
    expect(fixture.countRequests('cancelOrder')).toBe(1);
  });

  test('38: between the lease and the request: the order is not sent', async () => {
    await put();
    const { store } = fixture.context;
    const entry = (await fixture.entry('one'))!;
    const dead = createDeliveryLease(fixture.sender);
    await store.outbox.claimOne(fixture.tenant, entry.id, dead);
    await withdraw();
    fixture.advance(30);
    await settle();
    expect([await state(), countRequests(), ...(await readStatuses())]).toEqual(['cancelled', 0, 'revoked', 'cancelled']);
  });

  test('38: while its outcome is unknown, and it arrived: the order is found and cancelled at the network', async () => {
    await put();
    fixture.addFaults({ operation: 'createOrder', kind: 'cut', when: 'after' });
    await fixture.drain();
    await withdraw();
    await settle();
    expect([networkStatuses(), ...(await readStatuses())]).toEqual([[CANCELLED], 'revoked', 'cancelled']);
    expect((await request()).identifier).toMatchObject([{ system: SYSTEMS.order }, { system: SYSTEMS.transaction }]);
    expect(fixture.countRequests('createOrder')).toBe(1);
  });

  test('38: while its outcome is unknown, and it did not arrive: the order is looked up for ten minutes and never sent again', async () => {
    await put();
    fixture.addFaults({ operation: 'createOrder', kind: 'reset' });
    await fixture.drain();
    await withdraw();
    await fixture.drain();
    expect(await state()).toBe('unknown');
    await settle();
    expect([await state(), networkStatuses(), ...(await readStatuses())]).toEqual(['cancelled', [], 'revoked', 'cancelled']);
    expect([fixture.countRequests('createOrder'), fixture.countRequests('cancelOrder')]).toEqual([1, 0]);
  });

  test('38: while it is parked, and it had arrived: the order is found and cancelled at the network', async () => {
    await put();
    fixture.addFaults({ operation: 'createOrder', kind: 'cut', when: 'after' });
    await fixture.drain();
    fixture.advance(73 * 3600);
    fixture.addFaults({ operation: 'orders', kind: 'error' });
    await fixture.drain();
    expect(await state()).toBe('parked');
    await withdraw();
    await settle();
    expect([networkStatuses(), ...(await readStatuses())]).toEqual([[CANCELLED], 'revoked', 'cancelled']);
  });

  test('38: while it is parked, and it never arrived: the order ends, and nothing is sent', async () => {
    await put();
    fixture.addFaults({ operation: 'createOrder', kind: 'reset' });
    await fixture.drain();
    fixture.advance(73 * 3600);
    fixture.addFaults({ operation: 'orders', kind: 'error' });
    await fixture.drain();
    await withdraw();
    await settle();
    expect([await state(), networkStatuses(), ...(await readStatuses())]).toEqual(['cancelled', [], 'revoked', 'cancelled']);
    expect(fixture.countRequests('createOrder')).toBe(1);
  });

  test.each(['cut', 'reset'] as const)(
    '39: after it was accepted, with a lost response to the cancellation (%s): the order is cancelled once',
    async (kind) => {
      await fixture.placeOrder();
      fixture.addFaults({ operation: 'cancelOrder', kind, when: 'after' });
      await withdraw();
      await settle();
      expect([networkStatuses(), ...(await readStatuses())]).toEqual([[CANCELLED], 'revoked', 'cancelled']);
      expect(fixture.networkOrder([...fixture.sandbox.state.orders.keys()][0]!).events).toHaveLength(2);
    },
  );

  test('39: during an outage of a day: the order is cancelled after the outage', async () => {
    await fixture.placeOrder();
    await withdraw();
    fixture.addFaults({ kind: 'reset', times: 10_000 });
    for (let hour = 0; hour < 24; hour++) {
      await fixture.drain();
      fixture.advance(3600);
    }
    fixture.sandbox.state.faults = [];
    await settle();
    expect([networkStatuses(), ...(await readStatuses())]).toEqual([[CANCELLED], 'revoked', 'cancelled']);
  });

  test('37: after the laboratory has begun: the network refuses, the Task shows that the order continues, and the result is stored', async () => {
    const { id } = await fixture.placeOrder();
    fixture.advanceOrder(id, 'sample_with_lab.walk_in_test.partial_results');
    await fixture.pollOrder(id);
    await withdraw();
    await settle();
    expect(await task()).toMatchObject({ status: 'in-progress', note: [{ text: expect.stringContaining('cancelling was refused') }] });
    fixture.advanceOrder(id, 'completed.walk_in_test.completed');
    await fixture.pollOrder(id);
    expect((await task()).status).toBe('completed');
  });

  test('37: the network refuses to cancel an order that is cancelled already: this is not a refusal', async () => {
    const { id } = await fixture.placeOrder();
    fixture.advanceOrder(id, CANCELLED);
    await withdraw();
    await settle();
    expect(await readStatuses()).toEqual(['revoked', 'cancelled']);
    expect((await task()).note).toBeUndefined();
  });

  test('after the network has refused the order: nothing happens', async () => {
    await put();
    fixture.sandbox.state.labTests = new Set();
    await fixture.drain();
    const before = countRequests();
    await withdraw().catch(() => {});
    await settle();
    expect([await state(), countRequests() - before, ...(await readStatuses())]).toEqual(['refused', 0, 'revoked', 'rejected']);
  });
});

test('cancelling a Task that has ended is 409', async () => {
  const { id } = await fixture.placeOrder();
  fixture.advanceOrder(id, 'completed.walk_in_test.completed');
  await fixture.pollOrder(id);
  await expect(fixture.put({ ...(await task()), status: 'cancelled' })).rejects.toMatchObject({ kind: 'conflict' });
});

test('a cancelled Task that does not belong to the order does not cancel it', async () => {
  await put();
  const other = { resourceType: 'Task', id: 'other', status: 'requested', intent: 'order', focus: { reference: 'ServiceRequest/one' } };
  for (const more of [{}, { focus: { reference: 'Patient/ada' } }, { focus: undefined }]) {
    await fixture.put({ ...other, ...more } as Resource);
    await fixture.put({ ...other, ...more, status: 'cancelled' } as Resource);
  }
  await fixture.drainAll();
  expect(networkStatuses()).toHaveLength(1);
});

test('a redraw is cancelled with its request, and also by its own Task', async () => {
  const first = await fixture.placeOrder();
  fixture.advanceOrder(first.id, 'collecting_sample.walk_in_test.redraw_available');
  await fixture.pollOrder(first.id);
  const second = [...fixture.sandbox.state.orders.values()].at(-1)!;
  const { task: redrawn } = (await fixture.trackedOrder(second.id))!;
  await fixture.put({ ...(await fixture.read('Task', redrawn)), status: 'cancelled' });
  await settle();
  expect(fixture.networkOrder(second.id).events.at(-1)!.status).toBe(CANCELLED);
  expect([(await fixture.read('Task', redrawn)).status, (await request()).status]).toEqual(['cancelled', 'revoked']);
});

test.each(['revoked', 'entered-in-error'])(
  '37: a redraw of a request that is %s is cancelled, too, although the order before it could not be',
  async (status) => {
    const first = await fixture.placeOrder();
    fixture.advanceOrder(first.id, 'sample_with_lab.walk_in_test.partial_results');
    await fixture.put({ ...(await request()), status });
    await settle();
    fixture.advanceOrder(first.id, 'collecting_sample.walk_in_test.redraw_available');
    await fixture.pollOrder(first.id);
    await settle();
    const second = [...fixture.sandbox.state.orders.values()].at(-1)!;
    expect(second.id).not.toBe(first.id);
    const { task: redrawn } = (await fixture.trackedOrder(second.id))!;
    expect([fixture.networkOrder(second.id).events.at(-1)!.status, (await fixture.read('Task', redrawn)).status]).toEqual([
      CANCELLED,
      'cancelled',
    ]);
    expect((await request()).status).toBe(status);
  },
);

/** As a process whose clock is a minute behind does it. */
const late = () => new Date(fixture.sender.clock().getTime() - 60_000);

test('32: a process whose clock is behind withdraws an order that another has just created: lastModified of the Task is not before authoredOn', async () => {
  await put();
  const revoked = { ...(await request()), status: 'revoked' };
  const draft = { resource: revoked, exact: revoked };
  await update({ ...fixture.context, clock: late }, { type: 'ServiceRequest', id: 'one', draft });
  const { status, authoredOn, lastModified } = await task();
  expect([status, await state()]).toEqual(['cancelled', 'cancelled']);
  expect(lastModified).toBe(authoredOn);
});

test('32: a process whose clock is behind applies a status to an order that another has just created', async () => {
  const behind = {
    ...fixture.createSender(),
    clock: late,
    createContext: (caller: Caller) => ({ ...fixture.sender.createContext(caller), clock: late }),
  };
  await put();
  expect(await sendNow(behind, fixture.context, 'one')).toEqual({ result: 'accepted' });
  expect([await state(), (await task()).status]).toEqual(['done', 'received']);
  expect((await task()).lastModified).toBe((await task()).authoredOn);
});

test('a redraw of a request that is active again is not cancelled', async () => {
  const first = await fixture.placeOrder();
  fixture.advanceOrder(first.id, 'sample_with_lab.walk_in_test.partial_results');
  await fixture.put({ ...(await task()), status: 'cancelled' });
  await settle();
  fixture.advanceOrder(first.id, 'collecting_sample.walk_in_test.redraw_available');
  await fixture.pollOrder(first.id);
  await settle();
  expect([networkStatuses().at(-1), (await request()).status]).toEqual(['received.walk_in_test.ordered', 'active']);
});

test('after a refused cancellation an order can be cancelled again if the network allows it', async () => {
  const { id } = await fixture.placeOrder();
  fixture.advanceOrder(id, 'sample_with_lab.walk_in_test.partial_results');
  await fixture.put({ ...(await task()), status: 'cancelled' });
  await settle();
  expect((await task()).status).toBe('in-progress');
  fixture.advanceOrder(id, 'collecting_sample.walk_in_test.appointment_pending');
  await fixture.pollOrder(id);
  await fixture.put({ ...(await task()), status: 'cancelled' });
  await settle();
  expect([networkStatuses(), ...(await readStatuses())]).toEqual([[CANCELLED], 'revoked', 'cancelled']);
});

test('two concurrent withdrawals and a running attempt lead to one cancellation', async () => {
  await fixture.placeOrder();
  const entry = (await fixture.entry('one'))!;
  await Promise.all(
    [ways[0]![1](), ways[1]![1](), queueCancellation(fixture.context, entry, parseAcceptedOrder(entry))].map((attempt) =>
      attempt.catch(() => {}),
    ),
  );
  await settle();
  expect([networkStatuses(), ...(await readStatuses())]).toEqual([[CANCELLED], 'revoked', 'cancelled']);
});

test('the order of a request that was deleted while the outcome was unknown is looked up and cancelled', async () => {
  await put();
  fixture.addFaults({ operation: 'createOrder', kind: 'cut', when: 'after' });
  await fixture.drain();
  await ways[0]![1]();
  await remove(fixture.context, { type: 'ServiceRequest', id: 'one' });
  await fixture.drainAll();
  await fixture.track();
  expect([await state(), networkStatuses(), (await task()).status]).toEqual(['done', [CANCELLED], 'cancelled']);
});

test('a withdrawn request cannot become active again, also not through a draft: 409', async () => {
  await put();
  await ways[0]![1]();
  for (const status of ['active', 'draft', 'on-hold']) await expect(put({ status })).rejects.toMatchObject({ kind: 'conflict' });
  await put({ status: 'entered-in-error' });
});

test('47: deleting a request with an open order is 409, also while it is on hold', async () => {
  await fixture.placeOrder();
  const deletion = () => remove(fixture.context, { type: 'ServiceRequest', id: 'one' });
  await expect(deletion()).rejects.toMatchObject({ kind: 'conflict' });
  await fixture.put({ ...(await request()), status: 'on-hold' });
  await expect(deletion()).rejects.toMatchObject({ kind: 'conflict' });
});

test('47: changing, merging or deleting the patient does not change an open order', async () => {
  await put();
  fixture.addFaults({ operation: 'createOrder', kind: 'reset' });
  await fixture.drain();
  await fixture.put({ ...ADA, active: false, link: [{ other: { reference: 'Patient/other' }, type: 'replaced-by' }] });
  await remove(fixture.context, { type: 'Patient', id: 'ada' });
  fixture.advance(30);
  expect(await sendNow(fixture.sender, fixture.context, 'one')).toEqual({ result: 'accepted' });
  const [order] = [...fixture.sandbox.state.orders.values()];
  expect(order!.sent.patient_details).toMatchObject({ first_name: 'Ada' });
  fixture.advanceOrder(order!.id, 'completed.walk_in_test.completed');
  await fixture.pollOrder(order!.id);
  expect(await readStatuses()).toEqual(['completed', 'completed']);
});
