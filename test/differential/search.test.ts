// Random searches of random resources of all types, through the store, find what a filter over the resources finds that was written from the specification alone,
// in the same order, also if several ask at once. Each run asks about every search parameter of R4. DIFFERENTIAL_QUERIES asks for more searches, DIFFERENTIAL_SEED
// for others. DIFFERENTIAL_LIST=1 prints the parameters that no search asked about. DIFFERENTIAL_DATA: a folder of resources (JSON files) that are searched instead of random ones.
import { parseSearch } from '../../src/fhir/search/request.ts';
import { SERVED_TYPES, type ServedType } from '../../src/fhir/types.ts';
import type { Position } from '../../src/store/search/page.ts';
import { createStores } from '../../src/store/sql-store.ts';
import type { TenantStore } from '../../src/store/store.ts';
import { openTestStore, type TestStore } from '../store/open.ts';
import { type Held, meets, parametersOf } from './brute.ts';
import { meetsFilter } from './brute-filter.ts';
import { includedBeside } from './brute-include.ts';
import { BASE } from './brute-kinds.ts';
import { inOrder } from './brute-order.ts';
import { type Question, questionOf, subjectsOf } from './questions.ts';
import { readWorld } from './read-world.ts';
import { registry, storeWorld, toParameters } from './stored-world.ts';
import { pick, randomFrom, shuffled, worldOf } from './world.ts';

const SUBJECTS = subjectsOf(SERVED_TYPES);
const QUERIES = Number(process.env.DIFFERENTIAL_QUERIES ?? SUBJECTS.length);
const SEED = Number(process.env.DIFFERENTIAL_SEED ?? 1);
const DATA = process.env.DIFFERENTIAL_DATA;
/** How long pages are: of one, of a few, and long enough for all. */
const SIZES = [1, 2, 3, 100];
/** How many requests of a tenant ask the same at once, and share their statements. Before them, one asks alone. */
const AT_ONCE = 3;
/** More than a world has. */
const MOST = 10_000;

let test: TestStore;
let forRequest: (tenant: number) => TenantStore;
beforeAll(async () => {
  test = await openTestStore();
  const stores = createStores(test.database);
  forRequest = (tenant) => stores.forRequest({ tenant }, { safe: true });
});
afterAll(() => test.close());

const written = (question: Question): string =>
  `${question.type}?${toParameters(question)
    .map((one) => one.join('='))
    .join('&')}`;

interface Found {
  ids: string[];
  included: string[];
}

/** All pages, one after the other. */
async function found(tenant: number, question: Question, count: number): Promise<Found> {
  const { query } = parseSearch(question.type as ServedType, toParameters(question), { registry, baseUrl: BASE, handling: 'strict' });
  const all: Found = { ids: [], included: [] };
  const store = forRequest(tenant);
  let after: Position | undefined;
  do {
    const { rows, included, next } = await store.search(tenant, { ...query, count, anyOrder: true }, after && { after });
    all.ids.push(...rows.map(({ id }) => id));
    all.included.push(...included.map(({ type, id }) => `${type}/${id}`));
    after = next;
  } while (after && all.ids.length < MOST);
  return all;
}

/** The brute force has a table of the units of random resources only. */
const sortsByUnits = ({ type, sort }: Question): boolean =>
  sort.some((key) => parametersOf(type).get(key.replace(/^-/, ''))!.kind === 'quantity');

/** What the specification says. */
function expectedOf(question: Question, world: readonly Held[]): Found {
  const { type, parameters, sort, filter, includes = [] } = question;
  const matching = world.filter(
    (one) =>
      one.resourceType === type &&
      parameters.every(([name, value]) => meets(one, name, value, world)) &&
      (!filter || meetsFilter(one, filter, world)),
  );
  return {
    ids: (sort.length ? inOrder(sort, matching) : matching).map(({ id }) => id),
    included: includedBeside(matching, includes, world).map(({ resourceType, id }) => `${resourceType}/${id}`),
  };
}

const toText = ({ ids, included }: Found, { sort }: Question): string =>
  `${(sort.length ? ids : ids.toSorted()).join()}${included.length ? ` with ${included.toSorted().join()}` : ''}`;

/** What one of several requests that ask at once finds; the message of an error. */
const answerOf = (tenant: number, question: Question, count: number): Promise<string> =>
  found(tenant, question, count).then(
    (all) => toText(all, question),
    (error: Error) => error.message,
  );

it(
  `finds what the specification says, in its order: ${QUERIES} searches${DATA ? ` of ${DATA}` : ''}`,
  async () => {
    const random = randomFrom(SEED);
    const differences: string[] = [];
    const subjects = new Set<string>();
    let asked = 0;
    let met = 0;
    for (let tenant = 1; asked < QUERIES; tenant++) {
      const world = DATA ? readWorld(DATA) : worldOf(SERVED_TYPES, Math.floor(random() * 2 ** 31));
      await storeWorld(test.store, tenant, world);
      const rounds = DATA ? QUERIES : 2 * SUBJECTS.length;
      for (let round = 0; round < rounds && asked < QUERIES; round += SUBJECTS.length)
        for (const subject of shuffled(random, SUBJECTS)) {
          const question = asked < QUERIES ? questionOf(random, world, subject) : undefined;
          if (!question || (DATA && sortsByUnits(question))) continue;
          asked += 1;
          subjects.add(`${subject.type}.${subject.code}`);
          const expected = expectedOf(question, world);
          met += Number(expected.ids.length > 0);
          const theirs = toText(expected, question);
          const count = question.includes ? MOST : pick(random, SIZES);
          const ask = (): Promise<string> => answerOf(tenant, question, count);
          const answers = [await ask(), ...(await Promise.all(Array.from({ length: AT_ONCE }, ask)))];
          const ours = answers.find((answer) => answer !== theirs) ?? theirs;
          if (theirs !== ours) differences.push(`${written(question)}: expected ${theirs}, found ${ours}`);
        }
    }
    if (process.env.DIFFERENTIAL_QUERIES)
      console.log(
        `${asked} searches, ${met} of them found something, ${subjects.size} of ${SUBJECTS.length} parameters, ${differences.length} differences`,
      );
    if (process.env.DIFFERENTIAL_LIST)
      console.log(
        SUBJECTS.filter(({ type, code }) => !subjects.has(`${type}.${code}`))
          .map(({ type, code }) => `${type}.${code}`)
          .join(' '),
      );
    expect(differences.slice(0, 40)).toEqual([]);
    // Most searches find something: a test of nothing but empty answers would prove little.
    expect(met).toBeGreaterThan(asked / 3);
    if (!DATA) expect(subjects.size).toBeGreaterThan(SUBJECTS.length * 0.6);
  },
  QUERIES * 40 + 300_000,
);
