// Transactions: all of it or nothing, joined when nested, and never a statement beside the one that is running.
import { setTimeout as delay } from 'node:timers/promises';
import { openDatabase } from '../../src/store/database/open-database.ts';
import { createStore } from '../../src/store/sql-store.ts';
import type { Store } from '../../src/store/store.ts';
import { until } from '../until.ts';
import { onServer, openTestStore, type TestStore } from './open.ts';
import { createOf } from './resource-changes.ts';

const TENANT = 1;
let test: TestStore;
beforeAll(async () => {
  test = await openTestStore();
});
afterAll(() => test.close());

const exists = async (id: string) => (await test.store.read(TENANT, 'Patient', id)) !== undefined;

it('commits all writes, and returns the result of its work', async () => {
  const answer = await test.store.transaction(async (store) => {
    await store.write(TENANT, [createOf('a1')]);
    await store.write(TENANT, [createOf('a2')]);
    return 'done';
  });
  expect([answer, await exists('a1'), await exists('a2')]).toEqual(['done', true, true]);
});

it('rolls back when its work fails, and throws the same error', async () => {
  const failure = new Error('no');
  const work = async (store: Store) => {
    await store.write(TENANT, [createOf('b1')]);
    throw failure;
  };
  await expect(test.store.transaction(work)).rejects.toBe(failure);
  expect(await exists('b1')).toBe(false);
});

it('joins the transaction in which it is called', async () => {
  const work = test.store.transaction(async (outer) => {
    await outer.transaction((inner) => inner.write(TENANT, [createOf('c1')]));
    throw new Error('no');
  });
  await expect(work).rejects.toThrow('no');
  expect(await exists('c1')).toBe(false);
});

it('refuses at once a statement on the outer handle, which would wait forever on one connection', async () => {
  const text = 'inside a transaction, every statement must use the handle of that transaction';
  await expect(test.store.transaction(() => test.store.read(TENANT, 'Patient', 'a1'))).rejects.toThrow(text);
  await expect(test.store.transaction(() => test.store.transaction(async () => 1))).rejects.toThrow(text);
  expect(await exists('a1')).toBe(true);
});

it('allows work on the outer handle that continues after the transaction', async () => {
  let write: Promise<boolean> | undefined;
  await test.store.transaction(async () => {
    write = delay(20).then(() => exists('a1'));
  });
  expect(await write).toBe(true);
});

it('other callers continue during or after it', async () => {
  const slow = test.store.transaction(async (store) => {
    await delay(50);
    await store.write(TENANT, [createOf('d1')]);
  });
  const [, others] = await Promise.all([slow, Promise.all(['a1', 'a2'].map(exists))]);
  expect(others).toEqual([true, true]);
});

it('refuses statements on its handle after its end', async () => {
  let leaked: Store | undefined;
  await test.store.transaction(async (store) => {
    leaked = store;
  });
  await expect(leaked!.read(TENANT, 'Patient', 'a1')).rejects.toThrow('this transaction has ended');
});

it('the database is usable after a failed statement, and its error contains no values', async () => {
  await expect(test.database.query('select $1::text::int', ['Jane Doe'])).rejects.toThrow(/^the database returned error 22P02$/);
  await expect(test.database.query('insert into lock_row values (1, 1), (1, 1)')).rejects.toThrow(
    'the database returned error 23505 on lock_row_pkey',
  );
  expect(await exists('a1')).toBe(true);
});

onServer('fails with 503 when a statement takes too long, or waits too long for a lock', async () => {
  const hurried = await openDatabase({ url: test.url!, statementTimeout: 50 });
  await expect(hurried.query('select pg_sleep(5)')).rejects.toMatchObject({ kind: 'unavailable' });
  await test.store.transaction(async (store) => {
    await store.lockKeys(TENANT, ['x']);
    await expect(createStore(hurried).lockKeys(TENANT, ['x'])).rejects.toMatchObject({ kind: 'unavailable' });
  });
  await hurried.close();
});

onServer('fails with 503 when the server terminates a connection, and continues with new connections', async () => {
  const [first, other] = [await openDatabase({ url: test.url! }), await openDatabase({ url: test.url! })];
  const running = first.query('select pg_sleep(120)');
  const broken = expect(running).rejects.toMatchObject({ kind: 'unavailable' });
  const breakOff = () =>
    other.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query = 'select pg_sleep(120)'",
    );
  await until(breakOff, (ended) => ended.length > 0);
  await broken;
  expect(await first.query('select 1 as one')).toEqual([{ one: 1 }]);
  await Promise.all([first.close(), other.close()]);
});

onServer('fails with 503 when there is no database', async () => {
  const nowhere = await openDatabase({ url: 'postgres://postgres@127.0.0.1:1/none' });
  await expect(nowhere.query('select 1')).rejects.toMatchObject({ kind: 'unavailable' });
  await expect(nowhere.transaction(async () => 1)).rejects.toMatchObject({ kind: 'unavailable' });
  await nowhere.close();
});
