// The limit of concurrent requests of an account is exact for all processes together. Numbers are rows of docs/failure-matrix.md.
import type { Resource } from '../../../src/fhir/types.ts';
import { sendNow } from '../../../src/orders/deliver/attempt-delivery.ts';
import { claimDueEntries, claimEntry } from '../../../src/orders/deliver/claim.ts';
import { createDeliveryLease, type OrderSender } from '../../../src/orders/deliver/order-sender.ts';
import { ORDER_TOPIC } from '../../../src/orders/place/order-entry.ts';
import { openDatabase } from '../../../src/store/database/open-database.ts';
import type { OutboxEntry } from '../../../src/store/queues/outbox-entry.ts';
import { createStore } from '../../../src/store/sql-store.ts';
import { until } from '../../until.ts';
import { openBeforeEach } from '../open-before-each.ts';
import { ADA, CONCURRENCY, type OrderFixture, openOrderFixture, REQUEST } from '../order-fixture.ts';

let fixture: OrderFixture;
let processes: OrderSender[];
let close: () => Promise<void>;
openBeforeEach(
  async (store) => {
    const opened = await openOrderFixture(store);
    const second = store.url === undefined ? store.database : await openDatabase({ url: store.url });
    processes = [store.store, createStore(second)].map((own) => ({ ...opened.createSender(), store: own }));
    close = async () => (second === store.database ? undefined : second.close());
    return opened;
  },
  (opened) => {
    fixture = opened;
  },
);
beforeEach(() => fixture.put(ADA));
afterEach(() => close());

const order = async (count: number): Promise<string[]> => {
  const ids = Array.from({ length: count }, (_, index) => `o${index}`);
  for (const id of ids) await fixture.put({ ...REQUEST, id } as Resource);
  return ids;
};
const due = (limit = CONCURRENCY) => ({ limit, topics: [ORDER_TOPIC] });
const claim = async (sender: OrderSender, limit?: number): Promise<OutboxEntry[]> =>
  (await claimDueEntries(sender, createDeliveryLease(sender), due(limit))).entries;

test('49: two processes that claim at the same time have together as many entries as the account allows', async () => {
  await order(20);
  for (let round = 0; round < 4; round++) {
    const claims = await Promise.all([0, 1, 0, 1, 0, 1].map((index) => claim(processes[index]!, 3)));
    const claimed = claims.flat();
    expect(claimed).toHaveLength(CONCURRENCY);
    expect(new Set(claimed.map(({ id }) => id)).size).toBe(CONCURRENCY);
    expect((await Promise.all(processes.map((sender) => claim(sender)))).flat()).toEqual([]);
    for (const leased of claimed)
      await processes[0]!.store.outbox.recordOutcome(leased, leased.leaseBy!, { state: 'done', at: fixture.sender.clock().toISOString() });
  }
});

test('6: the slots of a process that died are free when its leases have ended', async () => {
  await order(8);
  expect(await claim(processes[0]!)).toHaveLength(CONCURRENCY);
  fixture.advance(19);
  expect(await claim(processes[1]!)).toHaveLength(0);
  fixture.advance(1);
  expect(await claim(processes[1]!)).toHaveLength(CONCURRENCY);
});

test('49: a caller without a free slot moves its order to the front, and any process sends it next', async () => {
  const ids = await order(10);
  const [busy, other] = processes;
  const held = await claim(busy!);
  const mine = (await fixture.entry(ids[9]!))!;
  expect(await claimEntry(other!, createDeliveryLease(other!), mine)).toBe('full');
  const answer = sendNow({ ...other!, attemptMs: 20_000 }, fixture.context, ids[9]!);
  await until(async () => (await fixture.entry(ids[9]!))!.nextAt < '1971');
  const [first] = held;
  await busy!.store.outbox.recordOutcome(first!, first!.leaseBy!, { state: 'refused', at: fixture.sender.clock().toISOString() });
  expect(await answer).toEqual({ result: 'accepted' });
  expect(fixture.countOrders()).toBe(1);
});

test('49: an entry whose request has ended has no slot of its process, although its outcome is not stored yet; for the other processes it is leased', async () => {
  await order(3 * CONCURRENCY);
  const [own, other] = processes;
  const slots = own!.gate.take(CONCURRENCY);
  const held = await claim(own!);
  expect([slots, held].map(({ length }) => length)).toEqual([CONCURRENCY, CONCURRENCY]);
  slots[0]!.endRequest({ entry: held[0]!, by: held[0]!.leaseBy! });
  expect(own!.gate.take(CONCURRENCY)).toHaveLength(1);
  expect(await claim(other!)).toEqual([]);
  expect(await claim(own!)).toHaveLength(1);
  expect(await claim(own!)).toEqual([]);
  await own!.store.outbox.recordOutcome(held[0]!, held[0]!.leaseBy!, { state: 'done', at: fixture.sender.clock().toISOString() });
  expect(await claim(own!)).toEqual([]);
  slots[0]!.leave();
  expect(own!.gate.listEnded()).toEqual([]);
  expect(await claim(other!)).toEqual([]);
});

test('49: an entry whose request has ended here, but whose lease another process has taken since, counts', async () => {
  await order(2 * CONCURRENCY);
  const [own, other] = processes;
  const [slot] = own!.gate.take(1);
  const [first] = await claim(own!, 1);
  slot!.endRequest({ entry: first!, by: first!.leaseBy! });
  fixture.advance(60);
  expect(await claimEntry(other!, createDeliveryLease(other!), first!)).toMatchObject({ id: first!.id });
  expect(await claim(other!)).toHaveLength(CONCURRENCY - 1);
  expect(await claim(own!)).toEqual([]);
});

test('49: while as many outcomes as requests wait to be stored, the gate admits nothing', () => {
  const { gate } = fixture.createSender();
  const slots = gate.take(CONCURRENCY);
  for (const [index, slot] of slots.entries()) slot.endRequest({ entry: { id: String(index) } as OutboxEntry, by: 'own' });
  expect(gate.take(1)).toEqual([]);
  slots[0]!.leave();
  expect(gate.take(CONCURRENCY)).toHaveLength(CONCURRENCY);
});

test('a worker of another account, and one that names no account, cannot lease the entry of an account', async () => {
  const { outbox } = fixture.sender.store;
  const at = fixture.sender.clock().toISOString();
  const entry = await outbox.add({ tenant: 1, account: 7, topic: ORDER_TOPIC, subject: 'ServiceRequest/x', key: 'k', payload: '{}', at });
  const leaseBy = (by: string) => outbox.claimOne(1, entry.id, { by, at, until: '2027-01-01T00:00:00.000Z' });
  await expect(leaseBy('a former release')).rejects.toThrow('23514');
  await expect(leaseBy('71:other')).rejects.toThrow('23514');
  expect(await leaseBy('7:own')).toMatchObject({ account: 7, leaseBy: '7:own' });
});
