// Creations that arrive while another one of the tenant is stored: which share a statement, and what becomes of each.
import { setImmediate } from 'node:timers/promises';
import { unavailable } from '../../src/fhir/outcome.ts';
import type { Database } from '../../src/store/database/database.ts';
import { createStores } from '../../src/store/sql-store.ts';
import { openTestStore, type TestStore } from './open.ts';
import { createOf, indexOf } from './resource-changes.ts';

const TENANTS = [1, 2];
let test: TestStore;
/** The names of the statements, in their order. */
const statements: (string | undefined)[] = [];
/** Fails the statements that it returns an error for. */
let failure: (name: string | undefined) => Error | undefined = () => undefined;
const watched = (database: Database): Database => ({
  ...database,
  forRequest: (...request) => watched(database.forRequest(...request)),
  query: async (sql, parameters, name) => {
    statements.push(name);
    const error = failure(name);
    if (error) throw error;
    return database.query(sql, parameters, name);
  },
});
let create: (id: string, more?: Parameters<typeof createOf>[1], tenant?: number) => Promise<number>;
beforeAll(async () => {
  test = await openTestStore();
  const stores = createStores(watched(test.database));
  const [first, second] = TENANTS.map((tenant) => stores.forRequest({ tenant }, { safe: false }));
  create = (id, more, tenant = 1) => (tenant === 1 ? first! : second!).write(tenant, [createOf(id, more)]);
});
afterAll(() => test.close());
beforeEach(() => {
  statements.length = 0;
  failure = () => undefined;
});

const names = (prefix: string, count: number): string[] => Array.from({ length: count }, (_one, n) => `${prefix}-${n}`);
const isStored = async (id: string, tenant = 1): Promise<boolean> => (await test.store.read(tenant, 'Patient', id)) !== undefined;
const areStored = (ids: string[]): Promise<boolean[]> => Promise.all(ids.map((id) => isStored(id)));
const writes = (): (string | undefined)[] => statements.filter((name) => name?.startsWith('write-'));

it('one alone is stored at once, by the statement for one', async () => {
  expect(await create('alone')).toBe(1);
  expect(writes()).toEqual([expect.stringMatching(/^write-create-/)]);
});

it('those that arrive meanwhile share a statement, and each has its version, its history and its index rows', async () => {
  const ids = names('many', 21);
  const rowsOf = (n: number) =>
    indexOf({
      self: String(n),
      tokens: [String(100 + n)],
      strings: [{ parameter: 1, norm: `name ${n}`, low: true, high: true, infix: true }],
    });
  expect(await Promise.all(ids.map((id, n) => create(id, { index: rowsOf(n) })))).toEqual(ids.map(() => 1));
  expect(writes()).toHaveLength(2);
  for (const [n, id] of ids.entries()) {
    expect(await test.store.readVersions(1, 'Patient', id, { count: 5 })).toEqual([
      expect.objectContaining({ version: 1, method: 'POST' }),
    ]);
    const rows = await test.database.query(
      'select tok::text[] as tok, norm from sx join resource using (tenant_id, pid) join sx_string using (tenant_id, pid) where tenant_id = 1 and id = $1',
      [id],
    );
    expect(rows).toEqual([{ tok: [String(100 + n)], norm: `name ${n}` }]);
  }
});

it('a group has at most 32 resources', async () => {
  expect(await Promise.all(names('long', 70).map((id) => create(id)))).toEqual(Array.from({ length: 70 }, () => 1));
  expect(writes()).toHaveLength(4);
});

it('a resource that the database refuses fails alone', async () => {
  const ids = names('bad', 6);
  const outcomes = await Promise.allSettled(ids.map((id, n) => create(id, n === 3 ? { body: '{"text":"\u0000"}' } : {})));
  expect(outcomes.map(({ status }) => status)).toEqual(ids.map((_id, n) => (n === 3 ? 'rejected' : 'fulfilled')));
  expect(await areStored(ids)).toEqual(ids.map((_id, n) => n !== 3));
});

it('an id that is in use is left alone, and only its writer is told', async () => {
  await create('taken', { body: '{"first":true}' });
  const applied = await Promise.all(['new-1', 'new-2', 'taken', 'new-3'].map((id) => create(id)));
  expect(applied).toEqual([1, 1, 0, 1]);
  expect(await test.store.read(1, 'Patient', 'taken')).toMatchObject({ body: '{"first":true}' });
});

it('of several with one id, one is stored', async () => {
  const applied = await Promise.all(['before', 'same', 'same', 'same'].map((id, n) => create(id, { body: `{"n":${n}}` })));
  expect(applied).toEqual([1, 1, 0, 0]);
  expect(await test.store.readVersions(1, 'Patient', 'same', { count: 5 })).toEqual([expect.objectContaining({ body: '{"n":1}' })]);
});

it('each tenant has its own statements', async () => {
  await Promise.all(names('shared', 8).map((id, n) => create(id, {}, TENANTS[n % 2])));
  expect(writes()).toHaveLength(4);
  expect(await Promise.all(names('shared', 8).map((id, n) => isStored(id, TENANTS[n % 2])))).not.toContain(false);
  expect(await Promise.all(names('shared', 8).map((id, n) => isStored(id, TENANTS[(n + 1) % 2])))).not.toContain(true);
});

it('after a lost connection no statement is repeated: it is not known what is stored', async () => {
  failure = (name) => (name === 'write-batch' ? unavailable('the database cannot be reached', 5) : undefined);
  const outcomes = await Promise.allSettled(names('lost', 5).map((id) => create(id)));
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'rejected', 'rejected']);
  expect(writes()).toHaveLength(2);
  failure = () => undefined;
  await setImmediate();
  expect(await create('after')).toBe(1);
});
