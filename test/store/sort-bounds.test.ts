// A search that is sorted by the parameter of its conditions reads its page, and not all of its matches.
import { buildIndexRows } from '../../src/fhir/indexing/resource-rows.ts';
import { buildRegistry } from '../../src/fhir/search/registry.ts';
import { parseSearch } from '../../src/fhir/search/request.ts';
import type { Resource, ServedType } from '../../src/fhir/types.ts';
import type { Position } from '../../src/store/search/page.ts';
import { openTestStore, type TestStore } from './open.ts';

const BASE = 'https://fhir.example.org/fhir/R4';
const registry = buildRegistry([]);
const DAY = 86_400_000;
/** Of each type; at least half of them match each search. One resource in fifty has a range that is long, or several values. */
const COUNT = 1500;
const PAGE = 10;

const day = (n: number): string => new Date(Date.UTC(1960, 0, 1) + n * 10 * DAY).toISOString().slice(0, 10);
const NAMES = ['Abel', 'Baker', 'Sands', 'Smith', 'Stone', 'Young'];

const patient = (n: number): Resource => ({
  resourceType: 'Patient',
  id: `p${n}`,
  birthDate: n % 50 ? day(n) : day(n).slice(0, 4),
  name: [{ family: `${NAMES[n % 6]}${n}` }, ...(n % 50 ? [] : [{ family: 'Sole' }])],
});

const observation = (n: number): Resource => ({
  resourceType: 'Observation',
  id: `o${n}`,
  status: 'final',
  code: { text: 'x' },
  valueQuantity: { value: n, system: 'http://unitsofmeasure.org', code: 'mg/dL', ...(n % 50 === 0 && { comparator: '<' }) },
});

let test: TestStore;
beforeAll(async () => {
  test = await openTestStore();
  for (const make of [patient, observation]) {
    const changes = Array.from({ length: COUNT }, (_one, n) => {
      const resource = make(n);
      return {
        type: resource.resourceType as ServedType,
        id: resource.id!,
        version: 1,
        lastUpdated: new Date(Date.UTC(2026, 0, 1, 0, 0, n)).toISOString(),
        method: 'POST' as const,
        actor: 'key',
        body: '{}',
        index: buildIndexRows(resource, registry, [], BASE),
      };
    });
    for (let from = 0; from < COUNT; from += 500) await test.store.write(1, changes.slice(from, from + 500));
  }
  await test.database.script('analyze');
});
afterAll(() => test.close());

/** How many pages of the database the statements of the first page and of the second look at. */
async function read(url: string): Promise<number[]> {
  const [type, search] = url.split('?') as [ServedType, string];
  const parameters = search.split('&').map((parameter) => parameter.split('=') as [string, string]);
  const { query } = parseSearch(type, parameters, { registry, baseUrl: BASE, handling: 'strict' });
  const pageQuery = { ...query, anyOrder: true as const, count: PAGE, total: 'none' as const };
  const first = await test.store.explainSearch(1, pageQuery);
  const second = await test.store.explainSearch(1, pageQuery, { after: first.page.next! });
  expect([first, second].map(({ page }) => page.rows.length)).toEqual([PAGE, PAGE]);
  return [first, second].map(({ statements }) => statements.reduce((sum, { plan }) => sum + buffersOf(plan), 0));
}

/** Of the whole plan: its first line has the sum. */
function buffersOf(plan: string[]): number {
  const [, hit = 0, read = 0] = /Buffers: shared(?: hit=(\d+))?(?: read=(\d+))?/.exec(
    plan.find((line) => line.includes('Buffers: shared'))!,
  )!;
  return Number(hit) + Number(read);
}

const MGDL = '|http://unitsofmeasure.org|mg/dL';

it.each([
  ['Patient?birthdate=ge1965-01-01&birthdate=lt1995-01-01&_sort=birthdate', 250],
  ['Patient?birthdate=ge1965-01-01&birthdate=lt1995-01-01&_sort=-birthdate', 250],
  ['Patient?birthdate=ge1965-01-01&birthdate=lt1995-01-01&_sort=birthdate,family', 250],
  ['Patient?birthdate=ge1965-01-01&_sort=birthdate', 250],
  ['Patient?birthdate=ge1965-01-01&birthdate=lt1995-01-01', 250],
  ['Patient?birthdate=ge1965-01-01', 250],
  ['Patient?birthdate=lt1995-01-01&_sort=-birthdate', 250],
  [`Observation?value-quantity=gt200${MGDL}&value-quantity=lt1400${MGDL}&_sort=value-quantity`, 250],
  [`Observation?value-quantity=gt200${MGDL}&value-quantity=lt1400${MGDL}&_sort=-value-quantity`, 250],
  // and each who has several names
  ['Patient?family=S&_sort=family', 1000],
  ['Patient?family=S&_sort=-family', 1000],
])('%s reads its page and not all of its matches, on the first page and on the next', async (url, max) => {
  for (const pages of await read(url)) expect(pages).toBeLessThan(max);
});

it.each(['family', '-family'])('finds each resource once, also one with another name out of bounds: _sort=%s', async (sort) => {
  const descending = sort.startsWith('-');
  const matches = Array.from({ length: COUNT }, (_one, n) => {
    const names = (patient(n).name as { family: string }[]).map(({ family }) => family.toLowerCase()).sort();
    return { id: `p${n}`, found: names.some((name) => name.startsWith('s')), key: names.at(descending ? -1 : 0)!, n };
  }).filter(({ found }) => found);
  const order = matches.sort((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key)) || a.n - b.n);
  const expected = (descending ? order.reverse() : order).map(({ id }) => id);
  const { query } = parseSearch('Patient', Object.entries({ family: 'S', _sort: sort }), { registry, baseUrl: BASE, handling: 'strict' });
  const ids: string[] = [];
  let after: Position | undefined;
  do {
    const page = await test.store.search(1, { ...query, count: 200, total: 'none' }, after && { after });
    ids.push(...page.rows.map(({ id }) => id));
    after = page.next;
  } while (after && ids.length <= COUNT);
  expect(ids).toEqual(expected);
});

describe('a search that may have any order', () => {
  const search = async (text: string, more: { anyOrder?: true; after?: Position } = { anyOrder: true }) => {
    const parameters = text.split('&').map((parameter) => parameter.split('=') as [string, string]);
    const { query } = parseSearch('Patient', parameters, { registry, baseUrl: BASE, handling: 'strict' });
    const { after, ...rest } = more;
    const { rows, next } = await test.store.search(1, { ...query, ...rest, count: PAGE }, after && { after });
    return { ids: rows.map(({ id }) => id), next: next! };
  };
  const latest = 'birthdate=ge1980-01-01&birthdate=lt1990-01-01';

  it('is in the order of the date if a period is its only condition, on every page', async () => {
    const [first, sorted] = [await search(latest), await search(`${latest}&_sort=birthdate`)];
    expect(first.ids).toEqual(sorted.ids);
    expect((await search(latest, { anyOrder: true, after: first.next })).ids).toEqual(
      (await search(`${latest}&_sort=birthdate`, { after: sorted.next })).ids,
    );
  });

  it.each([['birthdate=1961,1990'], ['birthdate=ne1985'], [`${latest}&name=s`], ['birthdate:missing=false']])(
    'is otherwise in the order of storing: %s',
    async (text) => {
      expect((await search(text)).ids).toEqual((await search(text, {})).ids);
    },
  );

  it('continues in the order of storing from a page that began in it', async () => {
    const { next } = await search(latest, {});
    expect(next).toHaveLength(1);
    expect((await search(latest, { anyOrder: true, after: next })).ids).toEqual((await search(latest, { after: next })).ids);
  });
});
