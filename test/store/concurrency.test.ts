// Many writers at once, on two pools of one PostgreSQL. (The embedded engine has one connection: there, everybody waits their turn.)
import { setTimeout as delay } from 'node:timers/promises';
import type { Database } from '../../src/store/database/database.ts';
import { openDatabase } from '../../src/store/database/open-database.ts';
import { createStore } from '../../src/store/sql-store.ts';
import type { Store } from '../../src/store/store.ts';
import { onServer, openTestStore, type TestStore } from './open.ts';
import { createOf, deletionOf, indexOf, updateOf } from './resource-changes.ts';

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

it('stores each version once, with who wrote it, whatever writers, batches and deletions did at once', async () => {
  await Promise.all(twenty.map((n) => either(n).write(TENANT, [createOf(`v${n % 5}`, { actor: `creator-${n}` })])));
  for (let round = 0; round < 4; round++)
    await Promise.all(
      twenty.map(async (n) => {
        const current = (await either(n).read(TENANT, 'Patient', `v${n % 5}`))!;
        const change = n % 7 === 6 ? deletionOf(current.id, current.version) : updateOf(current.id, current.version);
        const written = { ...change, actor: `writer-${round}-${n}`, body: change.body && `{"by":"writer-${round}-${n}"}` };
        await either(n).write(TENANT, n % 2 ? [written] : [written, createOf(`beside-${round}-${n}`)]);
      }),
    );
  const found = await test.database.query<{ id: string; ver: number; stored: number[]; wrong: number }>(
    `select r.id, r.ver, array_agg(h.ver order by h.ver) as stored,
        count(*) filter (where h.body <> '{"by":"' || h.actor || '"}' and h.ver > 1 or (h.body is null) <> (h.method = 'DELETE'))::int as wrong
      from resource r cross join lateral (select r.ver, r.actor, r.method, r.body union all
        select p.ver, p.actor, p.method, p.body from past_version p where p.tenant_id = r.tenant_id and p.pid = r.pid) h
      where r.id like 'v_' group by r.id, r.ver order by r.id`,
  );
  expect(found).toHaveLength(5);
  for (const { ver, stored, wrong } of found) {
    expect(ver).toBeGreaterThan(1);
    expect(stored).toEqual(Array.from({ length: ver }, (_one, n) => n + 1));
    expect(wrong).toBe(0);
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
