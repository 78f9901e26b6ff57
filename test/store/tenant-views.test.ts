// The wall that FACET_RLS=on puts between tenants: what the statements of a request can reach, on one connection after another, and what the start refuses.
import { randomBytes } from 'node:crypto';
import { openMigratedDatabase } from '../../src/server/open-migrated-databases.ts';
import type { Database } from '../../src/store/database/database.ts';
import { migrate, readMigrations } from '../../src/store/database/migrations.ts';
import { openDatabase } from '../../src/store/database/open-database.ts';
import { installTenantViews } from '../../src/store/database/tenant-views.ts';
import type { ResourceChange } from '../../src/store/resources/resource-change.ts';
import { createStores } from '../../src/store/sql-store.ts';
import { onDirect, onOneNode, openTestStore, type TestStore } from './open.ts';
import { createOf, updateOf } from './resource-changes.ts';

const AT = '2026-01-01T00:00:00.000Z';
const OWNER = `facet_test_owner_${randomBytes(5).toString('hex')}`;

let test: TestStore;
let one: Database;
beforeAll(async () => {
  test = await openTestStore({ tenantWall: true });
  one = test.database.forRequest(1, { safe: false });
  for (const tenant of [1, 2]) await test.store.write(tenant, [createOf(`of-${tenant}`)]);
});
afterAll(() => test.close());

const ids = (database: Database) => database.query<{ id: string }>('select id from resource order by id');

const WITHOUT_VIEW = `select c.relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
  where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition and c.relname <> 'report_role' and to_regclass('tenant_rows.' || c.relname) is null`;

onOneNode('a request reads and changes the rows of its tenant only, though its statement names no tenant', async () => {
  expect(await ids(one)).toEqual([{ id: 'of-1' }]);
  expect(await ids(test.database)).toEqual([{ id: 'of-1' }, { id: 'of-2' }]);
  expect(await one.query('update resource set ver = ver returning id')).toEqual([{ id: 'of-1' }]);
  expect(await one.transaction(ids)).toEqual([{ id: 'of-1' }]);
  expect(await ids(test.database.forRequest(3, { safe: true }))).toEqual([]);
});

onOneNode('a request writes no row of another tenant, and reaches no table itself', async () => {
  const lock = 'insert into lock_row (tenant_id, h) values ($1, 1) returning h';
  expect(await one.query(lock, [1])).toEqual([{ h: '1' }]);
  await expect(one.query(lock, [2])).rejects.toThrow('44000');
  await expect(one.query('update lock_row set tenant_id = 2')).rejects.toThrow('44000');
  for (const sql of [
    'select 1 from public.resource',
    'select 1 from report_role',
    'select 1 from setting',
    'create table tenant_rows.mine (a int)',
    'create temp table resource (a int); drop table public.lock_row',
  ])
    await expect(one.script(sql)).rejects.toThrow('42501');
});

onOneNode('the other owners of work are not behind the wall: keys, administration, the server', async () => {
  for (const owner of ['keys', 'administration 1', 'server'] as const)
    expect(await ids(test.database.forRequest(owner, { safe: true }))).toHaveLength(2);
});

onOneNode(
  'every table with a tenant has a view, installed by several processes at once, and again after a migration that changes a table',
  async () => {
    await Promise.all([1, 2, 3].map(() => installTenantViews(test.database)));
    expect(await test.database.query(WITHOUT_VIEW)).toEqual([]);
    const later = {
      name: '9998-views.sql',
      sql: 'create table later_table (tenant_id int not null); alter table lock_row add column later_column int',
      checksum: 'v',
    };
    await migrate(test.database, AT, [...readMigrations(), later]);
    expect(await test.database.query(WITHOUT_VIEW)).toEqual([{ name: 'later_table' }]);
    await expect(one.query('select later_column from lock_row')).rejects.toThrow('42703');
    await installTenantViews(test.database);
    expect(await test.database.query(WITHOUT_VIEW)).toEqual([]);
    expect(await one.query('select later_column from lock_row')).toEqual([{ later_column: null }]);
  },
);

/** On one connection, so that whatever a statement leaves behind meets the next one. */
const onOneConnection = async (preparedStatements: boolean, work: (database: Database) => Promise<void>): Promise<void> => {
  const database = await openDatabase({ url: test.url!, poolSize: 1, tenantWall: true, preparedStatements });
  try {
    await work(database);
  } finally {
    await database.close();
  }
};
const STATE =
  "select current_user::text as role, coalesce(current_setting('facet.tenant', true), '') as tenant, current_setting('plan_cache_mode') as plans";

for (const preparedStatements of [true, false])
  onDirect(
    `tenants take turns on one connection, with failures between them, and leave nothing behind (prepared: ${preparedStatements})`,
    () =>
      onOneConnection(preparedStatements, async (database) => {
        const of = (tenant: number) => database.forRequest(tenant, { safe: false });
        const named = (at: Database) => at.query('select id from resource order by id', [], 'ids');
        const [before] = await database.query(STATE);
        for (let n = 0; n < 3; n++) {
          expect(await named(of(1))).toEqual([{ id: 'of-1' }]);
          await expect(of(1).query('select 1 / 0')).rejects.toThrow();
          expect(await named(of(2))).toEqual([{ id: 'of-2' }]);
          await expect(of(2).transaction(async (inside) => inside.query('select 1 / 0'))).rejects.toThrow();
          expect(await named(database)).toHaveLength(2);
          expect(await of(1).query(STATE)).toEqual([{ ...before, role: 'facet_request', tenant: '1', plans: 'auto' }]);
          expect(await database.query(STATE)).toEqual([{ ...before, tenant: '', plans: 'auto' }]);
        }
      }),
  );

onDirect('many requests of two tenants at once see their own rows', async () => {
  const database = await openDatabase({ url: test.url!, poolSize: 3, tenantWall: true });
  const stores = createStores(database);
  const seen = await Promise.all(
    Array.from({ length: 60 }, async (_one, n) => {
      const tenant = 1 + (n % 2);
      const store = stores.forRequest({ tenant }, { safe: true });
      const [own, others] = [
        await store.read(tenant, 'Patient', `of-${tenant}`),
        await store.read(3 - tenant, 'Patient', `of-${3 - tenant}`),
      ];
      return [own?.version, others];
    }),
  );
  expect(seen).toEqual(seen.map(() => [1, undefined]));
  await database.close();
});

onOneNode('creations and updates that are stored together reach the rows of their tenant only', async () => {
  const { forRequest } = createStores(test.database);
  const write = (tenant: number, change: ResourceChange, of = tenant) =>
    forRequest({ tenant: of }, { safe: false }).write(tenant, [change]);
  const both = <T>(work: (tenant: number) => T): T[] => [1, 2].map(work);
  const ids = ['g-1', 'g-2', 'g-3', 'g-4'];
  expect(await Promise.all(both((tenant) => Promise.all(ids.map((id) => write(tenant, createOf(id))))))).toEqual(both(() => [1, 1, 1, 1]));
  expect(await Promise.all(ids.map((id) => write(1, updateOf(id, 1))))).toEqual([1, 1, 1, 1]);
  const others = Promise.all(ids.map((id) => write(2, updateOf(id, 1), 1)));
  expect(await others).toEqual([0, 0, 0, 0]);
  const readVersions = (tenant: number) => Promise.all(ids.map(async (id) => (await test.store.read(tenant, 'Patient', id))?.version));
  expect(await Promise.all(both(readVersions))).toEqual([
    [2, 2, 2, 2],
    [1, 1, 1, 1],
  ]);
});

onDirect(
  'the start is refused where the owner of the database may not use the role of requests; the commands in the error mend it',
  async () => {
    const url = Object.assign(new URL(test.url!), { username: OWNER, password: 'owner', pathname: `/${OWNER}` }).href;
    await test.database.script(`create role ${OWNER} login password 'owner'`);
    await test.database.script(`create database ${OWNER} owner ${OWNER}`);
    try {
      const mend = `create role facet_request nologin; grant facet_request to "${OWNER}";`;
      await expect(openMigratedDatabase({ url, tenantWall: true })).rejects.toThrow(mend);
      await test.database.script(`grant facet_request to "${OWNER}"`);
      const database = await openMigratedDatabase({ url, tenantWall: true });
      expect(await ids(database.forRequest(1, { safe: true }))).toEqual([]);
      await database.close();
    } finally {
      await test.database.script(`drop database ${OWNER} with (force)`);
      await test.database.script(`drop role ${OWNER}`);
    }
  },
);

onOneNode('the start is refused while the role of requests can read a table itself', async () => {
  await test.database.script('grant select on resource to facet_request');
  await expect(installTenantViews(test.database)).rejects.toThrow('can read the tables themselves');
  await test.database.script('revoke select on resource from facet_request');
  await installTenantViews(test.database);
});

onOneNode('a request records that it wrote an unregistered type, for the installation', async () => {
  const store = createStores(test.database).forRequest({ tenant: 1 }, { safe: false });
  await store.reindexing.markUnregistered('Patient');
  expect((await test.store.reindexing.listRules()).map(({ type }) => type)).toContain('Patient');
});
