// Transactions with write hooks: an order in a Bundle uses the patient of the same Bundle, and both are stored or neither.
// https://hl7.org/fhir/R4/http.html#trules
import type { Resource, ServedType } from '../../src/fhir/types.ts';
import { executeTransaction } from '../../src/interactions/transaction.ts';
import type { TransactionEntry } from '../../src/interactions/transaction-entry.ts';
import { ADA, type OrderFixture, openOrderFixture, REQUEST } from '../orders/order-fixture.ts';
import { openTestStore, type TestStore } from '../store/open.ts';

let store: TestStore;
let fixture: OrderFixture;
beforeAll(async () => {
  store = await openTestStore();
  fixture = await openOrderFixture(store);
});
afterAll(async () => {
  await fixture.close();
  await store.close();
});

const post = (at: number, resource: Resource, fullUrl?: string): TransactionEntry => ({
  index: at,
  method: 'POST',
  type: resource.resourceType as ServedType,
  draft: { resource, exact: resource },
  ...(fullUrl && { fullUrl }),
});
const order = { ...REQUEST, subject: { reference: 'urn:x:ada' } };
const run = (...entries: TransactionEntry[]) => executeTransaction(fixture.context, entries, async (_inside, done) => done);
const outbox = async () => Number((await store.database.query<{ n: number }>('select count(*)::int as n from outbox'))[0]!.n);
const patients = async () => (await fixture.context.store.readHistory(fixture.tenant, { type: 'Patient', count: 100 })).length;

test('an order is accepted together with its patient, even if the patient is a later entry', async () => {
  const done = await run(post(0, order), post(1, ADA, 'urn:x:ada'));
  const entry = await fixture.entry(done.get(0)!.row!.id);
  expect(JSON.parse(JSON.parse(entry!.payload).text)).toMatchObject({ patient_details: { first_name: 'Ada' } });
  expect(await fixture.tasks(done.get(0)!.row!.id)).toEqual([
    expect.objectContaining({ for: { reference: `Patient/${done.get(1)!.row!.id}` } }),
  ]);
});

test('an order without data that the lab network needs fails the whole transaction: no patient, no order, no outbox entry', async () => {
  const before = [await patients(), await outbox()];
  const { birthDate: _none, ...nameless } = ADA;
  const refused = run(post(0, nameless as Resource, 'urn:x:ada'), post(1, order));
  const expression = ['Bundle.entry[1].resource.subject', 'Patient.birthDate'];
  await expect(refused).rejects.toMatchObject({ kind: 'rule', issues: [{ expression }] });
  expect([await patients(), await outbox()]).toEqual(before);
});

test('a failure in the reads after the writes rolls back everything', async () => {
  const before = [await patients(), await outbox()];
  const failing = executeTransaction(fixture.context, [post(0, ADA, 'urn:x:ada'), post(1, order)], async (inside) => {
    expect((await inside.store.readHistory(fixture.tenant, { type: 'Patient', count: 100 })).length).toBe(before[0]! + 1);
    throw new Error('the reads failed');
  });
  await expect(failing).rejects.toThrow('the reads failed');
  expect([await patients(), await outbox()]).toEqual(before);
});
