// When a key was used last: noted in memory, stored at most once a minute.
import { createKeyUsage } from '../../src/administration/key-usage.ts';
import { createApiKey, readApiKey } from '../../src/store/api-keys.ts';
import type { Database } from '../../src/store/database/database.ts';
import { createTenant } from '../../src/store/tenants.ts';
import { openTestStore, type TestStore } from '../store/open.ts';

const START = Date.parse('2026-01-01T00:00:00.000Z');
let store: TestStore;
let tenant: number;
beforeAll(async () => {
  store = await openTestStore();
  tenant = (await createTenant(store.database, { slug: 'demo', name: 'Demo', at: new Date(START).toISOString() }))!.id;
});
afterAll(() => store.close());

/** A key, the usage of a process, and its clock. `seconds`: since the start. */
async function setUp(database: Database = store.database) {
  let time = START;
  const at = (seconds: number): string => new Date(START + seconds * 1000).toISOString();
  const key = await createApiKey(store.database, { tenant, surface: 'fhir', scopes: ['*'], prefix: 'fhir_live_', at: at(0) });
  const usage = createKeyUsage(database, () => new Date(time));
  const lastUsed = async () => (await readApiKey(store.database, tenant, key))!.lastUsed;
  return { usage, id: key.id, at, lastUsed, setTime: (seconds: number) => (time = START + seconds * 1000) };
}

/** Counts the statements. */
const counting = (counter: { count: number }): Database => ({
  ...store.database,
  query: (...call: Parameters<Database['query']>) => {
    counter.count++;
    return store.database.query(...call) as never;
  },
});

test('noting a use runs no statement; the first use is stored at once, later ones once a minute', async () => {
  const counter = { count: 0 };
  const { usage, id, at, lastUsed, setTime } = await setUp(counting(counter));
  for (let n = 0; n < 100; n++) usage.note(tenant, id);
  expect(counter.count).toBe(0);
  expect(await lastUsed()).toBeNull();
  await usage.store();
  expect([counter.count, await lastUsed()]).toEqual([1, at(0)]);
  setTime(30);
  usage.note(tenant, id);
  await usage.store();
  expect([counter.count, await lastUsed()]).toEqual([1, at(0)]);
  setTime(60);
  await usage.store();
  expect([counter.count, await lastUsed()]).toEqual([2, at(30)]);
  setTime(600);
  await usage.store();
  expect(counter.count).toBe(2);
});

test('several keys are stored in one statement', async () => {
  const counter = { count: 0 };
  const { usage, id } = await setUp(counting(counter));
  const other = await setUp();
  usage.note(tenant, id);
  usage.note(tenant, other.id);
  usage.note(tenant, 'key-that-is-not-there');
  await usage.store();
  expect([counter.count, await other.lastUsed()]).toEqual([1, other.at(0)]);
});

test('the last uses are stored when the server stops', async () => {
  const { usage, id, at, lastUsed, setTime } = await setUp();
  usage.note(tenant, id);
  await usage.store();
  setTime(5);
  usage.note(tenant, id);
  await usage.store(true);
  expect(await lastUsed()).toBe(at(5));
});

test('a use that could not be stored is stored later', async () => {
  let isDown = true;
  const database = {
    query: (...call: Parameters<Database['query']>) => (isDown ? Promise.reject(new Error('down')) : store.database.query(...call)),
  };
  const { usage, id, at, lastUsed } = await setUp(database as Database);
  usage.note(tenant, id);
  await expect(usage.store()).rejects.toThrow('down');
  isDown = false;
  await usage.store();
  expect(await lastUsed()).toBe(at(0));
});

test('of two processes, the later use stays, whoever stores first', async () => {
  const { usage, id, at, lastUsed, setTime } = await setUp();
  const second = createKeyUsage(store.database, () => new Date(START + 20_000));
  setTime(10);
  usage.note(tenant, id);
  second.note(tenant, id);
  await Promise.all([second.store(), usage.store()]);
  expect(await lastUsed()).toBe(at(20));
});

test('a use during the statement is not lost', async () => {
  const late: { note?: () => void } = {};
  const database = {
    query: async (...call: Parameters<Database['query']>) => {
      const rows = await store.database.query(...call);
      late.note?.();
      return rows;
    },
  };
  const { usage, id, at, lastUsed, setTime } = await setUp(database as Database);
  late.note = () => {
    setTime(1);
    usage.note(tenant, id);
  };
  usage.note(tenant, id);
  await usage.store();
  delete late.note;
  setTime(61);
  await usage.store();
  expect(await lastUsed()).toBe(at(1));
});
