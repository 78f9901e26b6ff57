// Random searches of random resources, through the store, find what a filter over the resources finds that was written from the specification alone, in
// the same order. DIFFERENTIAL_QUERIES asks for more of them than the few hundred of every run; DIFFERENTIAL_SEED for others.
import { buildIndexRows } from '../../src/fhir/indexing/resource-rows.ts';
import { buildRegistry } from '../../src/fhir/search/registry.ts';
import { parseSearch } from '../../src/fhir/search/request.ts';
import type { ServedType } from '../../src/fhir/types.ts';
import type { Position } from '../../src/store/search/page.ts';
import { openTestStore, type TestStore } from '../store/open.ts';
import { BASE, type Held, meets } from './brute.ts';
import { inOrder } from './brute-order.ts';
import { pick, type Question, questionOf, randomFrom, worldOf } from './questions.ts';

const QUERIES = Number(process.env.DIFFERENTIAL_QUERIES ?? 300);
const SEED = Number(process.env.DIFFERENTIAL_SEED ?? 1);
/** How long pages are: of one, of a few, and long enough for all. */
const SIZES = [1, 2, 3, 100];
/** More than a world has. */
const MOST = 1000;
/** Searches per world. */
const EACH = 500;
const registry = buildRegistry([]);

let test: TestStore;
beforeAll(async () => {
  test = await openTestStore();
});
afterAll(() => test.close());

async function settle(tenant: number, world: readonly Held[]): Promise<void> {
  const changes = world.map((resource, at) => ({
    type: resource.resourceType as ServedType,
    id: resource.id,
    version: 1,
    lastUpdated: new Date(Date.UTC(2026, 0, 1, 0, 0, at)).toISOString(),
    method: 'POST' as const,
    actor: 'key',
    body: JSON.stringify(resource),
    index: buildIndexRows(resource, registry, [], BASE),
  }));
  for (const change of changes) await test.store.write(tenant, [change]);
}

const written = ({ type, parameters, sort }: Question): string =>
  `${type}?${[...parameters, ...(sort.length ? [['_sort', sort.join(',')]] : [])].map((one) => one.join('=')).join('&')}`;

/** All pages, one after the other. */
async function found(tenant: number, { type, parameters, sort }: Question, count: number): Promise<string[]> {
  const all = sort.length ? [...parameters, ['_sort', sort.join(',')] as [string, string]] : parameters;
  const { query } = parseSearch(type as ServedType, all, { registry, baseUrl: BASE, handling: 'strict' });
  const ids: string[] = [];
  let after: Position | undefined;
  do {
    const { rows, next } = await test.store.search(tenant, { ...query, count }, after && { after });
    ids.push(...rows.map(({ id }) => id));
    after = next;
  } while (after && ids.length < MOST);
  return ids;
}

it(
  `finds what the specification says, in its order: ${QUERIES} searches`,
  async () => {
    const random = randomFrom(SEED);
    const differences: string[] = [];
    let asked = 0;
    let met = 0;
    for (let tenant = 1; asked < QUERIES; tenant++) {
      const world = worldOf(Math.floor(random() * 2 ** 31));
      await settle(tenant, world);
      for (let at = 0; at < EACH && asked < QUERIES; at++) {
        const question = questionOf(random, world);
        if (!question.parameters.length && !question.sort.length) continue;
        asked += 1;
        const matching = world.filter(
          (one) => one.resourceType === question.type && question.parameters.every(([name, value]) => meets(one, name, value, world)),
        );
        const expected = question.sort.length ? inOrder(question.sort, matching) : matching;
        met += Number(expected.length > 0);
        const ids = await found(tenant, question, pick(random, SIZES)).catch((error: Error) => [error.message]);
        const [theirs, ours] = [expected.map(({ id }) => id), ids].map((list) => (question.sort.length ? list : list.toSorted()).join());
        if (theirs !== ours) differences.push(`${written(question)}: expected ${theirs}, found ${ours}`);
      }
    }
    expect(differences.slice(0, 20)).toEqual([]);
    // Most searches find something: a test of nothing but empty answers would prove little.
    expect(met).toBeGreaterThan(asked / 3);
  },
  QUERIES * 40 + 300_000,
);
