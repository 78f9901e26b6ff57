// Reads that arrive while others of the tenant are under way: which share a statement, and what each returns.
import { unavailable } from '../../src/fhir/outcome.ts';
import type { Database } from '../../src/store/database/database.ts';
import { createGroupedReads } from '../../src/store/resources/grouped-reads.ts';
import type { ResourceRow } from '../../src/store/resources/resource-row.ts';
import { until } from '../until.ts';
import { onServer, openTestStore, type TestStore } from './open.ts';
import { createOf, deletionOf, updateOf } from './resource-changes.ts';

const OTHER = 2;
let test: TestStore;
let read: (
  tenant: number,
  target: { type: 'Patient' | 'Practitioner'; id: string },
  signal?: AbortSignal,
) => Promise<ResourceRow | undefined>;
/** The names of the statements, in their order. */
const statements: (string | undefined)[] = [];
let failure: (name: string | undefined) => Error | undefined = () => undefined;
/** Each statement waits for it, when it is set. */
let gate: Promise<void> | undefined;
const watched = (database: Database): Database => ({
  ...database,
  query: async (sql, parameters, name) => {
    statements.push(name);
    const error = failure(name);
    await gate;
    if (error) throw error;
    return database.query(sql, parameters, name);
  },
});
beforeAll(async () => {
  test = await openTestStore();
  for (const id of ['a', 'b', 'c', 'd']) await test.store.write(1, [createOf(id, { body: `{"own":"${id}"}` })]);
  await test.store.write(1, [updateOf('b', 1)]);
  await test.store.write(1, [deletionOf('c', 1)]);
  await test.store.write(OTHER, [createOf('a', { body: '{"other":true}' })]);
  const forTenant = (tenant: number, signal: AbortSignal | undefined): Database =>
    watched(test.database.forRequest(tenant, { safe: true, ...(signal && { signal }) }));
  const grouped = createGroupedReads(forTenant, 10_000);
  read = (tenant, target, signal) => grouped(tenant, { ...target, database: forTenant(tenant, signal) }, signal);
});
afterAll(() => test.close());
beforeEach(() => {
  statements.length = 0;
  failure = () => undefined;
  gate = undefined;
});

const readPatient = (id: string, tenant = 1): Promise<ResourceRow | undefined> => read(tenant, { type: 'Patient', id });
const readAll = (...ids: string[]): Promise<(ResourceRow | undefined)[]> => Promise.all(ids.map((id) => readPatient(id)));

/** How many statements wait for a lock. */
const readLockWaits = async (): Promise<number> =>
  (
    await test.database.query<{ count: number }>(
      "select count(*)::int from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
    )
  )[0]!.count;

it('one alone is read at once, by the statement for one', async () => {
  expect(await readPatient('a')).toEqual(await test.store.read(1, 'Patient', 'a'));
  expect(statements).toEqual(['resource-read']);
});

it('each returns what a read alone returns: a version, a deletion, nothing for an id that was never used, and one id twice', async () => {
  const ids = ['a', 'b', 'd', 'c', 'never', 'b', 'a'];
  const found = await readAll(...ids);
  expect(statements).toEqual(['resource-read', 'resource-read', 'resource-read-group']);
  expect(found).toEqual(await Promise.all(ids.map((id) => test.store.read(1, 'Patient', id))));
  expect(found.map((row) => row?.version)).toEqual([1, 2, 1, 2, undefined, 2, 1]);
  expect(found[3]!.body).toBeNull();
});

it('types are kept apart', async () => {
  const [, , patient, person] = await Promise.all([
    ...['a', 'b'].map((id) => readPatient(id)),
    readPatient('d'),
    read(1, { type: 'Practitioner', id: 'd' }),
  ]);
  expect([patient?.type, person]).toEqual(['Patient', undefined]);
});

it('a read begins after what was stored before it: it never joins a statement that was sent', async () => {
  let release = (): void => undefined;
  gate = new Promise((resolve) => {
    release = resolve;
  });
  const before = readAll('a', 'b');
  await test.store.write(1, [createOf('later')]);
  const after = readAll('later', 'd');
  release();
  expect((await before).every((row) => row?.body)).toBe(true);
  expect((await after).map((row) => row?.id)).toEqual(['later', 'd']);
});

it('a group has at most 32 resources', async () => {
  await readAll(...Array.from({ length: 2 + 33 }, () => 'a'));
  expect(statements).toHaveLength(4);
});

it('resources that are together longer than a megabyte are read alone', async () => {
  const long = `{"text":"${'x'.repeat(600_000)}"}`;
  for (const id of ['long-1', 'long-2']) await test.store.write(1, [createOf(id, { body: long })]);
  const rows = await readAll('a', 'b', 'long-1', 'long-2', 'd');
  expect(rows.map((row) => row?.body?.length)).toEqual([11, expect.any(Number), long.length, long.length, 11]);
  expect(statements).toEqual(['resource-read', 'resource-read', 'resource-read-group', 'resource-read']);
});

it('tenants share no statement, and none sees a resource of the other one', async () => {
  const rows = await Promise.all(Array.from({ length: 8 }, (_one, n) => readPatient('a', n % 2 ? OTHER : 1)));
  expect(rows.map((row) => row?.body)).toEqual(rows.map((_row, n) => (n % 2 ? '{"other":true}' : '{"own":"a"}')));
  expect(statements.toSorted()).toEqual([...Array(4).fill('resource-read'), ...Array(2).fill('resource-read-group')]);
});

it('if a statement fails, each read of the group fails, and the next ones do not', async () => {
  failure = (name) => (name === 'resource-read-group' ? unavailable('the database cannot be reached', 5) : undefined);
  const outcomes = await Promise.allSettled(['a', 'b', 'd', 'a'].map((id) => readPatient(id)));
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'rejected']);
  failure = () => undefined;
  expect((await readAll('a', 'b', 'd')).map((row) => row?.id)).toEqual(['a', 'b', 'd']);
});

it('a read whose client has left is dropped, and those of the others are not', async () => {
  const leaving = new AbortController();
  const reads = ['a', 'b', 'd', 'a'].map((id, n) => read(1, { type: 'Patient', id }, n === 2 ? leaving.signal : undefined));
  leaving.abort();
  const outcomes = await Promise.allSettled(reads);
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
  expect(statements).toEqual(['resource-read', 'resource-read', 'resource-read']);
});

/** Three reads in a statement whose table is locked; so many of their clients leave. Returns what the reads come to: while the table is locked, if all have left. */
async function leaveLocked(leavers: number): Promise<string[]> {
  const [locked, release, go] = Array.from({ length: 3 }, () => Promise.withResolvers<void>());
  const holder = test.database.transaction(async (transaction) => {
    await transaction.script('lock table resource in access exclusive mode');
    locked!.resolve();
    await release!.promise;
  });
  await locked!.promise;
  // two reads that are under way, and fail without the database
  gate = go!.promise;
  failure = (name) => (name === 'resource-read' ? unavailable('not asked', 1) : undefined);
  const before = Promise.allSettled(['a', 'b'].map((id) => readPatient(id)));
  const clients = Array.from({ length: 3 }, () => new AbortController());
  const group = Promise.allSettled(clients.map(({ signal }) => read(1, { type: 'Patient', id: 'd' }, signal)));
  go!.resolve();
  await before;
  await until(async () => (await readLockWaits()) === 1);
  for (const client of clients.slice(0, leavers)) client.abort();
  if (leavers < clients.length) release!.resolve();
  const outcomes = await group;
  release!.resolve();
  await holder;
  failure = () => undefined;
  expect((await readPatient('d'))?.id).toBe('d');
  return outcomes.map(({ status }) => status);
}

onServer('a statement is cancelled when all its clients have left', async () => {
  expect(await leaveLocked(3)).toEqual(['rejected', 'rejected', 'rejected']);
});

onServer('a statement that one of its clients waits for is not cancelled', async () => {
  expect(await leaveLocked(2)).toEqual(['fulfilled', 'fulfilled', 'fulfilled']);
});
