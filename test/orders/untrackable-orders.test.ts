// An order that exists at the network and cannot be tracked, or cannot be sent for an internal reason, is listed for the operator with the reason.

import { ORDER_OPERATIONS } from '../../src/cli/orders.ts';
import type { Resource } from '../../src/fhir/types.ts';
import { sendNow } from '../../src/orders/deliver/attempt-delivery.ts';
import type { TestStore } from '../store/open.ts';
import { buildAdminContext } from './admin-context.ts';
import { openBeforeEach } from './open-before-each.ts';
import { REQUEST } from './order-fixture.ts';
import { openTrackingFixture, type TrackingFixture } from './tracking-fixture.ts';

let fixture: TrackingFixture;
let store: TestStore;
openBeforeEach(openTrackingFixture, (opened, on) => {
  [fixture, store] = [opened, on];
});
const showOrder = () => ORDER_OPERATIONS['orders show']!(store.database, { order: 'one' }, buildAdminContext(fixture.sender));
const failingPolls = () => ORDER_OPERATIONS['orders list']!(store.database, { state: 'poll-failing' }, buildAdminContext(fixture.sender));
const write = (id: string, body: string) =>
  store.database.query('update resource set body = $3 where tenant_id = $1 and id = $2', [fixture.tenant, id, body]);

test('an order that the network no longer has is listed with the time of its next poll, until the network returns it again', async () => {
  const order = await fixture.placeOrder();
  expect(await showOrder()).toContainEqual(expect.stringMatching(new RegExp(`^${order.id} .* polled +in \\d+ [hm]$`)));
  expect(await failingPolls()).toEqual(['no orders in state poll-failing']);
  const { orders } = fixture.sandbox.state;
  orders.delete(order.id);
  await fixture.pollOrder(order.id);
  fixture.advance(120);
  await fixture.track();
  const why = 'the lab network has no order with this id';
  expect(await showOrder()).toContainEqual(
    expect.stringMatching(new RegExp(`^${order.id} .* failing, 2 times in a row +in \\d+ [ms] +${why}$`)),
  );
  expect((await failingPolls())[1]).toMatch(new RegExp(`^${fixture.tenant} +one +${order.id} +2 +in \\d+ [ms] +${why}$`));
  orders.set(order.id, order);
  await fixture.pollOrder(order.id);
  expect(await failingPolls()).toEqual(['no orders in state poll-failing']);
  fixture.advanceOrder(order.id, 'cancelled.walk_in_test.cancelled');
  await fixture.pollOrder(order.id);
  expect(await showOrder()).toContainEqual(expect.stringMatching(new RegExp(`^${order.id} .* finished +after a webhook$`)));
});

test('an attempt that fails after the order arrived shows its error, and the next attempt finds the order', async () => {
  await fixture.put({ ...REQUEST, id: 'one' } as Resource);
  const createContext = (): never => {
    throw new RangeError('Lovelace');
  };
  await fixture.drain({ ...fixture.sender, createContext });
  expect(await fixture.entry('one')).toMatchObject({ state: 'unknown', lastError: 'the attempt failed: RangeError', leaseBy: null });
  expect(await showOrder()).toContainEqual(expect.stringMatching(/order +attempt +unknown +the attempt failed: RangeError$/));
  await fixture.drainAll();
  expect([(await fixture.entry('one'))!.state, fixture.countOrders(), fixture.countRequests('createOrder')]).toEqual(['done', 1, 1]);
});

describe('an attempt that fails before it sends the order', () => {
  let task: Resource;
  beforeEach(async () => {
    await fixture.put({ ...REQUEST, id: 'one' } as Resource);
    [task] = (await fixture.tasks('one')) as [Resource];
    await write(task.id!, 'Lovelace');
  });
  const OPEN = { state: 'unknown', lastError: 'the attempt failed: SyntaxError', leaseBy: null };

  test('shows the error at once, without data, and continues when it can', async () => {
    await fixture.drain();
    expect(await fixture.entry('one')).toMatchObject(OPEN);
    expect((await showOrder()).join()).not.toContain('Lovelace');
    await write(task.id!, JSON.stringify(task));
    await fixture.drainAll();
    expect([(await fixture.entry('one'))!.state, fixture.countOrders()]).toEqual(['done', 1]);
  });

  test("is not an error of the waiting caller's request", async () => {
    expect(await sendNow(fixture.sender, fixture.context, 'one')).toEqual({ result: 'failed', final: false });
    expect(await fixture.entry('one')).toMatchObject(OPEN);
  });
});
