// Locks on match keys: one transaction at a time has a key, also while lock rows are pruned.
import type { Database } from '../../src/store/database/database.ts';
import { lockKeys, pruneLocks } from '../../src/store/database/locks.ts';
import { openDatabase } from '../../src/store/database/open-database.ts';
import { until } from '../until.ts';
import { onServer, openTestStore, type TestStore } from './open.ts';

const TENANT = 1;
const ALL = { limit: 1000 };
let test: TestStore;
/** Three processes; on the embedded engine there is one. */
let one: Database;
let other: Database;
let pruner: Database;
beforeAll(async () => {
  test = await openTestStore();
  one = test.database;
  const another = () => (test.url === undefined ? one : openDatabase({ url: test.url }));
  [other, pruner] = [await another(), await another()];
  await one.script('create table if not exists tally (n int not null); insert into tally values (0)');
});
beforeEach(() => one.script('delete from lock_row; update tally set n = 0'));
afterAll(async () => {
  for (const database of [other, pruner]) if (database !== one) await database.close();
  await test.close();
});

const numberOf = async (database: Database, sql: string) => (await database.query<{ n: number }>(sql))[0]!.n;
const rows = () => numberOf(one, 'select count(*)::int as n from lock_row');
const WAITING =
  "select count(*)::int as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and state = 'active'";
/** On Citus they wait on the nodes. */
const WAITING_ON_NODES = 'select count(distinct waiting_gpid)::int as n from citus_lock_waits';
/** How many statements wait for somebody's lock. */
const waiting = async () => {
  const citus = await pruner.query("select 1 from pg_extension where extname = 'citus'");
  return numberOf(pruner, citus.length ? WAITING_ON_NODES : WAITING);
};
const locked = (keys: string[], tenant = TENANT) => one.transaction((inside) => lockKeys(inside, tenant, keys));

it('different keys do not block each other, however many there are', async () => {
  const keys = Array.from({ length: 20_000 }, (_one, index) => `Patient?identifier=urn:x|${index}`);
  await locked(keys);
  expect(await rows()).toBe(keys.length);
});

it('prunes a limited batch, reads each row once, and keeps the rows of other tenants', async () => {
  const keys = Array.from({ length: 25 }, (_one, index) => `key ${index}`);
  await locked(keys);
  await locked(keys, 2);
  const remaining: number[] = [];
  for (
    let from = await pruneLocks(one, TENANT, { limit: 10 });
    from !== undefined;
    from = await pruneLocks(one, TENANT, { from, limit: 10 })
  )
    remaining.push(await rows());
  expect([...remaining, await rows()]).toEqual([40, 30, 25]);
});

onServer('pruning skips a locked row without waiting; it deletes the row when it is unlocked', async () => {
  await locked(['old', 'free']);
  await one.transaction(async (inside) => {
    await lockKeys(inside, TENANT, ['old', 'new']);
    await pruneLocks(pruner, TENANT, ALL);
  });
  expect(await rows()).toBe(2);
  await pruneLocks(pruner, TENANT, ALL);
  expect(await rows()).toBe(0);
});

onServer('transactions that wait for a deleted row get the lock one after the other', async () => {
  await locked(['key']);
  const events: string[] = [];
  const holding = (database: Database) =>
    database.transaction(async (inside) => {
      await lockKeys(inside, TENANT, ['key']);
      events.push('in');
      if (events.length === 1) await until(waiting, (count) => count === 1);
      events.push('out');
    });
  const [taken, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const pruning = other.transaction(async (inside) => {
    await pruneLocks(inside, TENANT, ALL);
    taken.resolve();
    await released.promise;
  });
  await taken.promise;
  const holders = [holding(one), holding(one)];
  await until(waiting, (count) => count === 2);
  released.resolve();
  await Promise.all([pruning, ...holders]);
  expect(events).toEqual(['in', 'out', 'in', 'out']);
});

it('while rows are pruned all the time, one transaction at a time has a key, and sees what the one before wrote', async () => {
  const rounds = test.url === undefined ? 20 : 200;
  let [holders, max, taken, working] = [0, 0, 0, true];
  const locker = async (database: Database, keys: string[]) => {
    for (let round = 0; round < rounds; round++)
      await database.transaction(async (inside) => {
        await lockKeys(inside, TENANT, keys);
        max = Math.max(max, ++holders);
        const n = await numberOf(inside, 'select n from tally');
        await inside.query('update tally set n = $1', [n + 1]);
        holders--;
      });
  };
  const takingAway = async () => {
    while (working) taken += Number((await pruneLocks(pruner, TENANT, { limit: 1 })) !== undefined);
  };
  const pruners = [takingAway(), takingAway()];
  await Promise.all([locker(one, ['key', 'a', 'b']), locker(other, ['b', 'key']), locker(one, ['key']), locker(other, ['c', 'key', 'a'])]);
  working = false;
  await Promise.all(pruners);
  expect([max, await numberOf(one, 'select n from tally')]).toEqual([1, 4 * rounds]);
  expect(taken).toBeGreaterThan(0);
});
