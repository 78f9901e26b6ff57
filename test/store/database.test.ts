// How values come back, whichever engine they come from.
import { type Database, openDatabase } from '../../src/store/database.ts';
import { onServer, openTestStore, type TestStore } from './open.ts';

let test: TestStore;
beforeAll(async () => {
  test = await openTestStore();
});
afterAll(() => test.close());

const VALUES = `select 9223372036854775807::bigint as big, 1.50::numeric as digits, 7::int as small, true as yes, null::text as nothing,
  timestamptz '2026-01-02 03:04:05.6+00' as tenth, timestamptz '1850-06-01 00:00:00.007+00' as old, timestamptz 'infinity' as never,
  array['a','b'] as list, '{"a":[1]}'::jsonb as json, '\\x00ff'::bytea as bytes`;

it('reads big numbers as texts and times as ISO 8601 in UTC with milliseconds', async () => {
  const [row] = await test.database.query<Record<string, unknown>>(VALUES);
  const { bytes, ...rest } = row!;
  expect(rest).toEqual({
    big: '9223372036854775807',
    digits: '1.50',
    small: 7,
    yes: true,
    nothing: null,
    tenth: '2026-01-02T03:04:05.600Z',
    old: '1850-06-01T00:00:00.007Z',
    never: 'infinity',
    list: ['a', 'b'],
    json: { a: [1] },
  });
  expect([...(bytes as Uint8Array)]).toEqual([0, 255]);
});

it('reads times the same in every time zone', async () => {
  const times = await test.database.transaction(async (database) => {
    await database.script("set local time zone 'Australia/Adelaide'");
    return database.query("select timestamptz '2026-01-02 03:04:05.678Z' as at");
  });
  expect(times).toEqual([{ at: '2026-01-02T03:04:05.678Z' }]);
});

onServer('leaves nothing prepared on a connection when a pooler stands between', async () => {
  const prepared = async (database: Database) => {
    await database.query('select $1::int as one', [1], 'one');
    const rows = await database.query('select name from pg_prepared_statements');
    await database.close();
    return rows;
  };
  expect(await prepared(await openDatabase({ url: test.url!, poolSize: 1 }))).toEqual([{ name: 'one' }]);
  expect(await prepared(await openDatabase({ url: test.url!, poolSize: 1, preparedStatements: false }))).toEqual([]);
});
