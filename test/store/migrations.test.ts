// Migrations run once, with concurrent and repeated starts, and a changed file is refused.
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findApiKey, listApiKeys } from '../../src/store/api-keys.ts';
import type { Database } from '../../src/store/database/database.ts';
import { listMigrations, type Migration, migrate, readMigrations } from '../../src/store/database/migrations.ts';
import { openDatabase } from '../../src/store/database/open-database.ts';
import { splitCommands } from '../../src/store/database/split-commands.ts';
import { installTenantViews } from '../../src/store/database/tenant-views.ts';
import { until } from '../until.ts';
import { onServer, openTestStore, type TestStore } from './open.ts';

const AT = '2026-01-01T00:00:00.000Z';
const small = (name: string, sql: string): Migration => ({ name, sql, checksum: `checksum of ${sql}` });
const ONE = small('0001-one.sql', 'create table one (a int); insert into one values (1);');
const TWO = small('0002-two.sql', 'alter table one add b int;');

let test: TestStore;
let first: Database;
let second: Database;
beforeAll(async () => {
  test = await openTestStore();
  first = test.database;
  second = test.url === undefined ? first : await openDatabase({ url: test.url });
});
beforeEach(dropTables);
afterAll(async () => {
  await dropTables();
  if (second !== first) await second.close();
  await test.close();
});

/** What the migrations made, but for a schema of its own: Citus has its tables' shards in it, and drops no schema with them. */
async function dropTables(): Promise<void> {
  const [tables] = await first.query<{ names: string | null }>(
    "select string_agg(quote_ident(tablename), ', ') as names from pg_tables where schemaname = 'public'",
  );
  if (tables?.names) await first.script(`drop table ${tables.names} cascade`);
}

it('brings an empty database to the newest shape, and does nothing the second time', async () => {
  const names = readMigrations().map((migration) => migration.name);
  expect(await migrate(first, AT)).toEqual(names);
  expect(await migrate(first, AT)).toEqual([]);
  expect(await first.query('select name from migration order by name')).toEqual(names.map((name) => ({ name })));
});

it('two processes may start at once: each migration runs in one of them', async () => {
  const ran = await Promise.all([migrate(first, AT), migrate(second, AT), migrate(first, AT), migrate(second, AT)]);
  expect(ran.flat().sort()).toEqual(readMigrations().map((migration) => migration.name));
});

it('continues after the migrations of an older version', async () => {
  expect(await migrate(first, AT, [ONE])).toEqual(['0001-one.sql']);
  expect(await migrate(first, AT, [ONE, TWO])).toEqual(['0002-two.sql']);
  expect(await first.query('select * from one')).toEqual([{ a: 1, b: null }]);
});

it('keeps the keys of an earlier release valid, and refuses its revoked keys', async () => {
  const all = readMigrations();
  const before = all.filter(({ name }) => name < '0029');
  await migrate(first, AT, before);
  const hashes = ['a key', 'a revoked key'].map((text) => createHash('sha256').update(text).digest());
  await first.query("insert into tenant (slug, name, created_at) values ('demo', 'Demo', $1)", [AT]);
  await first.query(
    `insert into api_key (tenant_id, key_id, surface, scopes, secret_hash, created_at, revoked_at)
      select tenant_id, 'key-1', 'fhir', '{read}'::text[], $2::bytea, $1::timestamptz, null::timestamptz from tenant
      union all select tenant_id, 'key-2', 'fhir', '{read}', $3, $1, $1 from tenant`,
    [AT, ...hashes],
  );
  await migrate(first, AT);
  expect(await findApiKey(first, 'a key', AT)).toMatchObject({
    id: 'key-1',
    surface: 'fhir',
    scopes: ['read'],
    brand: 'demo',
    state: 'active',
  });
  expect(await findApiKey(first, 'a revoked key', AT)).toMatchObject({ id: 'key-2', state: 'revoked' });
  expect((await listApiKeys(first, 1)).map(({ createdBy, lastUsed, replacedBy }) => [createdBy, lastUsed, replacedBy])).toEqual([
    [null, null, null],
    [null, null, null],
  ]);
});

it('gives an organisation, or a person, the idempotency keys that stood under an API key, the answered one where there are two', async () => {
  const all = readMigrations();
  const before = all.findIndex(({ name }) => name.startsWith('0015'));
  await migrate(first, AT, all.slice(0, before));
  await first.script(`
    insert into tenant (slug, name, created_at) values ('a', 'A', '${AT}');
    insert into api_key (tenant_id, key_id, surface, scopes, secret_hash, created_at, patient)
      select 1, key_id, 'loop', '{}', decode('00', 'hex'), '${AT}', patient from (values ('old', null), ('new', null), ('person', 'ada')) as k (key_id, patient);
    insert into idempotency_key (tenant_id, caller, route, key, hash, response, created_at)
      select 1, caller, 'POST /v1/lab-orders', key, 'h', response, '${AT}'
      from (values ('old', 'one', 'answer'), ('new', 'one', null), ('new', 'two', null), ('person', 'one', 'mine')) as i (caller, key, response);`);
  expect(await migrate(first, AT)).toEqual(all.slice(before).map(({ name }) => name));
  expect(await first.query('select caller, key, response from idempotency_key order by 1, 2')).toEqual([
    { caller: 'loop', key: 'one', response: 'answer' },
    { caller: 'loop', key: 'two', response: null },
    { caller: 'loop/ada', key: 'one', response: 'mine' },
  ]);
});

it('moves who wrote a current version to its resource, and leaves the versions before it', async () => {
  const all = readMigrations();
  await migrate(
    first,
    AT,
    all.filter(({ name }) => name < '0042'),
  );
  await first.script(`
    insert into resource (tenant_id, rtype, id, ver, lu, created, body) values (1, 1, 'once', 1, '${AT}', '${AT}', '{"v":1}'),
      (1, 1, 'twice', 2, '${AT}', '${AT}', '{"v":2}'), (1, 1, 'gone', 2, '${AT}', '${AT}', null), (1, 1, 'lost', 1, '${AT}', '${AT}', '{}');
    insert into resource_history (tenant_id, pid, ver, lu, method, actor, body)
      select 1, pid, h.ver, '${AT}', method, actor, h.body from resource join (values
        ('once', 1, 'POST', 'ann', '{"v":1}'), ('twice', 1, 'POST', 'ann', '{"v":1}'), ('twice', 2, 'PUT', 'bob', '{"v":2}'),
        ('gone', 1, 'POST', 'ann', '{"v":1}'), ('gone', 2, 'DELETE', 'cid', null)) as h (id, ver, method, actor, body) using (id)`);
  if (!first.isDistributed()) await installTenantViews(first);
  await migrate(first, AT);
  expect(await first.query("select to_regclass('tenant_rows.resource_history') as view")).toEqual([{ view: null }]);
  expect(await first.query('select id, ver, method, actor, body from resource order by id')).toEqual([
    { id: 'gone', ver: 2, method: 'DELETE', actor: 'cid', body: null },
    { id: 'lost', ver: 1, method: 'PUT', actor: 'unknown', body: '{}' },
    { id: 'once', ver: 1, method: 'POST', actor: 'ann', body: '{"v":1}' },
    { id: 'twice', ver: 2, method: 'PUT', actor: 'bob', body: '{"v":2}' },
  ]);
  expect(
    await first.query('select id, p.ver, p.method, p.actor, p.body from past_version p join resource using (pid) order by id'),
  ).toEqual([
    { id: 'gone', ver: 1, method: 'POST', actor: 'ann', body: '{"v":1}' },
    { id: 'twice', ver: 1, method: 'POST', actor: 'ann', body: '{"v":1}' },
  ]);
});

it('runs nothing on a database that an earlier version has migrated, and continues from there', async () => {
  const all = readMigrations();
  // the statements of the first releases
  await first.script(
    'create table if not exists migration (name text collate "C" primary key, checksum text not null, applied_at timestamptz(3) not null)',
  );
  for (const { name, sql, transaction } of all.slice(0, -1)) {
    if (transaction === false) await first.runOutsideTransaction(splitCommands(sql));
    else await first.script(sql);
    const checksum = createHash('sha256').update(sql).digest('hex');
    await first.query('insert into migration values ($1, $2, $3)', [name, checksum, '2025-01-01T00:00:00.000Z']);
  }
  expect(await migrate(first, AT)).toEqual([all.at(-1)!.name]);
  expect(await migrate(first, AT)).toEqual([]);
  expect(await first.query('select min(applied_at) as first, max(applied_at) as last from migration')).toEqual([
    { first: '2025-01-01T00:00:00.000Z', last: AT },
  ]);
});

describe('a file whose first line is -- transaction: false', () => {
  const concurrently = (more = ''): Migration => ({
    ...small('0002-index.sql', `-- transaction: false\ndrop index if exists one_a; ${more}create index concurrently one_a on one (a);`),
    transaction: false,
  });
  const indexes = async () => (await first.query("select indexname from pg_indexes where tablename = 'one'")).length;

  it('is recognised by that line', () => {
    const folder = mkdtempSync(join(tmpdir(), 'facet-migrations-'));
    writeFileSync(join(folder, '0001-a.sql'), '-- transaction: false\nselect 1;\n');
    writeFileSync(join(folder, '0002-b.sql'), 'select 2; -- transaction: false\n');
    expect(readMigrations(folder).map(({ transaction }) => transaction)).toEqual([false, undefined]);
    rmSync(folder, { recursive: true });
  });

  it('builds an index concurrently, once', async () => {
    expect(await migrate(first, AT, [ONE, concurrently()])).toEqual(['0001-one.sql', '0002-index.sql']);
    expect(await migrate(first, AT, [ONE, concurrently()])).toEqual([]);
    expect(await indexes()).toBe(1);
  });

  it('runs again at the next start when it failed', async () => {
    await expect(migrate(first, AT, [ONE, concurrently('select b from one; ')])).rejects.toThrow(
      'migrations/0002-index.sql, line 2: the database returned error 42703',
    );
    expect(await indexes()).toBe(0);
    expect(await migrate(first, AT, [ONE, concurrently()])).toEqual(['0002-index.sql']);
  });

  onServer('runs in one of several processes that start at once; the others wait', async () => {
    await migrate(first, AT, [ONE]);
    const slow = concurrently('select pg_sleep(0.2); ');
    const ran = await Promise.all([migrate(first, AT, [ONE, slow]), migrate(second, AT, [ONE, slow]), migrate(first, AT, [ONE, slow])]);
    expect(ran.flat()).toEqual(['0002-index.sql']);
  });

  onServer('is unlocked when the connection of the running process ends', async () => {
    await migrate(first, AT, [ONE]);
    const killed = migrate(second, AT, [ONE, concurrently('select pg_sleep(60); ')]).catch((error: Error) => error);
    const running = "datname = current_database() and pid <> pg_backend_pid() and state = 'active' and query ~ 'pg_sleep'";
    await until(
      () => first.query(`select 1 from pg_stat_activity where ${running}`),
      (rows) => rows.length > 0,
    );
    await first.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where ${running} or (datname = current_database() and state = 'idle in transaction')`,
    );
    expect(await killed).toBeInstanceOf(Error);
    expect(await migrate(first, AT, [ONE, concurrently()])).toEqual(['0002-index.sql']);
  });
});

it('lists what ran, what is pending, what was changed, and what a newer version ran; also on an empty database', async () => {
  expect(await listMigrations(first, [ONE])).toEqual([{ name: '0001-one.sql', state: 'pending', appliedAt: null }]);
  const three = small('0003-three.sql', 'select 3;');
  await migrate(first, AT, [ONE, TWO, three]);
  expect(await listMigrations(first, [ONE, { ...TWO, checksum: 'another' }, small('0004-four.sql', 'select 4;')])).toEqual([
    { name: '0001-one.sql', state: 'applied', appliedAt: AT },
    { name: '0002-two.sql', state: 'changed', appliedAt: AT },
    { name: '0003-three.sql', state: 'unknown', appliedAt: AT },
    { name: '0004-four.sql', state: 'pending', appliedAt: null },
  ]);
});

it('refuses a file that was changed after it ran, and names it', async () => {
  await migrate(first, AT, [ONE, TWO]);
  const changed = small('0002-two.sql', 'alter table one add c int;');
  await expect(migrate(first, AT, [ONE, changed])).rejects.toThrow('migrations/0002-two.sql was changed after it ran');
});

it('refuses a database that a newer version has migrated', async () => {
  await migrate(first, AT, [ONE, TWO]);
  await expect(migrate(first, AT, [ONE])).rejects.toThrow('the database has migration 0002-two.sql, which this version does not have');
});

it('rolls back a failed migration, and names the file and line', async () => {
  const broken = small('0002-broken.sql', 'create table two (a int);\nselect 1;\nselect b from one;');
  await expect(migrate(first, AT, [ONE, broken])).rejects.toThrow('migrations/0002-broken.sql, line 3: the database returned error 42703');
  expect(await first.query("select 1 from pg_tables where tablename = 'two'")).toEqual([]);
  expect(await migrate(first, AT, [ONE, TWO])).toEqual(['0002-two.sql']);
});

it('sends the commands of a file one by one, as Citus needs them', async () => {
  const moment = "insert into moment values (statement_timestamp(), ';');";
  await migrate(first, AT, [
    small('0001-moments.sql', `create table moment (at timestamptz, what text); ${moment} select pg_sleep(0.01); ${moment}`),
  ]);
  expect(await first.query('select count(distinct at)::int as messages from moment')).toEqual([{ messages: 2 }]);
});

it('runs the Citus variant only if the tables are distributed', async () => {
  await migrate(first, AT, [{ ...ONE, onCitus: 'select nothing' }]);
  expect(await first.query('select a from one')).toEqual([{ a: 1 }]);
});

it('reads the files in the order of their numbers, the same with either line end', () => {
  const folder = mkdtempSync(join(tmpdir(), 'facet-migrations-'));
  writeFileSync(join(folder, '0002-b.sql'), 'select 2;\r\n');
  writeFileSync(join(folder, '0001-a.sql'), 'select 1;\n');
  writeFileSync(join(folder, 'notes.md'), 'not a migration');
  const windows = readMigrations(folder);
  writeFileSync(join(folder, '0002-b.sql'), 'select 2;\n');
  expect(windows.map((migration) => migration.name)).toEqual(['0001-a.sql', '0002-b.sql']);
  expect(readMigrations(folder)).toEqual(windows);
  rmSync(folder, { recursive: true });
});
