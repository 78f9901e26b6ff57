// Statements of clients that disconnect before the response are cancelled; those of other clients are not.
import { setImmediate } from 'node:timers/promises';
import { openDatabase } from '../../src/store/database/open-database.ts';
import { createStores } from '../../src/store/sql-store.ts';
import type { TenantStore } from '../../src/store/store.ts';
import { until } from '../until.ts';
import { onServer, openTestStore, type TestStore } from './open.ts';
import { createOf, updateOf } from './resource-changes.ts';

let test: TestStore;
beforeAll(async () => {
  test = await openTestStore();
  await test.database.script('create table if not exists seen (n int)');
});
beforeEach(() => test.database.script('truncate seen'));
afterAll(() => test.close());

const TENANT = 7;
const request = (safe: boolean) => {
  const client = new AbortController();
  return { leave: () => client.abort(), database: test.database.forRequest(TENANT, { safe, signal: client.signal }) };
};
const listRows = async () => (await test.database.query<{ n: number }>('select n from seen order by n')).map(({ n }) => n);
const LEFT = { kind: 'unavailable' };

onServer('a running read is cancelled on the server when its client disconnects, and the next statement succeeds', async () => {
  const database = await openDatabase({ url: test.url!, poolSize: 1 });
  const client = new AbortController();
  const running = database.forRequest(TENANT, { safe: true, signal: client.signal }).query('select pg_sleep(120)');
  const cancelled = expect(running).rejects.toMatchObject(LEFT);
  const active = () =>
    test.database.query(
      "select pid from pg_stat_activity where datname = current_database() and query = 'select pg_sleep(120)' and state = 'active'",
    );
  await until(active, (rows) => rows.length === 1);
  client.abort();
  await cancelled;
  await until(active, (rows) => rows.length === 0);
  expect(await database.query('select 1 as one')).toEqual([{ one: 1 }]);
  await database.close();
});

it('a read that waits for a connection is dropped when its client disconnects', async () => {
  const { database, leave } = request(true);
  const before = test.database.queueLoad.refused['client left'];
  const { allConnections, release } = await holdAll();
  const waiting = expect(database.query('insert into seen values (1)')).rejects.toMatchObject(LEFT);
  await setImmediate();
  leave();
  await waiting;
  expect(test.database.queueLoad.refused['client left']).toBe(before + 1);
  release();
  await allConnections;
  expect(await listRows()).toEqual([]);
});

it('a write is dropped when its client disconnects before it has begun', async () => {
  const { database, leave } = request(false);
  leave();
  await expect(database.query('insert into seen values (1)')).rejects.toMatchObject(LEFT);
  expect(await listRows()).toEqual([]);
});

it('a write is finished after its first statement, even if its client has disconnected', async () => {
  const { database, leave } = request(false);
  await database.query('insert into seen values (1)');
  leave();
  await database.query('insert into seen values (2)');
  await database.transaction((inside) => inside.query('insert into seen values (3)'));
  expect(await listRows()).toEqual([1, 2, 3]);
});

it('a write that has begun with statements that are shared with other requests is finished, too', async () => {
  const { forRequest } = createStores(test.database);
  const client = new AbortController();
  const store = forRequest({ tenant: TENANT }, { safe: false, signal: client.signal });
  const others = Array.from({ length: 4 }, () => forRequest({ tenant: TENANT }, { safe: true }));
  const readAll = () => Promise.all([...others, store].map((one) => one.read(TENANT, 'Patient', 'first')));
  await Promise.all(['other', 'first'].map((id) => store.write(TENANT, [createOf(id)])));
  client.abort();
  expect((await readAll()).map((row) => row?.version)).toEqual([1, 1, 1, 1, 1]);
  expect(await store.read(TENANT, 'Patient', 'first')).toMatchObject({ version: 1 });
  expect(await store.write(TENANT, [updateOf('first', 1)])).toBe(1);
  expect(await store.transaction((inside) => inside.write(TENANT, [updateOf('first', 2)]))).toBe(1);
});

it('a write that waits for its turn with those of other requests is dropped when its client disconnects', async () => {
  const { forRequest } = createStores(test.database);
  const client = new AbortController();
  const [first, leaver, other] = [{}, { signal: client.signal }, {}].map((more) =>
    forRequest({ tenant: TENANT }, { safe: false, ...more }),
  );
  const write = (store: TenantStore, n: number): Promise<number> => store.write(TENANT, [createOf(`turn-${n}`)]);
  const writes = [write(first!, 0)];
  await setImmediate();
  writes.push(write(leaver!, 1), write(other!, 2));
  client.abort();
  const outcomes = await Promise.allSettled(writes);
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(await Promise.all([0, 1, 2].map(async (n) => (await test.store.read(TENANT, 'Patient', `turn-${n}`))?.version))).toEqual([
    1,
    undefined,
    1,
  ]);
});

it('a read by the store of a request inside its transaction fails, whether or not it would be shared', async () => {
  const store = createStores(test.database).forRequest({ tenant: TENANT }, { safe: false });
  const inside = store.transaction(async () => store.read(TENANT, 'Patient', 'first'));
  await expect(inside).rejects.toThrow('inside a transaction');
});

it('the first transaction of a write is rolled back when its client disconnects', async () => {
  const { database, leave } = request(false);
  const work = database.transaction(async (inside) => {
    await inside.query('insert into seen values (1)');
    leave();
    await inside.query('insert into seen values (2)');
  });
  await expect(work).rejects.toMatchObject(LEFT);
  expect(await listRows()).toEqual([]);
});

it('the signal of a finished request cancels nothing', async () => {
  const { database, leave } = request(true);
  const statements = Array.from({ length: 20 }, () => database.query('select 1'));
  await Promise.all(statements);
  leave();
  expect(await test.database.query('select 1 as one')).toEqual([{ one: 1 }]);
  expect(test.database.queueLoad).toMatchObject({ inUse: 0, waiting: 0 });
});

it('the readiness check succeeds while every connection is in use, also by a failed transaction', async () => {
  const { allConnections, release } = await holdAll('select 1/0');
  await test.database.ping();
  release();
  await allConnections;
});

/** Takes every connection that there is, until released. `sql`: what each transaction tries first. */
async function holdAll(sql = 'select 1'): Promise<{ allConnections: Promise<unknown>; release(): void }> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const connections = test.database.engine === 'embedded' ? 1 : 10;
  const work = Array.from({ length: connections }, (_one, tenant) =>
    test.database.forRequest(100 + tenant, { safe: true }).transaction(async (inside) => {
      await inside.query(sql).catch(() => {});
      await promise;
    }),
  );
  const allConnections = Promise.allSettled(work);
  await until(
    async () => test.database.queueLoad.inUse,
    (inUse) => inUse === connections,
  );
  return { allConnections, release: resolve };
}
