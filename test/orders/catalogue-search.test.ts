// Requests that are written together share one search of the catalogue, with the results of a search for each.
import { randomFrom } from '../../scripts/orders/random.ts';
import type { Resource, ServedType } from '../../src/fhir/types.ts';
import type { Context } from '../../src/interactions/context.ts';
import { executeTransaction } from '../../src/interactions/transaction.ts';
import type { EntryOutcome, TransactionEntry } from '../../src/interactions/transaction-entry.ts';
import { createCatalogueSearch } from '../../src/orders/place/catalogue-search.ts';
import type { Coding } from '../../src/orders/place/codings.ts';
import { createStore } from '../../src/store/sql-store.ts';

import { type Counted, countStatements } from '../store/counted-database.ts';
import { coded, type DecisionFixture, entry, labTest, OTHER_TEST, openDecisionFixture, TEST } from './decision-fixture.ts';
import { openBeforeEach } from './open-before-each.ts';
import { ADA, REQUEST } from './order-fixture.ts';

const LOINC = 'http://loinc.org';

let fixture: DecisionFixture;
let counted: Counted;
/** The context with every statement counted. */
let context: Context;
openBeforeEach(
  (store) => openDecisionFixture(store),
  (opened, { database }) => {
    fixture = opened;
    counted = countStatements(database);
    context = { ...fixture.context, store: createStore(counted.database) };
  },
);
beforeEach(() => fixture.put(ADA));

const post = (index: number, resource: Resource): TransactionEntry => ({
  index,
  method: 'POST',
  type: resource.resourceType as ServedType,
  draft: { resource, exact: resource },
});
const request = (code: string, more: object = {}): Resource => ({ ...REQUEST, code: coded(code), ...more });
const run = (resources: Resource[]): Promise<Map<number, EntryOutcome>> =>
  executeTransaction(
    context,
    resources.map((resource, index) => post(index, resource)),
    async (_inside, done) => done,
  );
const addEntries = async (count: number, build: (at: number) => Resource): Promise<void> => {
  for (let at = 0; at < count; at++) await fixture.put(build(at));
};
/** The decision about each request of one transaction. */
const decideTogether = async (resources: Resource[]): Promise<string[]> => {
  const done = await run(resources);
  const decisions: string[] = [];
  for (const at of resources.keys()) decisions.push(await fixture.readDecision(done.get(at)!.row!.id));
  return decisions;
};

test('each request is decided by its own codes', async () => {
  await fixture.put(entry('one', [{ system: LOINC, code: '1-1' }, labTest(TEST)]));
  await fixture.put(entry('two', [{ system: LOINC, code: '2-2' }, labTest(OTHER_TEST)]));
  await fixture.put(entry('over', [{ system: LOINC, code: '3-3' }, labTest(TEST)], { effectivePeriod: { end: '2026-11-20' } }));
  const plan = request('1-1', { intent: 'plan' });
  const requests = ['1-1', '9-9', '2-2', '3-3', '1-1'].map((code) => request(code));
  const other = request('1-1', { code: coded('1-1', 'http://example.org/other') });
  expect(await decideTogether([...requests, plan, other])).toEqual([
    'requested',
    'rejected',
    'requested',
    'rejected',
    'requested',
    'stored',
    'rejected',
  ]);
});

test('requests with ten codes, and a request with three details, need no more statements than with fewer', async () => {
  await fixture.put(entry('details', [{ system: LOINC, code: '0-0' }, labTest(TEST)]));
  const count = (codes: number): Promise<number> =>
    counted.count(() => run(Array.from({ length: codes }, (_one, at) => request(`${at + 1}-1`))));
  const countOrder = (details: number): Promise<number> =>
    counted.count(() => run([request('0-0', { orderDetail: Array.from({ length: details }, () => coded('0-0')) })]));
  expect(await count(10)).toBe(await count(2));
  expect(await countOrder(3)).toBe(await countOrder(1));
});

test('an ambiguous code refuses the transaction at its entry, and other codes are not ambiguous', async () => {
  await fixture.put(entry('one', [{ system: LOINC, code: '1-1' }, labTest(TEST)]));
  await fixture.put(entry('two', [{ system: LOINC, code: '2-2' }, labTest(OTHER_TEST)]));
  await fixture.put(entry('three', [{ system: LOINC, code: '2-2' }, labTest(TEST)]));
  const issue = { text: expect.stringContaining('Test two'), expression: ['Bundle.entry[1].resource.code'] };
  await expect(run([request('1-1'), request('2-2'), request('2-2')])).rejects.toMatchObject({ kind: 'rule', issues: [issue] });
  expect(await decideTogether([request('1-1'), request('1-1')])).toEqual(['requested', 'requested']);
});

test('a code with too many entries is ambiguous, and others in the same transaction are not', async () => {
  await addEntries(51, (at) => entry(`e${at}`, [{ system: LOINC, code: '1-1' }, labTest(TEST)]));
  await addEntries(20, (at) => entry(`f${at}`, [{ system: LOINC, code: '2-2' }, labTest(TEST)]));
  const issue = { text: expect.stringContaining('more than 50 active entries'), expression: ['Bundle.entry[1].resource.code'] };
  await expect(run([request('2-2'), request('1-1')])).rejects.toMatchObject({ kind: 'rule', issues: [issue] });
  await fixture.put(entry('e0', [{ system: LOINC, code: '1-1' }, labTest(TEST)], { status: 'retired' }));
  expect(await decideTogether([request('2-2'), request('1-1')])).toEqual(['requested', 'requested']);
});

test('more entries than one search reads are searched for each request', async () => {
  const codes = ['1-1', '2-2', '3-3', '4-4', '5-5', '6-6', '7-7'];
  const requests = codes.map((code) => request(code));
  const addOther = (code: string, more = {}): Promise<void> =>
    fixture.put(entry(`other-${code}`, [{ system: LOINC, code }, labTest(OTHER_TEST)], more));
  const refusal = (at: number) => ({ kind: 'rule', issues: [{ expression: [`Bundle.entry[${at}].resource.code`] }] });
  await addOther('1-1');
  for (const code of codes) await addEntries(45, (at) => entry(`${code}-${at}`, [{ system: LOINC, code }, labTest(TEST)]));
  await expect(run(requests)).rejects.toMatchObject(refusal(0));
  await addOther('1-1', { status: 'retired' });
  expect(await decideTogether(requests)).toEqual(codes.map(() => 'requested'));
  await addOther('7-7');
  await expect(run(requests)).rejects.toMatchObject(refusal(6));
});

test('an entry of the same transaction is found, and an entry that it retires is not', async () => {
  await fixture.put(entry('old', [{ system: LOINC, code: '2-2' }, labTest(TEST)]));
  const retired = entry('old', [{ system: LOINC, code: '2-2' }, labTest(TEST)], { status: 'retired' });
  const added = entry('new', [{ system: LOINC, code: '1-1' }, labTest(TEST)]);
  const put = (index: number, resource: Resource): TransactionEntry => ({
    ...post(index, resource),
    method: 'PUT',
    id: resource.id!,
  });
  const entries = [post(0, request('1-1')), post(1, request('2-2')), put(2, added), put(3, retired)];
  const done = await executeTransaction(context, entries, async (_inside, outcomes) => outcomes);
  expect(await Promise.all([0, 1].map((at) => fixture.readDecision(done.get(at)!.row!.id)))).toEqual(['requested', 'rejected']);
});

test('a shared search finds what a search for each concept finds', async () => {
  const random = randomFrom(17);
  const pick = <T>(list: T[]): T => list[Math.floor(random() * list.length)]!;
  const systems = [LOINC, 'http://LOINC.org', 'http://a|b', 'http://a\\', 'http://a,b', ''];
  const codes = ['1-1', 'a', 'A', 'x|y', 'x\\|y', 'x,y', 'x$y', 'é', 'e\u0301', 'ß', 'SS', ''];
  const coding = (): Coding => (random() < 0.4 ? { system: LOINC, code: '1-1' } : { system: pick(systems), code: pick(codes) });
  const filled = ({ system, code }: Coding): object => ({ ...(system && { system }), ...(code && { code }), display: 'x' });
  const codings = (most: number): Coding[] => Array.from({ length: 1 + Math.floor(random() * most) }, coding);
  await addEntries(150, (at) => entry(`e${at}`, codings(3).map(filled), { status: pick(['active', 'active', 'draft']) }));
  const concepts = Array.from({ length: 40 }, () => codings(3));
  const shared = createCatalogueSearch(context, concepts.slice(0, 30).flat());
  const amounts = new Set<number>();
  for (const concept of concepts) {
    const alone = await createCatalogueSearch(context, [])(concept);
    expect(await shared(concept)).toEqual(alone);
    amounts.add(alone.entries.length);
  }
  // none, few, and more than are compared
  expect([amounts.has(0), amounts.size > 5, amounts.has(51)]).toEqual([true, true, true]);
});
