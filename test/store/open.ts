// Opens a fresh, migrated store for one test file: a database on PostgreSQL (TEST_DATABASE_URL), otherwise the embedded engine in memory. TEST_DATABASE_SHARED:
// databases of that server (`one,two`), each emptied when it is opened, because a template cannot carry the shards of a Citus cluster. TEST_DATABASE_POOLER:
// the pooler (host:port) through which the tests connect to the databases that are created at the URL.
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { extract } from 'tar';
import { ROOT } from '../../src/root.ts';
import type { Database } from '../../src/store/database/database.ts';
import { createEmbeddedDatabase, startEngine } from '../../src/store/database/embedded.ts';
import { distributeTables, migrate, readMigrations } from '../../src/store/database/migrations.ts';
import { openDatabase } from '../../src/store/database/open-database.ts';
import { installTenantViews } from '../../src/store/database/tenant-views.ts';
import { createStore } from '../../src/store/sql-store.ts';
import type { Store } from '../../src/store/store.ts';

export const SERVER_URL = process.env.TEST_DATABASE_URL;
const SHARED = process.env.TEST_DATABASE_SHARED?.split(',');
const POOLER = process.env.TEST_DATABASE_POOLER;
/** `it` for what only one of the engines can show. */
export const onServer = testIf(SERVER_URL !== undefined);
/** `it` for what is seen on a PostgreSQL connection alone: not through a pooler, and not on Citus (a shared database), where no statement is prepared. */
export const onDirect = testIf(SERVER_URL !== undefined && POOLER === undefined && SHARED === undefined);
/** `it` for what asks the planner of one database: on Citus each shard has its own. */
export const onOneNode = testIf(SHARED === undefined);
export const onEmbedded = testIf(SERVER_URL === undefined);
const AT = '2026-01-01T00:00:00.000Z';
const EXISTS = '42P04';
const hashParts = (parts: readonly string[]): string => createHash('sha256').update(parts.join()).digest('hex').slice(0, 12);
const MIGRATIONS = readMigrations().map((migration) => migration.checksum);
/** Kept between runs; another set of migrations makes another one. */
const SERVER_TEMPLATE = `facet_test_template_${hashParts(MIGRATIONS)}`;

const ENGINE_PACKAGE = join(ROOT, 'node_modules/@electric-sql/pglite/package.json');
/**
 * Statements that make each start of the embedded engine cheaper: PostgreSQL fills its buffers with zeros, and the databases from which others are made are
 * two thirds of the files.
 */
const SAVINGS = [
  `alter system set shared_buffers = '16MB'`,
  'update pg_database set datistemplate = false',
  'drop database template0',
  'drop database template1',
];
/** Kept between runs; other migrations, another version of the engine and other statements make another one. */
const SNAPSHOT = join(tmpdir(), `facet-test-embedded-${hashParts([...MIGRATIONS, readFileSync(ENGINE_PACKAGE, 'utf8'), ...SAVINGS])}.tar`);

export interface TestStore {
  database: Database;
  store: Store;
  /** Where a second process or pool finds the same database; undefined on the embedded engine. */
  url: string | undefined;
  close(): Promise<void>;
}

/** TEST_DATABASE_RLS=on: every server of the tests has the wall between tenants. */
const WALL = process.env.TEST_DATABASE_RLS === 'on';

/** Opens an empty store of the newest shape. `tenantWall`: as FACET_RLS=on. Close it in `afterAll`. */
export async function openTestStore({ tenantWall = WALL }: { tenantWall?: boolean } = {}): Promise<TestStore> {
  const test = await (SERVER_URL === undefined ? openEmbedded(tenantWall) : openOnServer(SERVER_URL, tenantWall));
  if (tenantWall) await installTenantViews(test.database);
  return test;
}

/** A new database without tables; where databases are shared, one of them with empty tables. */
export async function emptyServerDatabase(server: string): Promise<{ url: string; drop(): Promise<void> }> {
  if (SHARED) return sharedDatabase(server, SHARED);
  const { name, drop } = await newDatabase(server);
  return { url: reachedAt(server, name), drop };
}

async function newDatabase(server: string): Promise<{ name: string; drop(): Promise<void> }> {
  const name = freshName();
  // of this template, unlike of the other one, nobody has a connection, which would refuse it
  await asAdmin(server, `create database ${name} template template0`);
  return { name, drop: () => asAdmin(server, `drop database ${name} with (force)`) };
}

async function openOnServer(server: string, tenantWall: boolean): Promise<TestStore> {
  const { url, drop } = await migratedServerDatabase(server);
  const database = await openDatabase({ url, tenantWall });
  return { database, store: createStore(database), url, close: () => database.close().then(drop) };
}

/** A database of the newest shape for processes of the server; where databases are shared, one of them. */
export function migratedServerDatabase(server: string): Promise<{ url: string; drop(): Promise<void> }> {
  return SHARED ? sharedDatabase(server, SHARED) : clonedDatabase(server);
}

/** Fills an empty directory with an embedded database of the newest shape. */
export async function fillDatabaseDirectory(directory: string): Promise<void> {
  await embeddedSnapshot();
  await extract({ file: SNAPSHOT, cwd: directory });
}

async function clonedDatabase(server: string): Promise<{ url: string; drop(): Promise<void> }> {
  const template = await serverTemplate(server);
  const name = freshName();
  await asAdmin(server, `create database ${name} template ${template}`);
  return { url: reachedAt(server, name), drop: () => asAdmin(server, `drop database ${name} with (force)`) };
}

const TABLES = `select string_agg(quote_ident(tablename), ', ') as names from pg_tables where schemaname = 'public' and tablename <> 'migration'`;

/** One of the shared databases, because a test may have several open: one that was closed, else the one that was opened first, by a test that failed. */
async function sharedDatabase(server: string, names: string[]): Promise<{ url: string; drop(): Promise<void> }> {
  const name = names.shift()!;
  names.push(name);
  await emptyOut(urlOf(server, name));
  const drop = async () => void names.unshift(...names.splice(names.indexOf(name), 1));
  return { url: reachedAt(server, name), drop };
}

/** Leaves the database with the newest shape, distributed where the engine is Citus, and empty. */
async function emptyOut(url: string): Promise<void> {
  const database = await openDatabase({ url });
  await migrate(database, AT);
  const citus = await database.query("select 1 from pg_extension where extname = 'citus'");
  if (citus.length) await database.transaction(distributeTables);
  // whoever is left of a test that failed holds locks
  await database.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'facet' and datname = current_database() and pid <> pg_backend_pid()",
  );
  const [tables] = await database.query<{ names: string }>(TABLES);
  await database.script(`truncate ${tables!.names} restart identity`);
  await database.close();
}

/** Built under another name and renamed when ready, so that nobody clones a half-made one. */
async function serverTemplate(server: string): Promise<string> {
  if (await exists(server, SERVER_TEMPLATE)) return SERVER_TEMPLATE;
  const building = await newDatabase(server);
  const database = await openDatabase({ url: urlOf(server, building.name) });
  await migrate(database, AT);
  await database.close();
  await asAdmin(server, `alter database ${building.name} rename to ${SERVER_TEMPLATE}`).catch(async (error: { code?: string }) => {
    await building.drop();
    if (error.code !== EXISTS) throw error;
  });
  return SERVER_TEMPLATE;
}

async function openEmbedded(tenantWall: boolean): Promise<TestStore> {
  const database = await openDatabase({ embedded: 'memory', snapshot: await embeddedSnapshot(), tenantWall });
  return { database, store: createStore(database), url: undefined, close: () => database.close() };
}

/**
 * A file in memory, of which only `arrayBuffer` can be used: its size is 0. `Blob` copies its bytes each time they are read, and each test file reads tens
 * of MB several times.
 */
class Snapshot extends Blob {
  readonly #bytes: Uint8Array<ArrayBuffer>;

  constructor(bytes: Uint8Array<ArrayBuffer>) {
    super();
    this.#bytes = bytes;
  }

  override async arrayBuffer(): Promise<ArrayBuffer> {
    return this.#bytes.buffer;
  }
}

let snapshot: Promise<Snapshot> | undefined;

/** A migrated, empty data directory, kept in the temporary folder. Test files of one worker share its bytes. */
function embeddedSnapshot(): Promise<Snapshot> {
  snapshot ??= makeSnapshotFile().then(() => new Snapshot(new Uint8Array(readFileSync(SNAPSHOT))));
  return snapshot;
}

async function makeSnapshotFile(): Promise<void> {
  if (existsSync(SNAPSHOT)) return;
  const engine = await startEngine();
  const database = createEmbeddedDatabase(engine);
  await migrate(database, AT);
  // one at a time: several in one call would be one transaction, which cannot drop a database
  for (const statement of SAVINGS) await engine.exec(statement);
  const dumped = await engine.dumpDataDir('none');
  await database.close();
  const part = `${SNAPSHOT}.${randomBytes(4).toString('hex')}`;
  writeFileSync(part, new Uint8Array(await dumped.arrayBuffer()));
  renameSync(part, SNAPSHOT);
}

const freshName = (): string => `facet_test_${process.pid}_${randomBytes(5).toString('hex')}`;

function urlOf(server: string, name: string): string {
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}

/** As the tests reach it. */
function reachedAt(server: string, name: string): string {
  const url = new URL(urlOf(server, name));
  if (POOLER) url.host = POOLER;
  return url.href;
}

async function exists(server: string, name: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  const { rows } = await client.query('select 1 from pg_database where datname = $1', [name]);
  await client.end();
  return rows.length > 0;
}

async function asAdmin(server: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

/** A test that is skipped, by name, where `runs` is false. `it` is looked up when the test is declared: test files share this module, and each has its own `it`. */
function testIf(runs: boolean): (name: string, body: jest.ProvidesCallback) => void {
  return (name, body) => (runs ? it : it.skip)(name, body);
}
