// Edge cases of a search: totals without rows, estimates, positions of other searches, and too many included resources.
import { hash } from '../../src/fhir/hash.ts';
import type { Query } from '../../src/fhir/search/query.ts';
import { onServer, openTestStore, type TestStore } from './open.ts';
import { createOf, indexOf } from './resource-changes.ts';

const TENANT = 1;
const LIKED = 2400;
const all: Query = { type: 'Patient', where: [], sort: [], count: 5, total: 'none', include: [] };
/** Token → who has it. */
const TOKENS: [string, (n: number) => boolean][] = [
  ['1', (n) => n % 2 === 1],
  ['2', (n) => n < 300],
  ['3', (n) => n < 301],
  ['4', (n) => n % 4 === 0],
  ['7', (n) => n % 1000 === 7],
  ['8', (n) => n % 1000 === 7],
];
let test: TestStore;
beforeAll(async () => {
  test = await openTestStore();
  const liked = Array.from({ length: LIKED }, (_one, n) =>
    createOf(`p${n}`, {
      index: indexOf({ self: hash(`Patient/p${n}`), tokens: TOKENS.flatMap(([token, has]) => (has(n) ? token : [])) }),
    }),
  );
  await test.store.write(TENANT, liked);
});
afterAll(() => test.close());

const search = (more: Partial<Query>) => test.store.search(TENANT, { ...all, ...more });

it('returns only a total when no rows are requested', async () => {
  expect(await search({ count: 0 })).toEqual({ rows: [], included: [], total: LIKED });
  expect(await search({ count: 0, total: 'accurate', where: [{ on: 'nothing' }] })).toEqual({ rows: [], included: [], total: 0 });
});

it('returns no total when none is requested', async () => {
  expect(await search({})).not.toHaveProperty('total');
});

it.each([
  ['2', 300],
  ['3', 301],
  ['1', LIKED / 2],
])('finds all matches of a value that the query marks as rare, however many there are: %s', async (value, count) => {
  const found: string[] = [];
  const where: Query['where'] = [{ on: 'token', any: [value], rare: true }];
  let page = await search({ where, count: 100, total: 'accurate' });
  expect(page.total).toBe(count);
  for (;;) {
    found.push(...page.rows.map(({ id }) => id));
    if (!page.next) break;
    page = await test.store.search(TENANT, { ...all, where, count: 100 }, { after: page.next });
  }
  const numbers = found.map((id) => Number(id.slice(1)));
  expect(numbers).toEqual(numbers.toSorted((a, b) => b - a));
  expect(new Set(numbers).size).toBe(count);
  expect((await test.store.search(TENANT, { ...all, where, count: 10 }, { offset: count - 1 })).rows).toHaveLength(1);
});

it('estimates a total: exact for few matches, otherwise at least the counted matches', async () => {
  const few = await search({ total: 'estimate', where: [{ on: 'token', any: ['4'] }] });
  expect(few.total).toBe(LIKED / 4);
  const many = await search({ total: 'estimate' });
  expect(many.total).toBeGreaterThanOrEqual(1000);
  expect(many.total).toBeLessThan(LIKED * 3);
});

it('returns the total when the offset is beyond the last page', async () => {
  const page = await test.store.search(TENANT, { ...all, total: 'accurate' }, { offset: LIKED + 10 });
  expect(page).toEqual({ rows: [], included: [], total: LIKED });
});

describe('a search for many codes', () => {
  const others = Array.from({ length: 300 }, (_one, n) => String(-1000 - n));
  const ids = async (any: string[], more: Partial<Query> = {}) =>
    (await search({ where: [{ on: 'token', any }], total: 'accurate', ...more })).rows.map(({ id }) => id);
  const RARE = ['p2007', 'p1007', 'p7'];

  it('finds each of few matches once, in the requested order', async () => {
    expect(await ids(others)).toEqual([]);
    expect(await ids([...others, '7', '8'])).toEqual(RARE);
    expect(await ids([...others, '7', '8'], { sort: [{ by: 'id', descending: false }] })).toEqual(['p1007', 'p2007', 'p7']);
    expect(
      await ids([...others, '8'], { otherTypes: [{ type: 'Organization', where: [{ on: 'token', any: [...others, '7'] }], sort: [] }] }),
    ).toEqual(RARE);
  });

  it('finds the matches of a frequent code page by page, in order', async () => {
    const where: Query['where'] = [{ on: 'token', any: ['7', ...others, '1'] }];
    const first = await search({ where, count: 3, total: 'accurate' });
    expect([first.total, first.rows.map(({ id }) => id)]).toEqual([LIKED / 2, ['p2399', 'p2397', 'p2395']]);
    const second = await test.store.search(TENANT, { ...all, where, count: 3 }, { after: first.next! });
    expect(second.rows.map(({ id }) => id)).toEqual(['p2393', 'p2391', 'p2389']);
    const deepPage = await test.store.search(TENANT, { ...all, where, count: 3 }, { offset: 600 });
    expect(deepPage.rows.map(({ id }) => id)).toEqual(['p1199', 'p1197', 'p1195']);
  });

  it('excludes the resources with one of the codes when it is negated', async () => {
    const where: Query['where'] = [{ on: 'not', condition: { on: 'token', any: [...others, '1'] } }];
    expect((await search({ where, count: 0, total: 'accurate' })).total).toBe(LIKED / 2);
    expect((await search({ where, count: 2 })).rows.map(({ id }) => id)).toEqual(['p2398', 'p2396']);
  });

  it('looks the codes up one by one, whatever frequency the planner expects', async () => {
    const { statements } = await test.store.explainSearch(TENANT, { ...all, where: [{ on: 'token', any: others }] });
    expect(statements[0]!.plan.join('\n')).toMatch(/Bitmap Index Scan on sx_tok(_\d+)? [^\n]*loops=300/);
    expect(statements[0]!.plan.join('\n')).toMatch(/>= 1000\)[\s\S]*\(never executed\)/);
  });
});

it('refuses (400) a position that belongs to another sort order', async () => {
  const { next } = await search({});
  const sort: Query['sort'] = [
    { by: 'id', descending: false },
    { by: 'lastUpdated', descending: false },
  ];
  await expect(test.store.search(TENANT, { ...all, sort }, { after: next! })).rejects.toMatchObject({ kind: 'invalid' });
});

it('follows :iterate over sixteen references, and reports that more exist', async () => {
  const chain = Array.from({ length: 20 }, (_one, n) =>
    createOf(`o${n}`, {
      type: 'Organization',
      index: indexOf({ self: hash(`Organization/o${n}`), references: [{ parameter: 9, target: hash(`Organization/o${n + 1}`) }] }),
    }),
  );
  await test.store.write(TENANT, chain);
  const include: Query['include'] = [
    { direction: 'include', from: ['Organization'], types: ['Organization'], parameters: [9], iterate: true },
  ];
  const from = (id: string) => search({ type: 'Organization', where: [{ on: 'id', any: [id] }], include });
  const far = await from('o0');
  expect(far.included.map(({ id }) => id)).toEqual(Array.from({ length: 16 }, (_one, n) => `o${n + 1}`));
  expect(far.isTruncated).toBe(true);
  const near = await from('o3');
  expect(near.included).toHaveLength(16);
  expect(near.isTruncated).toBeUndefined();
});

onServer('refuses what would bring in more than 10,000 resources', async () => {
  const referring = Array.from({ length: 10_001 }, (_one, n) =>
    createOf(`s${n}`, {
      type: 'ServiceRequest',
      index: indexOf({ self: String(10_000 + n), references: [{ parameter: 4, target: hash('Patient/p0') }] }),
    }),
  );
  await test.store.write(TENANT, referring);
  const where: Query['where'] = [{ on: 'id', any: ['nobody'] }];
  const include: Query['include'] = [
    { direction: 'revinclude', from: ['Patient'], types: ['ServiceRequest'], parameters: [4], iterate: false },
  ];
  await expect(search({ include, sort: [{ by: 'id', descending: false }], count: 1 })).rejects.toMatchObject({ kind: 'too-long' });
  expect((await search({ include, where })).included).toEqual([]);
});
