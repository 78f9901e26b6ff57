// Orders that end together are stored together, and none of them depends on another. Numbers are rows of docs/failure-matrix.md.
import type { Resource, ServedType } from '../../src/fhir/types.ts';
import { buildLockingGuard } from '../../src/interactions/reference-integrity.ts';
import { drainOutbox } from '../../src/orders/deliver/delivery-worker.ts';
import type { OrderSender } from '../../src/orders/deliver/order-sender.ts';
import { sendOrder } from '../../src/orders/deliver/send-order.ts';
import { ORDER_TOPIC } from '../../src/orders/place/order-entry.ts';
import { createStore } from '../../src/store/sql-store.ts';
import { onServer, type TestStore } from '../store/open.ts';
import { storeExcept } from '../store/store-except.ts';
import { until } from '../until.ts';
import { openBeforeEach } from './open-before-each.ts';
import { ADA, CONCURRENCY, type OrderFixture, openOrderFixture, REQUEST } from './order-fixture.ts';

let fixture: OrderFixture;
let store: TestStore;
openBeforeEach(openOrderFixture, (opened, of) => {
  fixture = opened;
  store = of;
});
beforeEach(() => fixture.put(ADA));

const order = async (length = CONCURRENCY): Promise<string[]> => {
  const ids = Array.from({ length }, (_, index) => `o${index}`);
  for (const id of ids) await fixture.put({ ...REQUEST, id } as Resource);
  return ids;
};
const states = (ids: string[]) => Promise.all(ids.map(async (id) => (await fixture.entry(id))!.state));
const drain = (sender: OrderSender) =>
  drainOutbox({ sender, handlers: { [ORDER_TOPIC]: (own, delivery) => sendOrder(own, delivery, 5000) } });

test('orders that are sent at the same time are read by one statement, and marked by one', async () => {
  const sender = fixture.createSender();
  await fixture.put({ ...REQUEST, id: 'earlier' } as Resource);
  await drain(sender);
  const ids = await order();
  const calls: string[] = [];
  const { outbox } = sender.store;
  const counted = storeExcept(sender.store, {
    readMany: (tenant, names) => {
      calls.push(`read ${names.length}`);
      return sender.store.readMany(tenant, names);
    },
    outbox: {
      ...outbox,
      recordOutcomes: (tenant, outcomes) => {
        calls.push(`mark ${outcomes.length}`);
        return outbox.recordOutcomes(tenant, outcomes);
      },
    },
  });
  await drain({ ...sender, store: counted });
  expect(calls).toEqual([`read ${2 * CONCURRENCY}`, `mark ${CONCURRENCY}`]);
  expect(await states(ids)).toEqual(ids.map(() => 'done'));
  for (const id of ids) {
    expect((await fixture.tasks(id))[0]).toMatchObject({ status: 'received' });
    expect(fixture.countOrders((await fixture.entry(id))!.key)).toBe(1);
  }
});

test('56: an outcome that cannot be stored is unknown, and those that arrived with it are stored', async () => {
  const ids = await order();
  const sender = fixture.createSender();
  const { key } = (await fixture.entry(ids[1]!))!;
  const createOrder: OrderSender['client']['createOrder'] = async (request, signal) => {
    const outcome = await fixture.client.createOrder(request, signal);
    if (outcome.kind !== 'accepted' || outcome.value.passthrough !== key) return outcome;
    const { transactionId: _, ...value } = outcome.value;
    const broken = Object.defineProperty(value, 'transactionId', {
      get: () => {
        throw new Error('cannot be stored');
      },
    });
    return { kind: 'accepted', value: broken as never };
  };
  await drain({ ...sender, client: { ...sender.client, createOrder } });
  expect(await states(ids)).toEqual(ids.map((_, index) => (index === 1 ? 'unknown' : 'done')));
  await fixture.drainAll();
  expect(await states(ids)).toEqual(ids.map(() => 'done'));
  expect(fixture.countOrders(key)).toBe(1);
});

/** Locks a resource until the returned function is called. */
async function hold(type: ServedType, id: string): Promise<() => void> {
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const { promise: isLocked, resolve: locked } = Promise.withResolvers<void>();
  void store.store.transaction(async (inside) => {
    await inside.readForUpdate(fixture.tenant, [{ type, id }]);
    locked();
    await released;
  });
  await isLocked;
  return release;
}

onServer('57: a request that another transaction has locked delays only its own order (PostgreSQL only)', async () => {
  const ids = await order();
  const release = await hold('ServiceRequest', ids[0]!);
  const drained = drain(fixture.createSender());
  try {
    await until(async () => (await states(ids.slice(1))).every((state) => state === 'done'));
    expect(await states(ids.slice(0, 1))).toEqual(['sending']);
  } finally {
    release();
  }
  await drained;
  expect(await states(ids)).toEqual(ids.map(() => 'done'));
  expect(fixture.countOrders()).toBe(CONCURRENCY);
});

// the embedded engine has one connection, so that no transaction holds a lock beside another
onServer(
  '57: with FACET_REFERENCES=strict, a patient that another transaction has locked delays only the orders of that patient (PostgreSQL only)',
  async () => {
    const ids = await order(CONCURRENCY - 1);
    await fixture.put({ ...ADA, id: 'held' } as Resource);
    await fixture.put({ ...REQUEST, id: 'of-held', subject: { reference: 'Patient/held' } } as Resource);
    const release = await hold('Patient', 'held');
    const strict = createStore(store.database, buildLockingGuard({ baseUrl: fixture.context.baseUrl }));
    const began = performance.now();
    const drained = drain({ ...fixture.createSender(), store: strict });
    try {
      await until(async () => (await states(ids)).every((state) => state === 'done'));
      // the time limit of statements, 30 s, would end the wait too
      expect(performance.now() - began).toBeLessThan(15_000);
      expect(await states(['of-held'])).toEqual(['sending']);
    } finally {
      release();
    }
    await drained;
    expect(await states(['of-held'])).toEqual(['done']);
    expect(fixture.countOrders()).toBe(CONCURRENCY);
  },
);
