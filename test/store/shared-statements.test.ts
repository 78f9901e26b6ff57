// Statements of requests that arrive together, or while others of the same text are under way: which share one, and what each returns.
import { setImmediate } from 'node:timers/promises';
import { FhirError, unavailable } from '../../src/fhir/outcome.ts';
import type { Database } from '../../src/store/database/database.ts';
import { DatabaseError } from '../../src/store/database/errors.ts';
import { buildSharedSql, createSharedStatements, SharingReader } from '../../src/store/database/shared-statements.ts';
import { readVersion } from '../../src/store/resources/read.ts';
import type { HistoryRow } from '../../src/store/resources/resource-row.ts';
import { until } from '../until.ts';
import { onServer, openTestStore, type TestStore } from './open.ts';
import { createOf, deletionOf, updateOf } from './resource-changes.ts';

const OTHER = 2;
const ALONE = 'resource-version';
const SHARED = `shared-${ALONE}`;
let test: TestStore;
/** A handle of a new request. */
let open: (tenant?: number, signal?: AbortSignal) => SharingReader;
/** The names of the statements, in their order. */
const statements: (string | undefined)[] = [];
let failure: (name: string | undefined) => Error | undefined = () => undefined;
/** How many results have come from the database. */
let received = 0;
/** All results wait for it, when it is set. */
let gate: Promise<void> | undefined;
const watched = (database: Database): Database => ({
  ...database,
  query: async (sql, parameters, name) => {
    statements.push(name);
    const error = failure(name);
    if (error) {
      await gate;
      throw error;
    }
    const rows = await database.query(sql, parameters, name);
    received += 1;
    await gate;
    return rows as never[];
  },
});
beforeAll(async () => {
  test = await openTestStore();
  for (const id of ['a', 'b', 'c', 'd']) await test.store.write(1, [createOf(id, { body: `{"own":"${id}"}` })]);
  await test.store.write(1, [updateOf('b', 1)]);
  await test.store.write(1, [deletionOf('c', 1)]);
  await test.store.write(OTHER, [createOf('a', { body: '{"other":true}' })]);
});
afterAll(() => test.close());
beforeEach(() => {
  statements.length = 0;
  failure = () => undefined;
  gate = undefined;
  received = 0;
  const forTenant = (tenant: number, signal: AbortSignal | undefined): Database =>
    watched(test.database.forRequest(tenant, { safe: true, ...(signal && { signal }) }));
  const run = createSharedStatements(forTenant, 10_000);
  open = (tenant = 1, signal) => new SharingReader(forTenant(tenant, signal), tenant, run);
});

const read = (id: string, { version = 1, ...of }: { version?: number; tenant?: number; signal?: AbortSignal } = {}) =>
  readVersion(open(of.tenant, of.signal), of.tenant ?? 1, 'Patient', id, version);
const readAll = (...ids: string[]): Promise<(HistoryRow | undefined)[]> => Promise.all(ids.map((id) => read(id)));

it('a statement alone is sent as it is', async () => {
  expect(await read('a')).toEqual(await test.store.readVersion(1, 'Patient', 'a', 1));
  expect(statements).toEqual([ALONE]);
});

it('each request finds what its statement alone finds', async () => {
  const versions: [id: string, version: number][] = [
    ['a', 1],
    ['b', 1],
    ['b', 2],
    ['never', 1],
    ['c', 2],
    ['c', 1],
    ['b', 2],
    ['a', 2],
  ];
  const found = await Promise.all(versions.map(([id, version]) => read(id, { version })));
  expect(statements).toEqual([SHARED]);
  expect(found).toEqual(await Promise.all(versions.map(([id, version]) => test.store.readVersion(1, 'Patient', id, version))));
  expect(found.map((row) => row && `${row.id} ${row.version} ${row.method}`)).toEqual([
    'a 1 POST',
    'b 1 POST',
    'b 2 PUT',
    undefined,
    'c 2 DELETE',
    'c 1 POST',
    'b 2 PUT',
    undefined,
  ]);
});

it('parameters may be texts of any characters and null; rows keep their order', async () => {
  const sql = `select n, $2::text || n as text, $3::int as number from generate_series(1, 3) n where $1::int = 1 order by n desc`;
  const values: [string | null, number][] = [
    ['a', 1],
    ['b', 2],
    ['é{"\\,}\'', -1],
    [null, 0],
    ['', 2_147_483_647],
  ];
  const found = await Promise.all(
    values.map(([text, number]) => open().query<{ n: number; text: string | null; number: number }>(sql, [1, text, number], 'three')),
  );
  expect(statements).toEqual(['shared-three']);
  expect(found.map((rows) => rows.map(({ n, text, number }) => [n, text, number]))).toEqual(
    values.map(([text, number]) => [3, 2, 1].map((n) => [n, text === null ? null : text + n, number])),
  );
});

it('a request finds what was stored before it, also if a statement of the same text was sent before that', async () => {
  const passed = Promise.withResolvers<void>();
  gate = passed.promise;
  const before = [read('later')];
  await setImmediate();
  before.push(read('later'));
  await until(() => received === 2);
  await test.store.write(1, [createOf('later')]);
  const after = ['later', 'later', 'd'].map((id) => read(id));
  passed.resolve();
  expect(await Promise.all(before)).toEqual([undefined, undefined]);
  expect((await Promise.all(after)).map((row) => row?.id)).toEqual(['later', 'later', 'd']);
  expect(statements).toEqual([ALONE, ALONE, SHARED]);
});

it('statements without a name, with an array, or of the tenant alone are not shared', async () => {
  const ask = (sql: string, parameters: unknown[], name?: string) =>
    Promise.all(Array.from({ length: 4 }, () => open().query<{ is: number }>(sql, parameters, name)));
  const all = [
    ...(await ask('select $2::int as is from (select $1::int) t', [1, 7])),
    ...(await ask('select cardinality($2::text[]) + 5 as is from (select $1::int) t', [1, ['x', 'y']], 'of-array')),
    ...(await ask('select $1::int + 6 as is', [1], 'of-tenant')),
  ];
  expect(all.map(([row]) => row!.is)).toEqual(Array(12).fill(7));
  expect(statements.filter((name) => name?.startsWith('shared'))).toEqual([]);
});

it('at most 16 requests share a statement', async () => {
  await readAll(...Array.from({ length: 16 + 16 + 1 }, () => 'a'));
  expect(statements).toEqual([SHARED, SHARED, ALONE]);
});

it('a statement that returns much is shared by fewer, and a few long results are remembered', async () => {
  const long = `{"text":"${'x'.repeat(400_000)}"}`;
  await test.store.write(1, [createOf('long', { body: long })]);
  await readAll('long');
  const rows = await readAll(...Array.from({ length: 8 }, () => 'long'));
  expect(rows.map((row) => row?.body?.length)).toEqual(Array(8).fill(long.length));
  expect(statements).toEqual([ALONE, ...Array(4).fill(SHARED)]);
  statements.length = 0;
  await readAll('a', 'b', 'd', 'long', 'long');
  expect(statements).toEqual([SHARED, SHARED, ALONE]);
});

it('what is too long to be shared does not wait for statements of the same text', async () => {
  await test.store.write(1, [createOf('longest', { body: `{"text":"${'x'.repeat(600_000)}"}` })]);
  await readAll('longest');
  const passed = Promise.withResolvers<void>();
  gate = passed.promise;
  const all = readAll(...Array.from({ length: 5 }, () => 'longest'));
  await until(() => statements.length === 6);
  passed.resolve();
  expect(new Set((await all).map((row) => row?.body?.length))).toEqual(new Set([600_011]));
  expect(new Set(statements)).toEqual(new Set([ALONE]));
});

it('tenants share no statement, and none finds what belongs to the other one', async () => {
  const rows = await Promise.all(Array.from({ length: 8 }, (_one, n) => read('a', { tenant: n % 2 ? OTHER : 1 })));
  expect(rows.map((row) => row?.body)).toEqual(rows.map((_row, n) => (n % 2 ? '{"other":true}' : '{"own":"a"}')));
  expect(statements).toEqual([SHARED, SHARED]);
});

it('if the database refuses the value of one request, only that request fails', async () => {
  const sql = 'select 1000 / $2::int as quotient from (select $1::int) t';
  const divide = (by: number) => open().query<{ quotient: number }>(sql, [1, by], 'quotient');
  const outcomes = await Promise.allSettled([1000, 500, 100, 0, 40, 0].map(divide));
  expect(statements).toEqual(['shared-quotient', ...Array(6).fill('quotient')]);
  expect(outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value[0]!.quotient : 'failed'))).toEqual([
    1,
    2,
    10,
    'failed',
    25,
    'failed',
  ]);
});

it('if the database is not there, each that shares the statement fails, and the next ones are sent alone', async () => {
  failure = (name) => (name === SHARED ? unavailable('the database cannot be reached', 5) : undefined);
  const outcomes = await Promise.allSettled(['a', 'b', 'd', 'a'].map((id) => read(id)));
  expect(outcomes.map(({ status }) => status)).toEqual(Array(4).fill('rejected'));
  expect((await readAll('a', 'b', 'd')).map((row) => row?.id)).toEqual(['a', 'b', 'd']);
  expect(statements).toEqual([SHARED, ALONE, ALONE, ALONE]);
});

it('a fault of the shared text itself is not hidden', async () => {
  failure = (name) => (name === SHARED ? new DatabaseError('42601', 'syntax error') : undefined);
  const outcomes = await Promise.allSettled(['a', 'b', 'd', 'a'].map((id) => read(id)));
  expect(outcomes.map(({ status }) => status)).toEqual(Array(4).fill('rejected'));
  expect(statements).toEqual([SHARED]);
});

it('a request whose client has left is dropped, and the others are not', async () => {
  const leaving = new AbortController();
  const reads = ['a', 'b', 'd', 'a'].map((id, n) => read(id, n === 2 ? { signal: leaving.signal } : {}));
  leaving.abort();
  const outcomes = await Promise.allSettled(reads);
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
  expect(outcomes[2]).toMatchObject({ reason: expect.any(FhirError) });
});

/** How many statements wait for a lock. */
const countLockWaits = async (): Promise<number> =>
  (
    await test.database.query<{ count: number }>(
      "select count(*)::int from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
    )
  )[0]!.count;

/** Three reads in a statement whose table is locked; so many of their clients leave. Returns what the reads come to: while the table is locked, if all have left. */
async function leaveLocked(leavers: number): Promise<string[]> {
  const [locked, release] = Array.from({ length: 2 }, () => Promise.withResolvers<void>());
  const holder = test.database.transaction(async (transaction) => {
    await transaction.script('lock table resource in access exclusive mode');
    locked!.resolve();
    await release!.promise;
  });
  await locked!.promise;
  statements.length = 0;
  const clients = Array.from({ length: 3 }, () => new AbortController());
  const group = Promise.allSettled(clients.map(({ signal }) => read('d', { signal })));
  await until(async () => (await countLockWaits()) === 1);
  expect(statements).toEqual([SHARED]);
  for (const client of clients.slice(0, leavers)) client.abort();
  if (leavers < clients.length) release!.resolve();
  const outcomes = await group;
  release!.resolve();
  await holder;
  expect((await read('d'))?.id).toBe('d');
  return outcomes.map(({ status }) => status);
}

onServer('a statement is cancelled when all its clients have left', async () => {
  expect(await leaveLocked(3)).toEqual(['rejected', 'rejected', 'rejected']);
});

onServer('a statement that one of its clients waits for is not cancelled', async () => {
  expect(await leaveLocked(2)).toEqual(['fulfilled', 'fulfilled', 'fulfilled']);
});

it('a parameter without a type, or with several, is a fault of the program', () => {
  expect(() => buildSharedSql('select $2', 2)).toThrow('$2 has no type');
  expect(() => buildSharedSql('select $2::int, $2::text', 2)).toThrow('$2 has no type');
});
