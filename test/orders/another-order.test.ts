// An answer that is about another order, or another user, than was asked for. The numbers are rows of docs/failure-matrix.md.
import type { Resource } from '../../src/fhir/types.ts';
import { sendNow } from '../../src/orders/deliver/attempt-delivery.ts';
import { eachInAWorld } from './each-world.ts';
import { COMPLETED, type FollowWorld, followWorld } from './follow-world.ts';
import { ADA, REQUEST, SYSTEMS } from './order-world.ts';

let here: FollowWorld;
eachInAWorld(followWorld, (world) => {
  here = world;
});

const put = (id: string) => here.put({ ...REQUEST, id } as Resource);
const orderIds = (resource: Resource) =>
  ((resource.identifier ?? []) as { system: string; value: string }[])
    .filter(({ system }) => system === SYSTEMS.order)
    .map(({ value }) => value);
const shown = async (id: string) => [await here.read('ServiceRequest', id), ...(await here.tasks(id))].map(orderIds);

test.each([
  ['of another order', async () => void (await here.ordered('earlier'))],
  ['missing, although one was sent', async () => {}],
])(
  '48: the passthrough of the response to an order is %s: the outcome is unknown, nothing is stored, and the order is looked up',
  async (_title, before) => {
    await before();
    const requests = here.countRequests('createOrder');
    await put('one');
    here.fail({ operation: 'createOrder', kind: 'other' });
    expect(await sendNow(here.sending, here.context, 'one')).toMatchObject({ result: 'failed', final: false });
    const entry = (await here.entry('one'))!;
    expect([entry.state, JSON.parse(entry.payload).orderId]).toEqual(['unknown', undefined]);
    expect(await shown('one')).toEqual([[], []]);
    expect(await sendNow(here.sending, here.context, 'one')).toEqual({ result: 'accepted' });
    const own = [...here.sandbox.state.orders.values()].find(({ passthrough }) => passthrough === entry.key)!;
    expect(await shown('one')).toEqual([[own.id], [own.id]]);
    expect([here.orders(entry.key), here.countRequests('createOrder') - requests]).toEqual([1, 1]);
  },
);

test('48: a response about another user: no order is sent for that user', async () => {
  await here.ordered('earlier');
  await here.put({ ...ADA, id: 'grace', name: [{ given: ['Grace'], family: 'Hopper' }] });
  await here.put({ ...REQUEST, id: 'one', subject: { reference: 'Patient/grace' } });
  here.fail({ operation: 'user', kind: 'other' });
  expect(await sendNow(here.sending, here.context, 'one')).toMatchObject({ result: 'failed', final: false });
  expect(here.orders((await here.entry('one'))!.key)).toBe(0);
  expect(await sendNow(here.sending, here.context, 'one')).toEqual({ result: 'accepted' });
  const [earlier, own] = [...here.sandbox.state.orders.values()];
  expect(own!.userId).not.toBe(earlier!.userId);
});

test('48: a read returns another order: nothing of it is stored', async () => {
  const other = await here.ordered('other');
  const own = await here.ordered('one');
  here.step(other.id, 'completed.walk_in_test.completed', { silent: true });
  here.fail({ operation: 'order', kind: 'other' });
  await here.news(own.id);
  expect((await here.tasks('one'))[0]).toMatchObject({ status: 'received', identifier: [{ value: own.id }] });
  expect(await shown('one')).toEqual([[own.id], [own.id]]);
});

test('48: a result names another order transaction: no report is stored, and the result is read again', async () => {
  const own = await here.ordered('one');
  here.step(own.id, COMPLETED);
  here.fail({ operation: 'result', kind: 'other' }, { operation: 'journeyResult', kind: 'other' });
  await here.news(own.id);
  expect(await here.all('DiagnosticReport')).toEqual([]);
  here.advance(300);
  await here.follow();
  here.advance(300);
  await here.follow();
  expect(await here.all('DiagnosticReport')).toEqual([expect.objectContaining({ status: 'final' })]);
});

test('48: the response to a cancellation is about another order: it is repeated until the right order is cancelled', async () => {
  await here.ordered('other');
  const own = await here.ordered('one');
  await here.put({ ...(await here.read('ServiceRequest', 'one')), status: 'revoked' });
  here.fail({ operation: 'cancelOrder', kind: 'reset' }, { operation: 'cancelOrder', kind: 'other' });
  for (let nth = 0; nth < 3; nth++) {
    expect((await here.tasks('one'))[0]!.status).not.toBe('cancelled');
    await here.drain();
    here.advance(61);
  }
  expect([(await here.tasks('one'))[0]!.status, here.countRequests('cancelOrder')]).toEqual(['cancelled', 3]);
  expect(here.at(own.id).events.at(-1)!.status).toBe('cancelled.walk_in_test.cancelled');
});
