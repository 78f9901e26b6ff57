// An order that has ended here and that the network reinstates, or has created although it refused it: it stays withdrawn, and can be cancelled while it
// exists. Numbers are rows of docs/failure-matrix.md.
import { v7 } from 'uuid';
import { remove } from '../../src/interactions/delete.ts';
import { runSweep } from '../../src/orders/track/reconciliation-sweep.ts';
import { openBeforeEach } from './open-before-each.ts';
import { REQUEST } from './order-fixture.ts';
import { openTrackingFixture, type TrackingFixture } from './tracking-fixture.ts';
import { buildWithdrawal, CANCELLED } from './withdrawal.ts';

let fixture: TrackingFixture;
openBeforeEach(openTrackingFixture, (opened) => {
  fixture = opened;
});

const { request, task, ways, networkStatuses, readStatuses, settle } = buildWithdrawal(() => fixture);

/** Somebody at the network takes up again what was cancelled there. */
const reinstated = async (id: string) => {
  fixture.advance(60);
  fixture.advanceOrder(id, 'received.walk_in_test.requisition_created');
  await fixture.pollOrder(id);
};

/** It is taken back here, and the network says so before it is asked. */
const endedThere = async (withdraw: () => Promise<void>): Promise<string> => {
  const { id } = await fixture.placeOrder();
  await withdraw();
  fixture.advanceOrder(id, CANCELLED);
  await fixture.pollOrder(id);
  await settle();
  return id;
};

describe.each(ways)('%s, and the network takes the order up again', (_title, withdraw) => {
  test('37: its request stays revoked, its Task shows that it continues, and it can be cancelled again', async () => {
    const { id } = await fixture.placeOrder();
    await withdraw();
    await settle();
    await reinstated(id);
    expect(await readStatuses()).toEqual(['revoked', 'accepted']);
    await fixture.put({ ...(await task()), status: 'cancelled' });
    await settle();
    expect([networkStatuses(), ...(await readStatuses())]).toEqual([[CANCELLED], 'revoked', 'cancelled']);
    await reinstated(id);
    await fixture.put({ ...(await task()), status: 'cancelled' });
    await settle();
    expect([networkStatuses(), ...(await readStatuses())]).toEqual([[CANCELLED], 'revoked', 'cancelled']);
  });

  test('also if the network had cancelled it first: the order continues', async () => {
    const id = await endedThere(withdraw);
    await reinstated(id);
    expect(await readStatuses()).toEqual(['revoked', 'accepted']);
  });

  test('and the laboratory has begun: the order continues, its request stays revoked, and its result is stored', async () => {
    const id = await endedThere(withdraw);
    await reinstated(id);
    fixture.advanceOrder(id, 'sample_with_lab.walk_in_test.partial_results');
    await fixture.pollOrder(id);
    await fixture.put({ ...(await task()), status: 'cancelled' });
    await settle();
    expect(await readStatuses()).toEqual(['revoked', 'in-progress']);
    fixture.advanceOrder(id, 'completed.walk_in_test.completed');
    await fixture.pollOrder(id);
    expect(await readStatuses()).toEqual(['revoked', 'completed']);
    expect((await task()).output).toHaveLength(1);
  });
});

test('an order that is reinstated between a lost response to a cancellation and its repetition is cancelled', async () => {
  const { id } = await fixture.placeOrder();
  await fixture.put({ ...(await task()), status: 'cancelled' });
  fixture.addFaults({ operation: 'cancelOrder', kind: 'cut', when: 'after' });
  await fixture.drain();
  await reinstated(id);
  await fixture.put({ ...(await task()), status: 'cancelled' });
  await settle();
  expect([networkStatuses(), ...(await readStatuses())]).toEqual([[CANCELLED], 'revoked', 'cancelled']);
});

describe('an order that the network has created although it refused it', () => {
  beforeEach(async () => {
    fixture.addFaults({ operation: 'createOrder', kind: 'error', status: 400, when: 'after' });
    await fixture.put({ ...REQUEST, id: 'one' });
    await fixture.drain();
    expect([(await fixture.entry('one'))!.state, ...(await readStatuses())]).toEqual(['refused', 'revoked', 'rejected']);
    await runSweep(fixture.tracker);
    await fixture.track();
    expect([(await fixture.entry('one'))!.state, ...(await readStatuses())]).toEqual(['done', 'active', 'received']);
  });

  test.each(ways)('is cancelled at the network: %s', async (_title, withdraw) => {
    await withdraw();
    await settle();
    expect([networkStatuses(), ...(await readStatuses())]).toEqual([[CANCELLED], 'revoked', 'cancelled']);
  });

  test('is tracked: its request can be written, and cannot be deleted before it is revoked', async () => {
    await fixture.put({ ...(await request()), note: [{ text: 'please' }] });
    await fixture.put({ ...(await request()), status: 'on-hold' });
    await expect(remove(fixture.context, { type: 'ServiceRequest', id: 'one' })).rejects.toMatchObject({ kind: 'conflict' });
    await settle();
    expect([networkStatuses().length, fixture.countRequests('createOrder')]).toEqual([1, 1]);
  });
});

test.each(ways)(
  '38: %s, an order that was believed not to have arrived is listed later: each withdrawal cancels it',
  async (_title, withdraw) => {
    const other = await fixture.placeOrder('other');
    fixture.addFaults({ operation: 'createOrder', kind: 'reset' });
    await fixture.put({ ...REQUEST, id: 'one' });
    await fixture.drain();
    await withdraw();
    await settle();
    const { state, key } = (await fixture.entry('one'))!;
    expect(state).toBe('cancelled');
    const id = v7();
    fixture.sandbox.state.orders.set(id, { ...other, id, transactionId: `journey of ${id}`, passthrough: key });
    fixture.advanceOrder(id, 'sample_with_lab.walk_in_test.partial_results');
    fixture.advance(900);
    await runSweep(fixture.tracker);
    await settle();
    expect([fixture.countRequests('cancelOrder'), ...(await readStatuses())]).toEqual([1, 'revoked', 'in-progress']);
    fixture.advanceOrder(id, 'collecting_sample.walk_in_test.appointment_pending');
    await fixture.pollOrder(id);
    await fixture.put({ ...(await task()), status: 'cancelled' });
    await settle();
    expect([fixture.networkOrder(id).events.at(-1)!.status, ...(await readStatuses())]).toEqual([CANCELLED, 'revoked', 'cancelled']);
    expect(fixture.networkOrder(other.id).events).toHaveLength(1);
  },
);

describe('its request was deleted since, and the network takes the order up again', () => {
  const goneAndReinstated = async (): Promise<string> => {
    const { id } = await fixture.placeOrder();
    await ways[0]![1]();
    await settle();
    await remove(fixture.context, { type: 'ServiceRequest', id: 'one' });
    await reinstated(id);
    expect((await task()).status).toBe('accepted');
    return id;
  };

  test('its Task cancels it', async () => {
    await goneAndReinstated();
    await fixture.put({ ...(await task()), status: 'cancelled' });
    await settle();
    expect([networkStatuses(), (await task()).status]).toEqual([[CANCELLED], 'cancelled']);
  });

  test('and a new request has its id: each order is cancelled by its own Task', async () => {
    const first = await goneAndReinstated();
    const before = await task();
    const second = await fixture.placeOrder();
    await fixture.put({ ...before, status: 'cancelled' });
    await settle();
    expect([first, second.id].map((id) => fixture.networkOrder(id).events.at(-1)!.status)).toEqual([
      CANCELLED,
      'received.walk_in_test.ordered',
    ]);
    expect(await readStatuses()).toEqual(['active', 'received']);
    await fixture.put({ ...(await task()), status: 'cancelled' });
    await settle();
    expect([networkStatuses(), ...(await readStatuses())]).toEqual([[CANCELLED, CANCELLED], 'revoked', 'cancelled']);
  });
});
