// The connections of several workers: all of them together fit into the default limit of PostgreSQL on a machine of up to sixteen cores.
import { describeConnections } from '../../src/server/open-migrated-databases.ts';
import type { Database } from '../../src/store/database/database.ts';
import { openTestStore, SERVER_URL, type TestStore } from '../store/open.ts';

const onServer = SERVER_URL === undefined ? describe.skip : describe;

/** PostgreSQL's default is 100, of which 3 are reserved. */
const accepting = (limit: number): Database => ({ query: async () => [{ limit }] }) as unknown as Database;

test.each([
  [1, 0],
  [2, 18],
  [3, 21],
  [4, 24],
  [8, 48],
  [16, 96],
  [17, 102],
])('%d workers need %d connections', async (workers, needed) => {
  const lines = await describeConnections(accepting(0), workers);
  expect(lines.map((line) => Number(/up to (\d+) connections/.exec(line)![1]))).toEqual(needed ? [needed] : []);
  expect(await describeConnections(accepting(97), workers)).toHaveLength(needed > 97 ? 1 : 0);
});

onServer('on PostgreSQL', () => {
  let store: TestStore;
  beforeAll(async () => {
    store = await openTestStore();
  });
  afterAll(() => store.close());

  test('the limit is that of the server', async () => {
    const [line] = await describeConnections(store.database, 256);
    expect(line).toMatch(/^256 workers open up to 1536 connections, and PostgreSQL accepts \d+: raise its max_connections/);
  });
});
