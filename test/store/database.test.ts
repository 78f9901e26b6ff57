// Values of both engines have the same form.
import { connect, createServer } from 'node:net';
import type { Database } from '../../src/store/database/database.ts';
import { openDatabase } from '../../src/store/database/open-database.ts';
import { onDirect, onServer, openTestStore, type TestStore } from './open.ts';

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

onDirect('leaves nothing prepared on a connection when a pooler stands between', async () => {
  const prepared = async (database: Database) => {
    await database.query('select $1::int as one', [1], 'one');
    const rows = await database.query('select name from pg_prepared_statements');
    await database.close();
    return rows;
  };
  expect(await prepared(await openDatabase({ url: test.url!, poolSize: 1 }))).toEqual([{ name: 'one' }]);
  expect(await prepared(await openDatabase({ url: test.url!, poolSize: 1, preparedStatements: false }))).toEqual([]);
});

onDirect(
  'keeps the plan of a named statement, and makes one for the values of any other, whatever became of a transaction between',
  async () => {
    const database = await openDatabase({ url: test.url!, poolSize: 1 });
    const mode = async (on: Database, name?: string) =>
      (await on.query<{ mode: string }>(`select current_setting('plan_cache_mode') as mode`, [], name))[0]!.mode;
    const both = async (on: Database) => [await mode(on, 'named'), await mode(on)];
    expect(await both(database)).toEqual(['force_generic_plan', 'auto']);
    const undone = database.transaction(async (inside) => {
      expect(await both(inside)).toEqual(['force_generic_plan', 'auto']);
      await mode(inside, 'named');
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    expect([await mode(database), await mode(database, 'named')]).toEqual(['auto', 'force_generic_plan']);
    await database.transaction((inside) => mode(inside));
    expect(await mode(database, 'named')).toBe('force_generic_plan');
    await database.close();
  },
);

onServer('plans for many short statements at once, each made by one process', async () => {
  const settings = ['random_page_cost', 'jit', 'max_parallel_workers_per_gather'].map((name) => `current_setting('${name}') as ${name}`);
  expect(await test.database.query(`select ${settings.join(', ')}`)).toEqual([
    { random_page_cost: '1.1', jit: 'off', max_parallel_workers_per_gather: '0' },
  ]);
});

onServer('keeps the time of a statement and the settings of the planner where no statement is prepared', async () => {
  const database = await openDatabase({ url: test.url!, statementTimeout: 300, preparedStatements: false });
  const settings = `select current_setting('statement_timeout') as timeout, current_setting('random_page_cost') as page, current_setting('jit') as jit`;
  const inForce = [{ timeout: '300ms', page: '1.1', jit: 'off' }];
  expect([await database.query(settings), await database.transaction((inside) => inside.query(settings))]).toEqual([inForce, inForce]);
  await expect(database.query('select pg_sleep(60)')).rejects.toMatchObject({ kind: 'unavailable' });
  await database.close();
});

/** A way to a database on which one can listen to what is said. */
async function overheard(url: string): Promise<{ url: string; countOf(words: string): number; close(): void }> {
  const heard: string[] = [];
  const { hostname, port } = new URL(url);
  const server = createServer((from) => {
    const to = connect(Number(port || 5432), hostname);
    from.on('data', (bytes) => heard.push(bytes.toString('latin1')));
    for (const [one, other] of [[from, to] as const, [to, from] as const]) one.on('error', () => other.destroy()).pipe(other);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const near = Object.assign(new URL(url), { hostname: '127.0.0.1', port: String((server.address() as { port: number }).port) });
  return { url: near.href, countOf: (words) => heard.join('').split(words).length - 1, close: () => void server.close() };
}

onDirect('tells a connection how to plan only where that changes, over as many transactions as there are', async () => {
  const wire = await overheard(test.url!);
  const database = await openDatabase({ url: wire.url, poolSize: 1 });
  await database.query('select 1');
  expect(wire.countOf('set plan_cache_mode')).toBe(1);
  for (let n = 0; n < 3; n++) await database.transaction((inside) => inside.query('select 1 as one', [], 'one'));
  expect(wire.countOf('set plan_cache_mode')).toBe(2);
  await database.close();
  wire.close();
});

it.each([
  ['a value that is none of its type', "select 'Lovelace'::int", '22P02'],
  ['a row that is there', "insert into tenant (slug, name, created_at) select slug, 'Lovelace', created_at from tenant limit 1", '23505'],
  ['a value that is refused', "insert into tenant (slug, name, created_at) values ('LOVELACE!', 'Lovelace', null)", '23'],
])('says of %s what went wrong, and not the value', async (_what, sql, code) => {
  await test.database.query("insert into tenant (slug, name, created_at) values ('there', 'There', $1) on conflict do nothing", [
    '2026-01-01T00:00:00Z',
  ]);
  const error = await test.database.query(sql, []).then(
    () => undefined,
    (raised: Error & { code: string }) => raised,
  );
  expect(error).toMatchObject({ name: 'DatabaseError', code: expect.stringMatching(`^${code}`) });
  expect(`${error!.message} ${error!.stack} ${JSON.stringify(error)}`).not.toMatch(/lovelace(?!'::int)/i);
});
