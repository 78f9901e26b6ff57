// Sixty orders with random faults: in the end each exists once at the lab network, and FHIR matches the network.
import { randomFrom } from '../../scripts/orders/random.ts';
import type { Fault } from '../../src/junction-sandbox/faults.ts';
import { sendNow } from '../../src/orders/deliver/attempt-delivery.ts';
import { openBeforeEach } from './open-before-each.ts';
import { ADA, type OrderFixture, openOrderFixture, REQUEST, SYSTEMS } from './order-fixture.ts';

const SEED = Number(process.env.SEED ?? 20_261_121);
const ORDERS = 60;

let fixture: OrderFixture;
openBeforeEach(
  (store) => openOrderFixture(store, 150),
  (opened) => {
    fixture = opened;
  },
);

const FAULTS: Fault[] = [
  { kind: 'error' },
  { kind: 'error', when: 'after' },
  { kind: 'error', when: 'after', status: 503 },
  { kind: 'error', status: 429, retryAfter: 30 },
  { kind: 'error', status: 401 },
  { kind: 'error', status: 403 },
  { kind: 'page', status: 404 },
  { kind: 'reset' },
  { kind: 'reset', when: 'after' },
  { kind: 'reset', when: 'after', status: 500 },
  { kind: 'reset', when: 'after', status: 503 },
  { kind: 'cut', when: 'after' },
  { kind: 'slow', seconds: 0.25 },
  { kind: 'slow', when: 'after', seconds: 0.25 },
];

/** A sender that dies after its call and before it has written anything down, as often as `dies` says. */
function mortal(dies: () => boolean) {
  const sending = fixture.createSender();
  const createOrder: typeof fixture.client.createOrder = async (order, signal) => {
    const outcome = await fixture.client.createOrder(order, signal);
    if (dies()) throw new Error('the process died here');
    return outcome;
  };
  return { ...sending, client: { ...fixture.client, createOrder } };
}

test.each([true, false])('orders at the network per sent ServiceRequest = 1 (failures kept under their key: %s)', async (failuresKept) => {
  const random = randomFrom(SEED);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  fixture.sandbox.state.storesFailures = failuresKept;
  await fixture.put(ADA);
  const workers = [mortal(() => random() < 0.1), mortal(() => random() < 0.1)];
  const act: (() => Promise<unknown>)[] = [
    () => fixture.drain(workers[0]),
    () => Promise.all(workers.map((worker) => fixture.drain(worker))),
    () => sendNow(workers[1]!, fixture.context, `o${Math.floor(random() * created)}`).catch(() => {}),
    async () => fixture.advance(random() * 60),
    async () => fixture.advance(random() < 0.1 ? 22 * 3600 : 25),
    async () => fixture.addFaults({ ...pick(FAULTS), ...(random() < 0.7 ? { operation: 'createOrder' } : {}) }),
    async () => fixture.addFaults({ ...pick(FAULTS), operation: 'orders' }),
    async () => Object.assign(fixture.sandbox.state, { listDelaySeconds: pick([0, 0, 5, 60]), inProgressStatus: pick([409, 400]) }),
  ];
  let created = 0;
  while (created < ORDERS) {
    await fixture.put({ ...REQUEST, id: `o${created++}`, subject: { reference: 'Patient/ada' } });
    for (let n = 0; n < 3; n++) await pick(act)();
  }
  fixture.sandbox.state.faults = [];
  fixture.advance(25 * 3600);
  await fixture.drainAll();

  const orders = [...fixture.sandbox.state.orders.values()];
  const perRequest = await Promise.all(
    Array.from({ length: ORDERS }, async (_, index) => {
      const { key, state } = (await fixture.entry(`o${index}`))!;
      const mine = orders.filter((order) => order.passthrough === key);
      const request = await fixture.read('ServiceRequest', `o${index}`);
      const [task] = await fixture.tasks(`o${index}`);
      return { state, orders: mine.length, id: mine[0]?.id, request: request.identifier, task: [task!.status, task!.identifier] };
    }),
  );
  for (const { id, ...found } of perRequest) {
    const identifier = [{ system: SYSTEMS.order, value: id }];
    expect(found).toEqual({ state: 'done', orders: 1, request: identifier, task: ['received', identifier] });
  }
  expect(orders).toHaveLength(ORDERS);
  await fixture.close();
});
