// Writes that arrive together, or while another one of the tenant is stored: which share a statement, and what becomes of each.
import { setImmediate } from 'node:timers/promises';
import { unavailable } from '../../src/fhir/outcome.ts';
import type { Database } from '../../src/store/database/database.ts';
import type { ResourceChange } from '../../src/store/resources/resource-change.ts';
import { createStores } from '../../src/store/sql-store.ts';
import { onOneNode, onServer, openTestStore, type TestStore } from './open.ts';
import { createOf, deletionOf, indexOf, updateOf } from './resource-changes.ts';

const TENANTS = [1, 2];
let test: TestStore;
/** The names of the statements, in their order. */
const statements: (string | undefined)[] = [];
/** Fails the statements that it returns an error for. */
let failure: (name: string | undefined) => Error | undefined = () => undefined;
/** All statements wait for it, when it is set. */
let gate: Promise<void> | undefined;
const watched = (database: Database): Database => ({
  ...database,
  forRequest: (...request) => watched(database.forRequest(...request)),
  query: async (sql, parameters, name) => {
    statements.push(name);
    const error = failure(name);
    if (error) throw error;
    await gate;
    return database.query(sql, parameters, name);
  },
});
let write: (change: ResourceChange, tenant?: number) => Promise<number>;
const create = (id: string, more?: Parameters<typeof createOf>[1], tenant = 1): Promise<number> => write(createOf(id, more), tenant);
beforeAll(async () => {
  test = await openTestStore();
  const stores = createStores(watched(test.database));
  const [first, second] = TENANTS.map((tenant) => stores.forRequest({ tenant }, { safe: false }));
  write = (change, tenant = 1) => (tenant === 1 ? first! : second!).write(tenant, [change]);
});
afterAll(() => test.close());
beforeEach(() => {
  statements.length = 0;
  failure = () => undefined;
  gate = undefined;
});

const names = (prefix: string, count: number): string[] => Array.from({ length: count }, (_one, n) => `${prefix}-${n}`);
const isStored = async (id: string, tenant = 1): Promise<boolean> => (await test.store.read(tenant, 'Patient', id)) !== undefined;
const readVersions = async (id: string): Promise<number[]> =>
  (await test.store.readVersions(1, 'Patient', id, { count: 9 })).map(({ version }) => version);
const areStored = (ids: string[]): Promise<boolean[]> => Promise.all(ids.map((id) => isStored(id)));
const writes = (): (string | undefined)[] => statements.filter((name) => name?.startsWith('write-'));

it('one alone is stored by the statement for one', async () => {
  expect(await create('alone')).toBe(1);
  expect(writes()).toEqual([expect.stringMatching(/^write-create-/)]);
});

it('those that arrive together share a statement, and each has its version, its history and its index rows', async () => {
  const ids = names('many', 21);
  const rowsOf = (n: number) =>
    indexOf({
      self: String(n),
      tokens: [String(100 + n)],
      strings: [{ parameter: 1, norm: `name ${n}`, low: true, high: true, infix: true }],
    });
  expect(await Promise.all(ids.map((id, n) => create(id, { index: rowsOf(n) })))).toEqual(ids.map(() => 1));
  expect(writes()).toEqual(['write-batch-create']);
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
  expect(await Promise.all(names('long', 65).map((id) => create(id)))).toEqual(Array(65).fill(1));
  expect(writes()).toEqual(['write-batch-create', 'write-batch-create', expect.stringMatching(/^write-create-/)]);
});

it('those that arrive while another one is stored share a statement', async () => {
  const passed = Promise.withResolvers<void>();
  gate = passed.promise;
  const all = [create('under-way')];
  await setImmediate();
  for (const id of names('meanwhile', 3)) {
    all.push(create(id));
    await setImmediate();
  }
  expect(writes()).toHaveLength(1);
  passed.resolve();
  expect(await Promise.all(all)).toEqual([1, 1, 1, 1]);
  expect(writes()).toEqual([expect.stringMatching(/^write-create-/), 'write-batch-create']);
});

it('a resource that the database refuses fails alone', async () => {
  const ids = names('bad', 6);
  const outcomes = await Promise.allSettled(ids.map((id, n) => create(id, n === 3 ? { body: '{"text":"\u0000"}' } : {})));
  expect(outcomes.map(({ status }) => status)).toEqual(ids.map((_id, n) => (n === 3 ? 'rejected' : 'fulfilled')));
  expect(await areStored(ids)).toEqual(ids.map((_id, n) => n !== 3));
});

it('an id that is in use is left alone, and only its writer is told', async () => {
  await create('taken', { body: '{"first":true}' });
  statements.length = 0;
  const applied = await Promise.all(['new-1', 'new-2', 'taken', 'new-3'].map((id) => create(id)));
  expect(applied).toEqual([1, 1, 0, 1]);
  expect(writes()).toEqual(['write-batch-create']);
  expect(await test.store.read(1, 'Patient', 'taken')).toMatchObject({ body: '{"first":true}' });
});

it('of several with one id, one is stored', async () => {
  const applied = await Promise.all(['before', 'same', 'same', 'same'].map((id, n) => create(id, { body: `{"n":${n}}` })));
  expect(applied).toEqual([1, 1, 0, 0]);
  expect(await test.store.readVersions(1, 'Patient', 'same', { count: 5 })).toEqual([expect.objectContaining({ body: '{"n":1}' })]);
});

it('each tenant has its own statements', async () => {
  await Promise.all(names('shared', 8).map((id, n) => create(id, {}, TENANTS[n % 2])));
  expect(writes()).toHaveLength(2);
  expect(await Promise.all(names('shared', 8).map((id, n) => isStored(id, TENANTS[n % 2])))).not.toContain(false);
  expect(await Promise.all(names('shared', 8).map((id, n) => isStored(id, TENANTS[(n + 1) % 2])))).not.toContain(true);
});

it('after a lost connection no statement is repeated: it is not known what is stored', async () => {
  failure = (name) => (name === 'write-batch-create' ? unavailable('the database cannot be reached', 5) : undefined);
  const outcomes = await Promise.allSettled(names('lost', 5).map((id) => create(id)));
  expect(outcomes.map(({ status }) => status)).toEqual(Array(5).fill('rejected'));
  expect(writes()).toHaveLength(1);
  failure = () => undefined;
  expect(await create('after')).toBe(1);
});

const named = (name: string) => indexOf({ strings: [{ parameter: 1, norm: name, low: true, high: true, infix: true }] });
/** The strings and tokens by which a patient is found. */
const readIndexed = async (id: string): Promise<unknown> =>
  (
    await test.database.query(
      `select tok::text[] as tok, (select array_agg(norm) from sx_string s where s.tenant_id = 1 and s.pid = sx.pid) as names
       from sx join resource using (tenant_id, pid) where tenant_id = 1 and id = $1`,
      [id],
    )
  )[0];

onOneNode(
  'updates and creations share a statement, and an update keeps the version before and replaces the index rows that changed',
  async () => {
    const ids = names('edited', 6);
    await Promise.all(ids.map((id) => create(id, { index: named(`old ${id}`) })));
    statements.length = 0;
    const isKept = (n: number): boolean => n % 2 === 0;
    const updates = ids.map((id, n) =>
      updateOf(id, 1, {
        index: { ...named(`${isKept(n) ? 'old' : 'new'} ${id}`), tokens: [String(n)] },
        ...(isKept(n) && { replaced: named(`old ${id}`) }),
      }),
    );
    const created = names('beside', 3);
    const changes = [...updates, ...created.map((id) => createOf(id))];
    expect(await Promise.all(changes.map((change) => write(change)))).toEqual(changes.map(() => 1));
    expect(writes()).toEqual(['write-batch-skip-locked']);
    for (const [n, id] of ids.entries()) {
      expect(await readVersions(id)).toEqual([2, 1]);
      expect(await readIndexed(id)).toEqual({ tok: [String(n)], names: [`${isKept(n) ? 'old' : 'new'} ${id}`] });
    }
    expect(await areStored(created)).toEqual([true, true, true]);
  },
);

it('an update of a version that is no longer current is not applied, and those beside it are', async () => {
  const ids = names('stale', 5);
  await Promise.all(ids.map((id) => create(id)));
  await write(updateOf('stale-2', 1));
  await write(deletionOf('stale-3', 1));
  expect(await Promise.all(ids.map((id) => write(updateOf(id, 1))))).toEqual([1, 1, 0, 0, 1]);
  expect(await Promise.all(ids.map(readVersions))).toEqual([
    [2, 1],
    [2, 1],
    [2, 1],
    [2, 1],
    [2, 1],
  ]);
});

onOneNode('a resource that is written again and again does not hold up the others', async () => {
  await create('hot');
  statements.length = 0;
  const hot = Array.from({ length: 6 }, () => write(updateOf('hot', 1)));
  const others = names('cold', 5).map((id) => create(id));
  expect(await Promise.all(others)).toEqual([1, 1, 1, 1, 1]);
  // one of the hot ones beside the others
  expect(writes()[0]).toBe('write-batch-skip-locked');
  expect((await Promise.all(hot)).toSorted()).toEqual([0, 0, 0, 0, 0, 1]);
});

it('a group has at most a million characters, and a longer resource is stored alone', async () => {
  const body = (length: number) => ({ body: `{"text":"${'x'.repeat(length)}"}` });
  await Promise.all([
    create('size-0'),
    create('size-1', body(600_000)),
    create('size-2', body(600_000)),
    create('size-3', body(1_200_000)),
  ]);
  expect(writes()).toHaveLength(3);
});

it('of several updates of one version, one is applied', async () => {
  await create('contended');
  const applied = await Promise.all(names('writer', 6).map((actor) => write(updateOf('contended', 1, { actor }))));
  expect(applied.filter((count) => count === 1)).toHaveLength(1);
  expect(await readVersions('contended')).toEqual([2, 1]);
});

it('an update that the database refuses fails alone', async () => {
  const ids = names('refused', 5);
  await Promise.all(ids.map((id) => create(id)));
  const outcomes = await Promise.allSettled(ids.map((id, n) => write(updateOf(id, 1, n === 3 ? { body: '{"text":"\u0000"}' } : {}))));
  expect(outcomes.map(({ status }) => status)).toEqual(ids.map((_id, n) => (n === 3 ? 'rejected' : 'fulfilled')));
  expect(await Promise.all(ids.map(readVersions))).toEqual(ids.map((_id, n) => (n === 3 ? [1] : [2, 1])));
});

onServer(
  'an update waits for the transaction that has locked its resource, alone or in a group, and no other write waits with it',
  async () => {
    const ids = names('locked', 5);
    await Promise.all(ids.map((id) => create(id)));
    let [isLocked, release] = [(): void => undefined, (): void => undefined];
    const lock = new Promise<void>((resolve) => {
      isLocked = resolve;
    });
    const end = new Promise<void>((resolve) => {
      release = resolve;
    });
    const holder = test.database.transaction(async (transaction) => {
      await transaction.query(`select from resource where tenant_id = 1 and id in ('locked-0', 'locked-2') for update`);
      isLocked();
      await end;
    });
    await lock;
    statements.length = 0;
    const done: string[] = [];
    const update = (id: string): Promise<number> => write(updateOf(id, 1)).finally(() => done.push(id));
    const all = [update(ids[0]!)];
    await setImmediate();
    all.push(...ids.slice(1).map(update));
    const free = [1, 3, 4].map((n) => all[n]!);
    expect(await Promise.all([...free, create('after-locked')])).toEqual([1, 1, 1, 1]);
    expect(done.toSorted()).toEqual(['locked-1', 'locked-3', 'locked-4']);
    expect(writes()[0]).toMatch(/^write-update-skip-locked-/);
    expect(writes()).toContain('write-batch-skip-locked');
    release();
    await holder;
    expect(await Promise.all(all)).toEqual([1, 1, 1, 1, 1]);
    expect(await Promise.all(ids.map(readVersions))).toEqual(ids.map(() => [2, 1]));
  },
);
