// The planner's statistics follow the store's growth on an engine that does not gather them itself.
import { TYPE_NUMBERS } from '../../src/fhir/types.ts';
import { until } from '../until.ts';
import { openTestStore, type TestStore } from './open.ts';
import { createOf, indexOf, updateOf } from './resource-changes.ts';

let test: TestStore;
beforeAll(async () => {
  test = await openTestStore();
});
afterAll(() => test.close());

const OF_TABLE = 'select reltuples::int as rows from pg_class where oid = $1::regclass';
const OF_SHARDS = `select sum(result::int)::int as rows from run_command_on_shards($1::regclass,
  $$select reltuples::int from pg_class where oid = '%s'::regclass$$)`;
/** How many rows the planner takes a table to have; not above 0 as long as it was never analyzed. */
const expectedRows = async (table: string) =>
  (await test.database.query<{ rows: number }>(test.database.isDistributed() ? OF_SHARDS : OF_TABLE, [table]))[0]!.rows;

it('statistics are current after a load, also when each write is a transaction', async () => {
  const load = (batch: number) =>
    Array.from({ length: 100 }, (_one, n) => createOf(`b${batch}-${n}`, { index: indexOf({ self: String(batch * 100 + n) }) }));
  for (let batch = 0; batch < 6; batch++) await test.store.transaction((store) => store.write(1, load(batch)));
  // autovacuum may have been there in between: then the table has grown by less than a quarter since
  await until(
    () => expectedRows('sx'),
    (rows) => rows >= 300,
  );
});

it('statistics are checked again when writing pauses, so that they include the last writes', async () => {
  const rowsOf = () => expectedRows('sx_ref');
  expect(await rowsOf()).toBeLessThanOrEqual(0);
  const load = Array.from({ length: 400 }, (_one, n) =>
    createOf(`r-${n}`, { index: indexOf({ self: String(10_000 + n), references: [{ parameter: 7, target: String(n) }] }) }),
  );
  await test.store.write(1, load);
  expect(await until(rowsOf, (rows) => rows > 0)).toBe(400);
});

it('only the tables that have grown are analyzed', async () => {
  const ids = Array.from({ length: 100 }, (_one, n) => `b0-${n}`);
  await test.store.write(
    1,
    ids.map((id, n) => updateOf(id, 1, { index: indexOf({ self: String(n) }) })),
  );
  await test.store.write(1, [createOf('one-more', { index: indexOf({ self: '15000' }) })]);
  const before = await expectedRows('sx');
  await until(
    () => expectedRows('past_version'),
    (rows) => rows === 100,
  );
  expect(await expectedRows('sx')).toBe(before);
});

it('statistics include a type soon after its first resources, although the tables have hardly grown', async () => {
  const known = `select most_common_vals::text::int[] as types from pg_stats where schemaname = 'public' and tablename = 'sx' and attname = 'rtype'`;
  const readKnown = async () => (await test.database.query<{ types: number[] | null }>(known))[0]?.types ?? [];
  const load = (type: 'Patient' | 'Task', count: number, first: number) =>
    Array.from({ length: count }, (_one, n) => createOf(`${type}-${n}`, { type, index: indexOf({ self: String(first + n) }) }));
  await test.store.write(1, load('Patient', 3000, 20_000));
  await until(
    () => expectedRows('sx'),
    (rows) => rows >= 3000,
  );
  expect(await readKnown()).not.toContain(TYPE_NUMBERS.Task);
  for (let part = 0; part < 250; part += 50) await test.store.write(1, load('Task', 250, 30_000).slice(part, part + 50));
  // on Citus, the shards have the statistics
  if (!test.database.isDistributed())
    expect(await until(readKnown, (types) => types.includes(TYPE_NUMBERS.Task))).toContain(TYPE_NUMBERS.Task);
});
