// A search for the beginning of a text finds the newest matches in the index of texts, however many resources have the text.
import { buildIndexRows } from '../../src/fhir/indexing/resource-rows.ts';
import { buildRegistry } from '../../src/fhir/search/registry.ts';
import { parseSearch } from '../../src/fhir/search/request.ts';
import type { Resource } from '../../src/fhir/types.ts';
import type { Position } from '../../src/store/search/page.ts';
import { openTestStore, type TestStore } from './open.ts';

const BASE = 'https://fhir.example.org/fhir/R4';
const registry = buildRegistry([]);
const COUNT = 1500;
const PAGE = 20;

/** 375 Lovelaces, one in five of them with a second name that is indexed as the same text; 1,125 others, each with a name of its own; and half with the town Lowell. */
const patient = (n: number): Resource => ({
  resourceType: 'Patient',
  id: `p${n}`,
  name: n % 4 ? [{ family: `Other${n}` }] : [{ family: 'Lovelace', given: ['Ada'] }, ...(n % 20 ? [] : [{ family: 'LOVELACE' }])],
  address: [{ city: n % 2 ? 'Lowell' : 'Derby' }],
});
const isLovelace = (n: number): boolean => n % 4 === 0;

let test: TestStore;
beforeAll(async () => {
  test = await openTestStore();
  const changes = Array.from({ length: COUNT }, (_one, n) => ({
    type: 'Patient' as const,
    id: `p${n}`,
    version: 1,
    lastUpdated: new Date(Date.UTC(2026, 0, 1, 0, 0, n)).toISOString(),
    method: 'POST' as const,
    actor: 'key',
    body: '{}',
    index: buildIndexRows(patient(n), registry, [], BASE),
  }));
  // one after the other, so that the order of storing is that of the numbers
  for (let from = 0; from < COUNT; from += 500) await test.store.write(1, changes.slice(from, from + 500));
  await test.database.script('analyze');
});
afterAll(() => test.close());

function parse(search: string) {
  const parameters = search.split('&').map((parameter) => parameter.split('=') as [string, string]);
  const { query } = parseSearch('Patient', parameters, { registry, baseUrl: BASE, handling: 'strict' });
  return { ...query, anyOrder: true as const, count: PAGE, total: 'none' as const };
}

/** The ids of all pages, and the most statements that a page needed. */
async function readAll(search: string): Promise<{ ids: string[]; statements: number }> {
  const ids: string[] = [];
  let statements = 0;
  for (let after: Position | undefined; ; ) {
    const explained = await test.store.explainSearch(1, parse(search), after && { after });
    ids.push(...explained.page.rows.map(({ id }) => id));
    statements = Math.max(statements, explained.statements.length);
    if (!explained.page.next) return { ids, statements };
    after = explained.page.next;
  }
}

/** The ids of the patients for which this holds, newest first. */
const listIds = (holds: (n: number) => boolean): string[] =>
  Array.from({ length: COUNT }, (_one, n) => n)
    .filter(holds)
    .reverse()
    .map((n) => `p${n}`);

it.each<[string, (n: number) => boolean]>([
  ['family=Lovelace', isLovelace],
  ['family=love', isLovelace],
  // in the rows of the families, given names and towns
  ['name=love', isLovelace],
  ['given=ad', isLovelace],
  ['address=low', (n) => n % 2 === 1],
  ['family=other12', (n) => !isLovelace(n) && `${n}`.startsWith('12')],
  ['family=nobody', () => false],
])('%s: one statement for a page, and every match once, newest first', async (search, holds) => {
  expect(await readAll(search)).toEqual({ ids: listIds(holds), statements: 1 });
});

it('the beginning of more than a hundred texts is searched in another way, with the same matches', async () => {
  const { ids, statements } = await readAll('family=other');
  expect(ids).toEqual(listIds((n) => !isLovelace(n)));
  expect(statements).toBeGreaterThan(1);
});

it.each(['family=Lovelace', 'name=Lovelace'])('%s: a page reads little more than its rows', async (search) => {
  const { statements } = await test.store.explainSearch(1, parse(search));
  const scanned = statements.flatMap(({ plan }) => plan).map((line) => Number(/actual .*rows=(\d+)/.exec(line)?.[1] ?? 0));
  expect(Math.max(...scanned)).toBeLessThan(3 * PAGE);
});

it('at an offset', async () => {
  const { rows } = await test.store.search(1, parse('family=Lovelace'), { offset: 30 });
  expect(rows.map(({ id }) => id)).toEqual(listIds(isLovelace).slice(30, 30 + PAGE));
});
