// Only a refusal by the network itself ends an order. A response of a gateway, or from a wrong URL, says nothing about the order. Numbers are rows of
// docs/failure-matrix.md.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createJunctionClient } from '../../src/junction/client.ts';
import type { Fault } from '../../src/junction-sandbox/faults.ts';
import { sendNow } from '../../src/orders/deliver/attempt-delivery.ts';
import type { OrderSender } from '../../src/orders/deliver/order-sender.ts';
import { within } from '../junction-sandbox/sandbox-fixture.ts';
import { openBeforeEach } from './open-before-each.ts';
import { REQUEST } from './order-fixture.ts';
import { openTrackingFixture, type TrackingFixture } from './tracking-fixture.ts';
import { buildWithdrawal, CANCELLED } from './withdrawal.ts';

let fixture: TrackingFixture;
openBeforeEach(openTrackingFixture, (opened) => {
  fixture = opened;
});
const { settle, readStatuses, networkStatuses } = buildWithdrawal(() => fixture);

const IDS = ['one', 'two', 'three', 'four', 'five', 'six', 'seven'];
const order = async (ids = ['one']): Promise<void> => {
  for (const id of ids) await fixture.put({ ...REQUEST, id });
};
const states = async (ids = ['one']): Promise<unknown[]> =>
  Promise.all(ids.map(async (id) => [(await fixture.entry(id))!.state, (await fixture.read('ServiceRequest', id)).status]));
const each = <T>(value: T, ids = ['one']): T[] => ids.map(() => value);

test('11: while a gateway responds with 404 to everything, no order is refused and sending pauses; afterwards all orders are sent', async () => {
  await order(IDS);
  fixture.addFaults({ kind: 'page', status: 404, times: 1000 });
  await fixture.drain();
  await fixture.drain();
  expect(await states(IDS)).toEqual(each(['queued', 'active'], IDS));
  expect(fixture.sender.gate.breaker.allows(fixture.sender.clock())).toBe(0);
  fixture.sandbox.state.faults = [];
  await fixture.drainAll();
  expect([await states(IDS), fixture.countOrders()]).toEqual([each(['done', 'active'], IDS), IDS.length]);
});

test('11: with a wrong path in the base URL no order is refused', async () => {
  await order();
  const { apiKey, url } = fixture.sandbox;
  const astray: OrderSender = { ...fixture.createSender(), client: createJunctionClient(() => ({ apiKey, baseUrl: `${url}/v2` })) };
  expect(await sendNow(astray, fixture.context, 'one')).toEqual({ result: 'failed', final: false });
  expect(await states()).toEqual([['queued', 'active']]);
  await fixture.drainAll();
  expect([await states(), fixture.countOrders()]).toEqual([[['done', 'active']], 1]);
});

test.each([
  ['page', 400],
  ['page', 404],
  ['page', 422],
  ['error', 402],
  ['error', 405],
  ['error', 410],
] as const)('11: %s %d to an order is not a refusal: the order is sent later', async (kind, status) => {
  await order();
  fixture.addFaults({ operation: 'createOrder', kind, status });
  expect(await sendNow(fixture.sender, fixture.context, 'one')).toEqual({ result: 'failed', final: false });
  expect(await states()).toEqual([['unknown', 'active']]);
  await fixture.drainAll();
  expect([await states(), fixture.countOrders()]).toEqual([[['done', 'active']], 1]);
});

test.each([
  ['a gateway answers 404', [{ operation: 'cancelOrder', kind: 'page', status: 404 }]],
  ['the network knows of no such order', [{ operation: 'cancelOrder', kind: 'error', status: 404 }]],
  [
    'it is refused, and the order is not to be seen',
    [
      { operation: 'cancelOrder', kind: 'error', status: 400 },
      { operation: 'order', kind: 'error', status: 404 },
    ],
  ],
] as [string, Fault[]][])('39: %s to a cancellation is not a refusal: the order is cancelled later', async (_title, faults) => {
  await order();
  await fixture.drain();
  await fixture.put({ ...(await fixture.read('ServiceRequest', 'one')), status: 'revoked' });
  fixture.addFaults(...faults);
  await fixture.drain();
  expect((await fixture.tasks('one'))[0]!.note).toBeUndefined();
  await settle();
  expect([networkStatuses(), await readStatuses()]).toEqual([[CANCELLED], ['revoked', 'cancelled']]);
});

test('41: a 404 from a gateway for an order and its result does not mean that they are missing', async () => {
  const { reads } = fixture.tracker;
  const calls = [
    () => reads.readOrder('x', within()),
    () => reads.readResult({ order: 'x' }, within()),
    () => reads.readResultPdf({ order: 'x' }, within()),
  ];
  for (const ask of calls) {
    fixture.addFaults({ kind: 'page', status: 404 });
    expect(await ask()).toMatchObject({ kind: 'unknown', status: 404 });
    expect(await ask()).toEqual({ kind: 'accepted', value: undefined });
  }
});

test.each([
  ['nothing', 404, '', 'unknown'],
  ['a page', 400, '<html></html>', 'unknown'],
  ['a list', 404, '[]', 'unknown'],
  ['the JSON of a gateway', 404, '{"message":"no Route matched with those values"}', 'unknown'],
  ['the JSON of another server', 404, '{"status":404,"error":"Not Found","message":"","path":"/v3/order"}', 'unknown'],
  ['a detail', 400, '{"detail":"Lab test not found."}', 'refused'],
  ['error, message and the same status', 400, '{"error":"bad_request","message":"too late","status_code":400}', 'refused'],
] as const)('only a refusal in the format of the network counts: %s, %d', async (_title, status, body, kind) => {
  const other = createServer((_req, res) => void res.writeHead(status).end(body));
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const baseUrl = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
  const client = createJunctionClient(() => ({ apiKey: 'k', baseUrl }));
  expect(await client.createOrder({ body: '{}', key: 'k' }, within())).toMatchObject({ kind, status });
  other.close();
});
