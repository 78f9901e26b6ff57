// The statements of random searches find for several requests together what they find for each alone: rows, their order, and nothing of another request.
// DIFFERENTIAL_QUERIES asks for more searches, DIFFERENTIAL_SEED for others.
import { parseSearch } from '../../src/fhir/search/request.ts';
import { SERVED_TYPES, type ServedType } from '../../src/fhir/types.ts';
import { buildSharedSql, type Reader } from '../../src/store/database/shared-statements.ts';
import { search } from '../../src/store/search/search.ts';
import { openTestStore, type TestStore } from '../store/open.ts';
import { BASE } from './brute-kinds.ts';
import { questionOf, subjectsOf } from './questions.ts';
import { registry, storeWorld, toParameters } from './stored-world.ts';
import { pick, randomFrom, shuffled, worldOf } from './world.ts';

const SUBJECTS = subjectsOf(SERVED_TYPES);
const QUERIES = Number(process.env.DIFFERENTIAL_QUERIES ?? 2 * SUBJECTS.length);
const SEED = Number(process.env.DIFFERENTIAL_SEED ?? 1);
const TENANT = 1;
const SIZES = [1, 2, 20];
/** The most requests of a shared statement. */
const MOST = 16;

let test: TestStore;
beforeAll(async () => {
  test = await openTestStore();
});
afterAll(() => test.close());

/** The parameters of each text. Those without parameters of their own, and those with arrays, are never shared. */
const asked = new Map<string, unknown[][]>();
const recording: Reader = {
  query: (sql, parameters = [], name) => {
    if (parameters.length > 1 && !sql.startsWith('explain') && !parameters.some(Array.isArray))
      asked.set(sql, [...(asked.get(sql) ?? []), parameters]);
    return test.database.query(sql, parameters, name);
  },
};

/** The rows of each request, as texts. */
async function findTogether(sql: string, requests: unknown[][]): Promise<string[]> {
  const [first] = requests as [unknown[]];
  const columns = first
    .slice(1)
    .map((_value, at) => requests.map((parameters) => (parameters[at + 1] === null ? null : String(parameters[at + 1]))));
  const rows = await test.database.query<{ nth: number }>(buildSharedSql(sql, first.length), [TENANT, ...columns]);
  return requests.map((_request, nth) => JSON.stringify(rows.filter((row) => row.nth === nth).map(({ nth: _nth, ...row }) => row)));
}

const findAlone = async (sql: string, parameters: unknown[]): Promise<string> => JSON.stringify(await test.database.query(sql, parameters));

it(`the statements of ${QUERIES} searches find for several requests what they find for each`, async () => {
  const random = randomFrom(SEED);
  const world = worldOf(SERVED_TYPES, Math.floor(random() * 2 ** 31));
  await storeWorld(test.store, TENANT, world);
  for (let round = 0; round < QUERIES; round += SUBJECTS.length)
    for (const subject of shuffled(random, SUBJECTS).slice(0, QUERIES - round)) {
      const question = questionOf(random, world, subject);
      if (!question) continue;
      const { query } = parseSearch(question.type as ServedType, toParameters(question), { registry, baseUrl: BASE, handling: 'strict' });
      const sized = { ...query, count: pick(random, SIZES), anyOrder: true as const };
      const { next } = await search(recording, TENANT, sized);
      if (next) await search(recording, TENANT, sized, { after: next });
    }
  const differences: string[] = [];
  let [compared, found] = [0, 0];
  for (const [sql, all] of asked) {
    const requests = all.slice(0, MOST);
    if (new Set(requests.map((parameters) => JSON.stringify(parameters))).size < 2) continue;
    const together = await findTogether(sql, requests);
    for (const [nth, parameters] of requests.entries()) {
      const alone = await findAlone(sql, parameters);
      compared += 1;
      found += Number(alone !== '[]');
      if (together[nth] !== alone) differences.push(`${sql} with ${JSON.stringify(parameters)}: alone ${alone}, together ${together[nth]}`);
    }
  }
  if (process.env.DIFFERENTIAL_QUERIES)
    console.log(`${asked.size} texts, ${compared} requests compared, ${found} of them found something, ${differences.length} differences`);
  expect(differences).toEqual([]);
  expect(found).toBeGreaterThan(100);
}, 600_000);
