// Row-level security for clients of the database other than the server: every table with a tenant has its policy, and a role for reports reads one tenant only.
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import type { Database } from '../../src/store/database/database.ts';
import { migrate, readMigrations } from '../../src/store/database/migrations.ts';
import { openDatabase } from '../../src/store/database/open-database.ts';
import { bindReportRole, releaseReportRole } from '../../src/store/report-roles.ts';
import { createTenant } from '../../src/store/tenants.ts';
import { onDirect, onOneNode, openTestStore, type TestStore } from './open.ts';
import { createOf, updateOf } from './resource-changes.ts';

const AT = '2026-01-01T00:00:00.000Z';
/** Roles belong to the whole server of databases, where other tests run too. */
const ROLE = `facet_test_reports_${randomBytes(5).toString('hex')}`;
const SERVER = `${ROLE}_server`;

let test: TestStore;
let own: number;
let others: number;
beforeAll(async () => {
  test = await openTestStore();
  [own, others] = (await Promise.all(
    ['own', 'others'].map(async (slug) => (await createTenant(test.database, { slug, name: slug, at: AT }))!.id),
  )) as [number, number];
  for (const [tenant, id] of [
    [own, 'mine'],
    [others, 'theirs'],
  ] as const)
    for (const change of [createOf(id), updateOf(id, 1)]) await test.store.write(tenant, [change]);
  await test.database.script(`create role ${ROLE} login password 'reports'; create role ${SERVER} login password 'server'`);
});
afterAll(async () => {
  for (const role of [ROLE, SERVER]) await test.database.script(`drop owned by ${role}; drop role ${role}`);
  await test.close();
});

/** What the role finds, as a client that is logged in as it. */
const asRole = <T extends object>(sql: string): Promise<T[]> =>
  test.database.transaction(async (transaction: Database) => {
    await transaction.script(`set local role ${ROLE}`);
    return transaction.query<T>(sql);
  });

const UNPROTECTED = `select c.relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
  where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition and not (c.relrowsecurity and exists (
    select from pg_policy p where p.polrelid = c.oid and pg_get_expr(p.polqual, c.oid) = '(tenant_id = report_tenant(CURRENT_USER))'))`;

onOneNode('every table with a tenant has the policy, also one that a later migration creates', async () => {
  expect(await test.database.query(UNPROTECTED)).toEqual([]);
  await test.database.script('create table made_by_hand (tenant_id int)');
  expect(await test.database.query(UNPROTECTED)).toEqual([{ name: 'made_by_hand' }]);
  const later = { name: '9999-later.sql', sql: 'create table later (tenant_id int not null, a int)', checksum: 'later' };
  await migrate(test.database, AT, [...readMigrations(), later]);
  expect(await test.database.query(UNPROTECTED)).toEqual([]);
});

onOneNode('a role that is bound to no tenant reads nothing, whatever it is granted', async () => {
  await test.database.script(`grant select on resource, tenant to ${ROLE}`);
  expect(await asRole('select 1 from resource')).toEqual([]);
  expect(await asRole('select 1 from tenant')).toEqual([]);
});

onOneNode('a role for reports reads its tenant only, and writes nothing', async () => {
  expect(await bindReportRole(test.database, own, ROLE)).toBeUndefined();
  expect(await bindReportRole(test.database, own, ROLE)).toBeUndefined();
  expect(await asRole('select id from resource')).toEqual([{ id: 'mine' }]);
  expect(await asRole('select distinct tenant_id from past_version')).toEqual([{ tenant_id: own }]);
  expect(await asRole('select slug from tenant')).toEqual([{ slug: 'own' }]);
  expect(await asRole(`select id from resource where tenant_id = ${others}`)).toEqual([]);
  for (const sql of [
    'delete from resource',
    'select * from api_key',
    'select * from outbox',
    'select * from lab_account',
    'select * from report_role',
  ])
    await expect(asRole(sql)).rejects.toThrow('42501');
});

onOneNode('no setting that a client can change, and no table of its own, makes a role read another tenant', async () => {
  const tries = [`set local facet.tenant = ${others}`, 'set local row_security = off', `set local search_path = pg_temp, public`];
  for (const sql of tries) {
    const seen = test.database.transaction(async (transaction) => {
      await transaction.script(`set local role ${ROLE}; ${sql}; create temp table report_role (role_name text, tenant_id int) on commit drop;
        insert into report_role values ('${ROLE}', ${others})`);
      return transaction.query('select id from public.resource');
    });
    // row_security = off turns what the policy would hide into an error
    if (sql.includes('off')) await expect(seen).rejects.toThrow('42501');
    else expect(await seen).toEqual([{ id: 'mine' }]);
  }
});

onOneNode('refuses a role for two tenants, a role that does not exist, and a role that the policies do not hold', async () => {
  expect(await bindReportRole(test.database, others, ROLE)).toBe('other tenant');
  expect(await bindReportRole(test.database, own, 'nobody "here"')).toBe('no such role');
  const [self] = await test.database.query<{ name: string }>('select current_user::text as name');
  expect(await bindReportRole(test.database, own, self!.name)).toBe('not held');
});

onOneNode('a role that is removed reads nothing', async () => {
  expect(await releaseReportRole(test.database, others, ROLE)).toBe(false);
  expect(await releaseReportRole(test.database, own, ROLE)).toBe(true);
  await expect(asRole('select pid from past_version')).rejects.toThrow('42501');
});

onDirect('a login of the role sees its tenant, and a server that logs in as a role that is held does not start', async () => {
  await bindReportRole(test.database, own, ROLE);
  const login = (user: string, password: string): string => Object.assign(new URL(test.url!), { username: user, password }).href;
  const client = new pg.Client(login(ROLE, 'reports'));
  await client.connect();
  expect((await client.query('select id from resource')).rows).toEqual([{ id: 'mine' }]);
  await client.end();
  await test.database.script(`grant all on schema public to ${SERVER}; grant all on all tables in schema public to ${SERVER}`);
  const server = await openDatabase({ url: login(SERVER, 'server') });
  const all = [...readMigrations(), { name: '9999-later.sql', sql: '', checksum: 'later' }];
  await expect(migrate(server, AT, all)).rejects.toThrow(`the database role "${SERVER}" does not own the tables`);
  await server.close();
});
