// Transactions with write hooks: an order in a Bundle uses the patient of the same Bundle, and both are stored or neither.
// https://hl7.org/fhir/R4/http.html#trules
import type { Resource, ServedType } from '../../src/fhir/types.ts';
import { executeTransaction } from '../../src/interactions/transaction.ts';
import type { TransactionEntry } from '../../src/interactions/transaction-entry.ts';
import { createStore } from '../../src/store/sql-store.ts';
import { ADA, type OrderFixture, openOrderFixture, PANEL_SYSTEM, REQUEST } from '../orders/order-fixture.ts';
import { countStatements } from '../store/counted-database.ts';
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

describe('several requests of one transaction', () => {
  const unknownTest = { ...order, code: { coding: [{ system: 'http://loinc.org', code: '99999-9' }] } };
  const tasksOf = async (request: string): Promise<Resource[]> =>
    (await fixture.context.store.readHistory(fixture.tenant, { type: 'Task', count: 1000 }))
      .map(({ body }) => JSON.parse(body!))
      .filter(({ focus }) => focus.reference === `ServiceRequest/${request}`);
  const taskStatuses = async (request: string) => (await tasksOf(request)).map(({ status }) => status);

  test('each is ordered or rejected as if it were alone, with one Task and its own warning', async () => {
    const done = await run(post(0, ADA, 'urn:x:ada'), post(1, order), post(2, unknownTest), post(3, order), post(4, unknownTest));
    const ids = [1, 2, 3, 4].map((at) => done.get(at)!.row!.id);
    expect(await Promise.all(ids.map(async (id) => (await fixture.entry(id)) !== undefined))).toEqual([true, false, true, false]);
    expect(await Promise.all(ids.map(taskStatuses))).toEqual([['requested'], ['rejected'], ['requested'], ['rejected']]);
    const { task } = JSON.parse((await fixture.entry(ids[0]!))!.payload);
    expect(await tasksOf(ids[0]!)).toEqual([expect.objectContaining({ id: task })]);
    expect([1, 2, 3, 4].map((at) => (done.get(at)!.warnings ?? []).some(({ text }) => text.includes('has no test')))).toEqual([
      false,
      true,
      false,
      true,
    ]);
  });

  test('an error names its entry, and nothing is stored', async () => {
    const before = [await patients(), await outbox()];
    const ambiguous = { ...order, code: { coding: [{ system: PANEL_SYSTEM, code: 'no-such-panel' }] } };
    const refused = run(post(0, ADA, 'urn:x:ada'), post(1, order), post(2, unknownTest), post(3, ambiguous));
    await expect(refused).rejects.toMatchObject({ issues: [{ expression: ['Bundle.entry[3].resource.code'] }] });
    expect([await patients(), await outbox()]).toEqual(before);
  });

  test.each([['base first'], ['base last']])('a request that is based on another of them finds it stored: %s', async (which) => {
    const base = post(0, { ...order, status: 'completed' }, 'urn:x:base');
    const dependent = post(1, { ...order, intent: 'instance-order', basedOn: [{ reference: 'urn:x:base' }] });
    const both = which === 'base first' ? [base, dependent] : [dependent, base];
    const done = await run(post(2, ADA, 'urn:x:ada'), ...both);
    expect(await fixture.entry(done.get(1)!.row!.id)).toBeDefined();
    expect(await taskStatuses(done.get(1)!.row!.id)).toEqual(['requested']);
  });

  test('ten need no more statements than two', async () => {
    const counted = countStatements(store.database);
    const context = { ...fixture.context, store: createStore(counted.database) };
    const count = (requests: number): Promise<number> => {
      const entries = Array.from({ length: requests }, (_one, at) => post(at + 1, { ...unknownTest, code: { text: 'by hand' } }));
      return counted.count(() => executeTransaction(context, [post(0, ADA, 'urn:x:ada'), ...entries], async (_inside, done) => done));
    };
    expect(await count(10)).toBe(await count(2));
  });
});
