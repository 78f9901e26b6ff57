// A request that is deleted and created again under its id is a new order: the first order is cancelled and does not change the second.
import type { Resource } from '../../src/fhir/types.ts';
import { remove } from '../../src/interactions/delete.ts';
import { parseAcceptedOrder, parseOrderPayload } from '../../src/orders/place/order-entry.ts';
import { openBeforeEach } from './open-before-each.ts';
import { REQUEST, SYSTEMS } from './order-fixture.ts';
import { openTrackingFixture, type TrackingFixture } from './tracking-fixture.ts';
import { buildWithdrawal, CANCELLED } from './withdrawal.ts';

let fixture: TrackingFixture;
openBeforeEach(openTrackingFixture, (opened) => {
  fixture = opened;
});

const { request, ways, networkStatuses, readStatuses, settle } = buildWithdrawal(() => fixture);
const put = (more: object = {}) => fixture.put({ ...REQUEST, id: 'one', ...more });

describe('a request that is deleted and created again under its id', () => {
  const repeat = async () => {
    await ways[0]![1]();
    await remove(fixture.context, { type: 'ServiceRequest', id: 'one' });
    await put();
  };

  test('is a new order with its own key and Task; the first one is cancelled and does not change it', async () => {
    const first = await fixture.placeOrder();
    const before = (await fixture.entry('one'))!;
    await repeat();
    const after = (await fixture.entry('one'))!;
    expect([after.key === before.key, parseOrderPayload(after).task === parseOrderPayload(before).task]).toEqual([false, false]);
    await settle();
    expect(fixture.networkOrder(first.id).events.at(-1)!.status).toBe(CANCELLED);
    expect([fixture.countOrders(before.key), fixture.countOrders(after.key), ...(await readStatuses())]).toEqual([
      1,
      1,
      'active',
      'received',
    ]);
    await fixture.pollOrder(first.id);
    expect([(await request()).status, (await fixture.read('Task', parseOrderPayload(before).task)).status]).toEqual([
      'active',
      'cancelled',
    ]);
    expect((await request()).identifier).toEqual([
      { system: SYSTEMS.order, value: parseAcceptedOrder((await fixture.entry('one'))!).orderId },
    ]);
  });

  test('while the outcome of the first is unknown: the first is found and cancelled, and only the second stays', async () => {
    await put();
    fixture.addFaults({ operation: 'createOrder', kind: 'cut', when: 'after' });
    await fixture.drain();
    await repeat();
    await settle();
    expect([networkStatuses().sort(), ...(await readStatuses())]).toEqual([
      [CANCELLED, 'received.walk_in_test.ordered'],
      'active',
      'received',
    ]);
    expect(fixture.countRequests('createOrder')).toBe(2);
  });

  test('before the first was sent: the first is not sent', async () => {
    await put();
    await repeat();
    await settle();
    expect([fixture.countOrders(), ...(await readStatuses())]).toEqual([1, 'active', 'received']);
  });

  test('as a draft that becomes active later: is a new order, too', async () => {
    await fixture.placeOrder();
    await ways[0]![1]();
    await remove(fixture.context, { type: 'ServiceRequest', id: 'one' });
    await put({ status: 'draft' });
    await settle();
    await put();
    await settle();
    expect([fixture.countOrders(), ...(await readStatuses())]).toEqual([2, 'active', 'received']);
  });

  test('with its former content, to undo the deletion: it is revoked as before, and nothing is sent', async () => {
    const first = await fixture.placeOrder();
    await ways[0]![1]();
    await settle();
    const before = await request();
    await remove(fixture.context, { type: 'ServiceRequest', id: 'one' });
    const { meta: _meta, ...content } = before;
    await fixture.put(content as Resource);
    await settle();
    expect((await request()).status).toBe('revoked');
    expect([networkStatuses(), fixture.countRequests('createOrder')]).toEqual([[CANCELLED], 1]);
    expect((await request()).identifier).toEqual(before.identifier);
    expect(JSON.stringify(before.identifier)).toContain(first.id);
  });

  test('can be withdrawn like the first', async () => {
    await fixture.placeOrder();
    await repeat();
    await settle();
    await ways[1]![1]();
    await settle();
    expect([networkStatuses(), ...(await readStatuses())]).toEqual([[CANCELLED, CANCELLED], 'revoked', 'cancelled']);
  });
});
