// The statements that an order costs which goes well, from its acceptance until the lab network has it. docs/decisions/0045-shared-statements-of-deliveries.md
import type { Resource } from '../../src/fhir/types.ts';
import { update } from '../../src/interactions/update.ts';
import { createCircuitBreaker } from '../../src/messaging/circuit-breaker.ts';
import { createOrderDeliveryWork } from '../../src/orders/deliver/delivery-worker.ts';
import { createGate } from '../../src/orders/deliver/gate.ts';
import type { Delivery, OrderSender } from '../../src/orders/deliver/order-sender.ts';
import { sendOrder } from '../../src/orders/deliver/send-order.ts';
import { ORDER_TOPIC } from '../../src/orders/place/order-entry.ts';
import { createStore } from '../../src/store/sql-store.ts';
import type { Store } from '../../src/store/store.ts';
import { type Counted, countStatements } from '../store/counted-database.ts';
import { openBeforeEach } from './open-before-each.ts';
import { ADA, type OrderFixture, openOrderFixture, REQUEST } from './order-fixture.ts';

const AT_ONCE = 16;
const PATIENCE_MS = 60_000;

let fixture: OrderFixture;
let store: Store;
let counted: Counted;
openBeforeEach(openOrderFixture, (opened, { database }) => {
  fixture = opened;
  counted = countStatements(database);
  store = createStore(counted.database);
});
beforeEach(() => fixture.put(ADA));

function place(id: string): Promise<unknown> {
  const resource: Resource = { ...REQUEST, id };
  return update({ ...fixture.context, store }, { type: 'ServiceRequest', id, draft: { resource, exact: resource } });
}

const createSender = (): OrderSender => ({
  ...fixture.createSender(),
  store,
  gate: createGate(createCircuitBreaker(), fixture.sender.clock, () => AT_ONCE),
});
/** One round of the worker, and everything that it starts. */
async function send(sender: OrderSender): Promise<void> {
  const handlers = { [ORDER_TOPIC]: (own: OrderSender, delivery: Delivery) => sendOrder(own, delivery, PATIENCE_MS) };
  const delivery = createOrderDeliveryWork({ ...sender, listAccounts: async () => [{ sender, handlers }] });
  await delivery.work({ signal: new AbortController().signal, rest: async () => {} });
  await delivery.finish();
}

const isAccepted = async (id: string): Promise<boolean> => (await fixture.entry(id))?.state === 'done';
const areAccepted = async (ids: string[]): Promise<boolean> => (await Promise.all(ids.map(isAccepted))).every(Boolean);

test('an order that is sent alone costs 16 statements: 6 to accept it and 10 for the round of the worker that sends it', async () => {
  const sender = createSender();
  expect(await counted.count(() => place('one'))).toBe(6);
  expect(await counted.count(() => send(sender))).toBe(10);
  expect(await isAccepted('one')).toBe(true);
});

test('of orders that wait, each costs at most 10 statements', async () => {
  const sender = createSender();
  await place('earlier');
  await send(sender);
  const ids = Array.from({ length: 3 * AT_ONCE }, (_, index) => `o${index}`);
  const placing = await counted.count(async () => {
    for (const id of ids) await place(id);
  });
  const sending = await counted.count(async () => {
    while (!(await areAccepted(ids))) await send(sender);
  });
  expect((placing + sending) / ids.length).toBeLessThanOrEqual(10);
});
