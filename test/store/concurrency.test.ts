// Many writers at once, on two pools of one PostgreSQL. (The embedded engine has one connection: there, everybody waits their turn.)
import { setTimeout as delay } from 'node:timers/promises';
import type { Database } from '../../src/store/database/database.ts';
import { openDatabase } from '../../src/store/database/open-database.ts';
import { createStore } from '../../src/store/sql-store.ts';
import type { Store } from '../../src/store/store.ts';
import { onServer, openTestStore, type TestStore } from './open.ts';
import { createOf, indexOf, updateOf } from './resource-changes.ts';

const TENANT = 1;
let test: TestStore;
let second: Database;
let stores: [Store, Store];
beforeAll(async () => {
  test = await openTestStore();
  second = test.url === undefined ? test.database : await openDatabase({ url: test.url });
  stores = [test.store, createStore(second)];
});
afterAll(async () => {
  if (second !== test.database) await second.close();
  await test.close();
});

const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);
const twenty = Array.from({ length: 20 }, (_one, n) => n);
const either = (n: number): Store => stores[n % 2]!;

it('applies one of twenty concurrent creates of an id', async () => {
  const applied = await Promise.all(twenty.map((n) => either(n).write(TENANT, [createOf('once', { body: `{"n":${n}}` })])));
  expect(sum(applied)).toBe(1);
  expect(await test.store.readVersions(TENANT, 'Patient', 'once', { count: 30 })).toHaveLength(1);
});

it('loses no update: of concurrent updates of one version, one is applied together with its search rows', async () => {
  await test.store.write(TENANT, [createOf('cas')]);
  for (const previous of [1, 2, 3, 4, 5]) {
    const applied = await Promise.all(
      twenty.map((n) =>
        either(n).write(TENANT, [updateOf('cas', previous, { body: `{"n":${n}}`, index: indexOf({ tokens: [String(1000 + n)] }) })]),
      ),
    );
    expect(sum(applied)).toBe(1);
    const winner = applied.indexOf(1);
    const row = await test.store.read(TENANT, 'Patient', 'cas');
    expect(row).toMatchObject({ version: previous + 1, body: `{"n":${winner}}` });
    const [stored] = await test.database.query<{ tok: string[] }>(
      "select tok::text[] as tok from sx join resource using (tenant_id, pid) where id = 'cas'",
    );
    expect(stored).toEqual({ tok: [String(1000 + winner)] });
  }
});

it('of many changes in one statement, skips those of an outdated version completely', async () => {
  const ids = ['m1', 'm2', 'm3'];
  await test.store.write(
    TENANT,
    ids.map((id) => createOf(id)),
  );
  expect(await test.store.write(TENANT, [updateOf('m2', 1)])).toBe(1);
  expect(
    await test.store.write(
      TENANT,
      ids.map((id) => updateOf(id, 1)),
    ),
  ).toBe(2);
  expect(
    await test.store.write(
      TENANT,
      ids.map((id) => createOf(id)),
    ),
  ).toBe(0);
  const histories = await Promise.all(ids.map((id) => test.store.readVersions(TENANT, 'Patient', id, { count: 9 })));
  expect(histories.map((versions) => versions.map(({ version }) => version))).toEqual([
    [2, 1],
    [2, 1],
    [2, 1],
  ]);
});

it('counts to twenty under a lock, one transaction after the other', async () => {
  await test.store.write(TENANT, [createOf('counter')]);
  const count = (store: Store) =>
    store.transaction(async (transaction) => {
      await transaction.lockKeys(TENANT, ['counter']);
      const row = await transaction.read(TENANT, 'Patient', 'counter');
      await delay(1);
      return transaction.write(TENANT, [updateOf('counter', row!.version)]);
    });
  expect(sum(await Promise.all(twenty.map((n) => count(either(n)))))).toBe(20);
});

it('locks keys in one order, whatever the order of the request', async () => {
  const keys = ['a', 'b', 'c', 'd'];
  const transactions = twenty.map((n) =>
    either(n).transaction(async (transaction) => {
      await transaction.lockKeys(TENANT, n % 2 ? keys : [...keys, 'a'].reverse());
      await delay(1);
      return n;
    }),
  );
  expect(await Promise.all(transactions)).toEqual(twenty);
});

onServer('completes both of two deadlocked transactions, one of them by a retry', async () => {
  let runs = 0;
  let holding = 0;
  const bothHold = Promise.withResolvers<void>();
  const both = (store: Store, ids: string[]) =>
    store.transaction(async (transaction) => {
      runs++;
      for (const id of ids) {
        await transaction.lockKeys(TENANT, [id]);
        if (++holding === 2) bothHold.resolve();
        await bothHold.promise;
      }
      return transaction.write(TENANT, [createOf(`after-${ids.join('-')}`)]);
    });
  expect(await Promise.all([both(stores[0], ['left', 'right']), both(stores[1], ['right', 'left'])])).toEqual([1, 1]);
  expect(runs).toBeGreaterThan(2);
});

onServer('fails with 409 when retries do not help', async () => {
  let runs = 0;
  const unlucky = test.database.transaction(async (transaction) => {
    runs++;
    await transaction.script("do $$ begin raise exception 'again' using errcode = '40001'; end $$");
  });
  await expect(unlucky).rejects.toMatchObject({ kind: 'conflict' });
  expect(runs).toBe(5);
});
