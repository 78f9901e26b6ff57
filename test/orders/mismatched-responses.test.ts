// A response about another order or user than requested. Numbers are rows of docs/failure-matrix.md.
import type { Resource } from '../../src/fhir/types.ts';
import { sendNow } from '../../src/orders/deliver/attempt-delivery.ts';
import { openBeforeEach } from './open-before-each.ts';
import { ADA, REQUEST, SYSTEMS } from './order-fixture.ts';
import { COMPLETED, openTrackingFixture, type TrackingFixture } from './tracking-fixture.ts';

let fixture: TrackingFixture;
openBeforeEach(openTrackingFixture, (opened) => {
  fixture = opened;
});

const put = (id: string) => fixture.put({ ...REQUEST, id } as Resource);
const orderIds = (resource: Resource) =>
  ((resource.identifier ?? []) as { system: string; value: string }[])
    .filter(({ system }) => system === SYSTEMS.order)
    .map(({ value }) => value);
const readState = async (id: string) => [await fixture.read('ServiceRequest', id), ...(await fixture.tasks(id))].map(orderIds);

test.each([
  ['of another order', async () => void (await fixture.placeOrder('earlier'))],
  ['missing, although one was sent', async () => {}],
])(
  '48: the passthrough of the response to an order is %s: the outcome is unknown, nothing is stored, and the order is looked up',
  async (_title, before) => {
    await before();
    const requests = fixture.countRequests('createOrder');
    await put('one');
    fixture.addFaults({ operation: 'createOrder', kind: 'other' });
    expect(await sendNow(fixture.sender, fixture.context, 'one')).toMatchObject({ result: 'failed', final: false });
    const entry = (await fixture.entry('one'))!;
    expect([entry.state, JSON.parse(entry.payload).orderId]).toEqual(['unknown', undefined]);
    expect(await readState('one')).toEqual([[], []]);
    expect(await sendNow(fixture.sender, fixture.context, 'one')).toEqual({ result: 'accepted' });
    const own = [...fixture.sandbox.state.orders.values()].find(({ passthrough }) => passthrough === entry.key)!;
    expect(await readState('one')).toEqual([[own.id], [own.id]]);
    expect([fixture.countOrders(entry.key), fixture.countRequests('createOrder') - requests]).toEqual([1, 1]);
  },
);

test('48: a response about another user: no order is sent for that user', async () => {
  await fixture.placeOrder('earlier');
  await fixture.put({ ...ADA, id: 'grace', name: [{ given: ['Grace'], family: 'Hopper' }] });
  await fixture.put({ ...REQUEST, id: 'one', subject: { reference: 'Patient/grace' } });
  fixture.addFaults({ operation: 'user', kind: 'other' });
  expect(await sendNow(fixture.sender, fixture.context, 'one')).toMatchObject({ result: 'failed', final: false });
  expect(fixture.countOrders((await fixture.entry('one'))!.key)).toBe(0);
  expect(await sendNow(fixture.sender, fixture.context, 'one')).toEqual({ result: 'accepted' });
  const [earlier, own] = [...fixture.sandbox.state.orders.values()];
  expect(own!.userId).not.toBe(earlier!.userId);
});

test('48: a read returns another order: nothing of it is stored', async () => {
  const other = await fixture.placeOrder('other');
  const own = await fixture.placeOrder('one');
  fixture.advanceOrder(other.id, 'completed.walk_in_test.completed', { silent: true });
  fixture.addFaults({ operation: 'order', kind: 'other' });
  await fixture.pollOrder(own.id);
  expect((await fixture.tasks('one'))[0]).toMatchObject({ status: 'received', identifier: [{ value: own.id }] });
  expect(await readState('one')).toEqual([[own.id], [own.id]]);
});

test('48: a result names another order transaction: no report is stored, and the result is read again', async () => {
  const own = await fixture.placeOrder('one');
  fixture.advanceOrder(own.id, COMPLETED);
  fixture.addFaults({ operation: 'result', kind: 'other' }, { operation: 'journeyResult', kind: 'other' });
  await fixture.pollOrder(own.id);
  expect(await fixture.listResources('DiagnosticReport')).toEqual([]);
  fixture.advance(300);
  await fixture.track();
  fixture.advance(300);
  await fixture.track();
  expect(await fixture.listResources('DiagnosticReport')).toEqual([expect.objectContaining({ status: 'final' })]);
});

test('48: the response to a cancellation is about another order: it is repeated until the right order is cancelled', async () => {
  await fixture.placeOrder('other');
  const own = await fixture.placeOrder('one');
  await fixture.put({ ...(await fixture.read('ServiceRequest', 'one')), status: 'revoked' });
  fixture.addFaults({ operation: 'cancelOrder', kind: 'reset' }, { operation: 'cancelOrder', kind: 'other' });
  for (let n = 0; n < 3; n++) {
    expect((await fixture.tasks('one'))[0]!.status).not.toBe('cancelled');
    await fixture.drain();
    fixture.advance(61);
  }
  expect([(await fixture.tasks('one'))[0]!.status, fixture.countRequests('cancelOrder')]).toEqual(['cancelled', 3]);
  expect(fixture.networkOrder(own.id).events.at(-1)!.status).toBe('cancelled.walk_in_test.cancelled');
});
