// The planner's statistics follow the store's growth, on an engine that gathers none by itself.
import { until } from '../until.ts';
import { createOf, indexOf } from './changes.ts';
import { openTestStore, type TestStore } from './open.ts';

let test: TestStore;
beforeAll(async () => {
  test = await openTestStore();
});
afterAll(() => test.close());

const expectedRows = async () =>
  (await test.database.query<{ rows: number }>("select reltuples::int as rows from pg_class where relname = 'sx'"))[0]!.rows;

it('knows how many resources there are after a load, also when each write is a transaction', async () => {
  const load = (batch: number) =>
    Array.from({ length: 100 }, (_one, n) => createOf(`b${batch}-${n}`, { index: indexOf({ self: String(batch * 100 + n) }) }));
  for (let batch = 0; batch < 6; batch++) await test.store.transaction((store) => store.write(1, load(batch)));
  await until(expectedRows, (rows) => rows >= 500);
});

it('looks again when writing pauses, so that what came last is known too', async () => {
  const rowsOf = async () =>
    (await test.database.query<{ rows: number }>("select reltuples::int as rows from pg_class where relname = 'sx_ref'"))[0]!.rows;
  expect(await rowsOf()).toBeLessThanOrEqual(0);
  const load = Array.from({ length: 400 }, (_one, n) =>
    createOf(`r-${n}`, { index: indexOf({ self: String(10_000 + n), references: [{ parameter: 7, target: String(n) }] }) }),
  );
  await test.store.write(1, load);
  expect(await until(rowsOf, (rows) => rows > 0)).toBe(400);
});
