// Compares the search with a brute-force filter: the same matches in the same order, and each once on the pages.

import { buildIndexRows } from '../../src/fhir/indexing/resource-rows.ts';
import { isTestable, matchesResource } from '../../src/fhir/search/match-resource.ts';
import type { Condition, Query, SortKey } from '../../src/fhir/search/query.ts';
import { buildRegistry } from '../../src/fhir/search/registry.ts';
import { SERVED_TYPES, type ServedType } from '../../src/fhir/types.ts';
import { restrictStore } from '../../src/store/restricted-store.ts';
import type { Position, ResultPage } from '../../src/store/search/page.ts';
import fc from '../fast-check.ts';
import { found, included, type Stored } from '../fhir/matches.ts';
import { randomResource } from '../fhir/random-resource.ts';
import { openTestStore, type TestStore } from './open.ts';
import { boundedQuery, changeOf, query, world } from './random-search-data.ts';

/** As long as many runs take. */
const LONG = 3_600_000;

let test: TestStore;
let tenant = 0;
beforeAll(async () => {
  test = await openTestStore();
});
afterAll(() => test.close());

/** Puts the resources into a tenant of their own, in their order. */
async function settle(corpus: Stored[]): Promise<number> {
  tenant += 1;
  for (const stored of corpus) await test.store.write(tenant, [changeOf(stored)]);
  return tenant;
}

async function pagesOf(owner: number, query: Query): Promise<ResultPage[]> {
  const pages: ResultPage[] = [];
  let after: Position | undefined;
  do {
    const page: ResultPage = await test.store.searchVersions(owner, query, after && { after });
    pages.push(page);
    after = page.next;
  } while (after && pages.length < 50);
  return pages;
}

const idsIn = (rows: { id: string }[]): string[] => rows.map((row) => row.id);
const ids = (page: ResultPage): string[] => idsIn(page.rows);

it('finds what a brute-force filter finds, in its order; the pages together are the whole, once', async () => {
  await fc.assert(
    fc.asyncProperty(world, fc.array(query, { minLength: 8, maxLength: 8 }), async (corpus, queries) => {
      const owner = await settle(corpus);
      for (const query of queries) {
        const pages = await pagesOf(owner, query);
        const expected = found(query, corpus);
        expect(pages.flatMap(ids)).toEqual(idsIn(expected));
        expect(pages.map((page) => page.total)).toEqual(pages.map(() => expected.length));
        for (const [at, page] of pages.entries()) {
          const matches = expected.slice(at * query.count, (at + 1) * query.count);
          expect(idsIn(page.included)).toEqual(idsIn(included(query.include, matches, corpus)));
        }
      }
    }),
    { numRuns: 40 },
  );
});

it(
  'finds the same on all pages and from any offset when the search is sorted by the parameter of its conditions',
  async () => {
    const asking = fc.array(fc.tuple(boundedQuery, fc.nat(6)), { minLength: 20, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(world, asking, async (corpus, queries) => {
        const owner = await settle(corpus);
        for (const [query, offset] of queries) {
          const expected = idsIn(found(query, corpus));
          expect((await pagesOf(owner, query)).flatMap(ids)).toEqual(expected);
          expect(ids(await test.store.searchVersions(owner, query, { offset }))).toEqual(expected.slice(offset, offset + query.count));
        }
      }),
      { numRuns: Number(process.env.FACET_TEST_RUNS ?? 12) },
    );
  },
  LONG,
);

it('starts at an offset as if the earlier pages had been read', async () => {
  await fc.assert(
    fc.asyncProperty(world, fc.array(fc.tuple(query, fc.nat(6)), { minLength: 8, maxLength: 8 }), async (corpus, starts) => {
      const owner = await settle(corpus);
      for (const [query, offset] of starts) {
        const page = await test.store.searchVersions(owner, query, { offset });
        const expected = idsIn(found(query, corpus));
        expect(ids(page)).toEqual(expected.slice(offset, offset + query.count));
        expect(page.total).toBe(expected.length);
      }
    }),
    { numRuns: 20 },
  );
});

it('starts at an offset of a sorted list of everything as if the earlier pages had been read', async () => {
  const ordered = (key: SortKey): boolean => ['string', 'date', 'number', 'quantity'].includes(key.by);
  const everything = query.map((query): Query => ({ ...query, where: [], otherTypes: [], include: [], sort: query.sort.filter(ordered) }));
  await fc.assert(
    fc.asyncProperty(world, fc.array(fc.tuple(everything, fc.nat(8)), { minLength: 16, maxLength: 16 }), async (corpus, starts) => {
      const owner = await settle(corpus);
      for (const [query, offset] of starts) {
        const expected = idsIn(found(query, corpus));
        expect(ids(await test.store.searchVersions(owner, query, { offset }))).toEqual(expected.slice(offset, offset + query.count));
      }
    }),
    { numRuns: 20 },
  );
});

it('finds what a brute-force filter finds for resources with random content', async () => {
  const registry = buildRegistry([]);
  const resources = Array.from({ length: 60 }, (_one, n) => randomResource(SERVED_TYPES[n % 6]!, n));
  const corpus: Stored[] = resources.map((resource, n) => ({
    type: resource.resourceType as ServedType,
    id: resource.id!,
    lastUpdated: new Date(Date.UTC(2026, 0, 1, 0, 0, n)).toISOString(),
    rows: buildIndexRows(resource, registry),
  }));
  const owner = await settle(corpus);
  for (const stored of corpus) {
    for (const [where, sort] of questionsAbout(stored)) {
      const query: Query = { type: stored.type, where: [where], sort, count: 5, total: 'none', include: [] };
      expect((await pagesOf(owner, query)).flatMap(ids)).toEqual(idsIn(found(query, corpus)));
    }
  }
});

/** Conditions that the resource itself meets, one of each kind it has rows for, and an order by the same parameter. */
function questionsAbout({ rows }: Stored): [Condition, SortKey[]][] {
  const [text, day, number, reference] = [rows.strings.at(-1), rows.dates[0], rows.numbers[0], rows.references[0]];
  const conditions: [Condition, SortKey[]][] = rows.tokens.slice(-2).map((hash) => [{ on: 'token', any: [hash] }, []]);
  const by = (key: 'string' | 'date' | 'number', parameter: number): SortKey[] => [{ by: key, parameter, descending: true }];
  if (text) {
    const { parameter, norm, infix } = text;
    conditions.push([{ on: 'string', parameter, any: [{ from: norm.slice(0, 1), to: `${norm}z` }] }, by('string', parameter)]);
    conditions.push([{ on: 'string', parameter, any: [{ contains: norm.slice(1, 5), infix }] }, by('string', parameter)]);
  }
  if (day)
    conditions.push([
      { on: 'date', parameter: day.parameter, any: [[{ column: 'to', op: '>', at: day.from }]] },
      by('date', day.parameter),
    ]);
  if (number) {
    const { parameter, unit, to } = number;
    conditions.push([
      { on: 'number', parameter, ...(unit && { unit }), any: [[{ column: 'from', op: '<=', at: to }]] },
      by('number', parameter),
    ]);
  }
  if (reference) conditions.push([{ on: 'reference', parameter: reference.parameter, any: [reference.target] }, []]);
  return conditions;
}

/** A part of the resources of two types. */
const parts = fc.tuple(query, query).map((two) => two.map(({ where }) => where.filter(isTestable)));

it('a restricted store searches as if the other resources were not there', async () => {
  await fc.assert(
    fc.asyncProperty(world, parts, fc.array(query, { minLength: 8, maxLength: 8 }), async (corpus, [first = [], second = []], queries) => {
      const conditions: Partial<Record<ServedType, Condition>> = {
        Patient: { on: 'and', all: first },
        ServiceRequest: { on: 'and', all: second },
      };
      const covers = ({ type, id, rows }: Stored): boolean => !conditions[type] || matchesResource(conditions[type], { type, id, rows });
      const owner = await settle(corpus);
      const restricted = restrictStore(test.store, { find: (type) => conditions[type], covers: () => false });
      const visible = corpus.filter(covers);
      for (const query of queries.filter(({ where }) => !where.some(isHierarchical))) {
        const { rows, included: also, total } = await restricted.search(owner, { ...query, total: 'accurate' });
        const expected = found(query, visible);
        expect([idsIn(rows), total]).toEqual([idsIn(expected.slice(0, query.count)), expected.length]);
        expect(idsIn(also)).toEqual(idsIn(included(query.include, expected.slice(0, query.count), visible)));
      }
    }),
    { numRuns: 60 },
  );
});

/** A restricted store refuses hierarchies. */
const isHierarchical = (condition: Condition): boolean => JSON.stringify(condition).includes('"hierarchy"');
