// Brings a database to the schema of this version. Runs the files of migrations/ in order, each once and in its own transaction. On Citus, the tables that a
// file creates are distributed in the same transaction. docs/decisions/0031-knex.md
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Database } from './database.ts';
import { DatabaseError } from './errors.ts';
import { splitCommands } from './split-commands.ts';

/** One migration file: its name (`0001-resources.sql`), its SQL and the SHA-256 of its SQL. */
export interface Migration {
  name: string;
  sql: string;
  /** Runs instead of `sql` where the tables are distributed. */
  onCitus?: string;
  checksum: string;
  /** The first line of the file is `-- transaction: false`. */
  transaction?: false;
}

/** `changed`: the file was changed after it ran. `unknown`: this version does not have the file; a newer version of the program ran it. */
export interface MigrationStatus {
  name: string;
  state: 'applied' | 'pending' | 'changed' | 'unknown';
  appliedAt: string | null;
}

interface AppliedMigration {
  name: string;
  checksum: string;
  appliedAt: string;
}

const FOLDER = fileURLToPath(new URL('../../../migrations', import.meta.url));
const DISTRIBUTE = join(FOLDER, 'citus/distribute.sql');
const FILE = /^\d{4}-[a-z0-9-]+\.sql$/;
const NO_TRANSACTION = /^-- transaction: false$/m;
const TABLE =
  'create table if not exists migration (name text collate "C" primary key, checksum text not null, applied_at timestamptz(3) not null)';
const APPLIED = 'select name, checksum, applied_at as "appliedAt" from migration order by name';
const RECORD = 'insert into migration (name, checksum, applied_at) values ($1, $2, $3) on conflict do nothing returning name';
/** When two processes create the table at once, the second process fails with one of these codes: unique index, duplicate table, duplicate type. */
const CREATED_BY_OTHER = new Set(['23505', '42P07', '42710']);
/** A second process waits for the lock and then reads the record of the first. The lock ends with the transaction, also when its process is killed. */
const LOCK = 'set local statement_timeout = 0; lock table migration in exclusive mode';
/** This lock ends with the transaction, too. The number is arbitrary; no other program may use it. */
const TRY_LOCK = 'select pg_try_advisory_xact_lock(7046051317) as acquired';
const POLL_MS = 200;
/** The tables with a tenant that the migration creates get their policy (0035-tenant-policies.sql). */
const PROTECT = `do $$ begin if to_regprocedure('protect_tenant_tables()') is not null then call protect_tenant_tables(); end if; end $$`;
/** Whether the policies hold the server's own role. They do not hold the owner of the tables and the members of that role. */
const IS_HELD = "select current_user::text as role, coalesce(row_security_active(to_regclass('resource')), false) as held";
/** A portal stays open until the next query. Its snapshot would block `create index concurrently`. */
const CLOSE_PORTAL = 'select 1';

/** The migrations of a folder, in the order of their numbers. A checksum is computed from the text with \n line ends. */
export function readMigrations(folder: string = FOLDER): Migration[] {
  const names = readdirSync(folder).filter((name) => FILE.test(name));
  return names.sort().map((name) => {
    const [sql, onCitus] = [join(folder, name), join(folder, 'citus', name)].map(readText);
    const checksum = createHash('sha256').update(sql!).digest('hex');
    const isPlain = NO_TRANSACTION.test(sql!.split('\n', 1)[0]!);
    return { name, sql: sql!, ...(onCitus !== undefined && { onCitus }), checksum, ...(isPlain && { transaction: false }) };
  });
}

const readText = (path: string): string | undefined => (existsSync(path) ? readFileSync(path, 'utf8').replaceAll('\r\n', '\n') : undefined);

/** Runs the pending migrations and returns their names. Safe to run again, and in several processes at once. */
export async function migrate(database: Database, at: string, migrations: Migration[] = readMigrations()): Promise<string[]> {
  await createTable(database);
  const ran: string[] = [];
  for (const migration of migrations) {
    const run = migration.transaction === false ? applyOutsideTransaction : applyInTransaction;
    if (await run(database, migration, at).catch(addFileName(migration))) ran.push(migration.name);
  }
  await refuseUnknown(database, migrations);
  await refuseHeldRole(database);
  return ran;
}

/** All migrations of the program and the database, in order. Changes nothing. The database may be empty. */
export async function listMigrations(database: Database, migrations: Migration[] = readMigrations()): Promise<MigrationStatus[]> {
  const [table] = await database.query<{ exists: boolean }>("select to_regclass('migration') is not null as exists");
  const applied = new Map(
    (table!.exists ? await database.query<AppliedMigration>(APPLIED) : []).map((appliedMigration) => [
      appliedMigration.name,
      appliedMigration,
    ]),
  );
  const known = new Map(migrations.map(({ name, checksum }) => [name, checksum]));
  return [...new Set([...known.keys(), ...applied.keys()])].sort().map((name) => {
    const { checksum, appliedAt = null } = applied.get(name) ?? {};
    if (checksum === undefined) return { name, state: 'pending', appliedAt };
    if (!known.has(name)) return { name, state: 'unknown', appliedAt };
    return { name, state: known.get(name) === checksum ? 'applied' : 'changed', appliedAt };
  });
}

async function createTable(database: Database): Promise<void> {
  await database.script(TABLE).catch((error: unknown) => {
    if (!(error instanceof DatabaseError) || !CREATED_BY_OTHER.has(error.code)) throw error;
    return database.script(TABLE);
  });
}

function applyInTransaction(database: Database, migration: Migration, at: string): Promise<boolean> {
  return database.transaction(async (transaction) => {
    // On Citus, a transaction that changes several tables must use the shards one after the other. Elsewhere this setting has no effect.
    await transaction.script("set local citus.multi_shard_modify_mode = 'sequential'");
    await transaction.script(LOCK);
    if (await isApplied(transaction, migration)) return false;
    const distributed = await isDistributed(transaction);
    for (const command of splitCommands((distributed && migration.onCitus) || migration.sql)) await transaction.script(command);
    if (distributed) await distributeTables(transaction);
    await transaction.script(PROTECT);
    await record(transaction, migration, at);
    return true;
  });
}

/**
 * For files that PostgreSQL cannot run in a transaction. A second process polls instead of waiting for a lock: `create index concurrently` waits for every
 * older snapshot, and a process that waits for a lock has a snapshot. The embedded engine has one process and one connection, so it needs no lock.
 */
async function applyOutsideTransaction(database: Database, migration: Migration, at: string): Promise<boolean> {
  if (database.engine === 'embedded') {
    if (await isApplied(database, migration)) return false;
    await runCommands(database, migration);
    return (await record(database, migration, at)).length > 0;
  }
  for (;;) {
    const result = await tryOutsideTransaction(database, migration, at);
    if (result !== undefined) return result;
    await delay(POLL_MS);
  }
}

/**
 * One transaction keeps the lock and records the migration, while another connection runs the commands. Returns undefined if another process has the lock.
 */
async function tryOutsideTransaction(database: Database, migration: Migration, at: string): Promise<boolean | undefined> {
  const isPending = Promise.withResolvers<boolean>();
  const finished = Promise.withResolvers<void>();
  const recording = database.transaction(async (transaction) => {
    await transaction.script('set local idle_in_transaction_session_timeout = 0');
    const [lock] = await transaction.query<{ acquired: boolean }>(TRY_LOCK);
    const pending = !(await isApplied(transaction, migration)) && lock!.acquired;
    await transaction.script(CLOSE_PORTAL);
    isPending.resolve(pending);
    if (!pending) return lock!.acquired ? false : undefined;
    await finished.promise;
    await record(transaction, migration, at);
    return true;
  });
  recording.catch(isPending.reject);
  if (await isPending.promise) await runCommands(database, migration).then(finished.resolve, finished.reject);
  return recording;
}

async function runCommands(database: Database, { sql, onCitus }: Migration): Promise<void> {
  const distributed = await isDistributed(database);
  await database.runOutsideTransaction(splitCommands((distributed && onCitus) || sql));
}

const record = (database: Database, { name, checksum }: Migration, at: string): Promise<object[]> =>
  database.query(RECORD, [name, checksum, at]);

/** Fails when the file was changed after it ran. */
async function isApplied(database: Database, { name, checksum }: Migration): Promise<boolean> {
  const [applied] = await database.query<{ checksum: string }>('select checksum from migration where name = $1', [name]);
  if (applied && applied.checksum !== checksum)
    throw new Error(`migrations/${name} was changed after it ran on this database: restore it and add a new migration instead`);
  return applied !== undefined;
}

async function isDistributed(database: Database): Promise<boolean> {
  const [catalogue] = await database.query<{ exists: boolean }>("select to_regclass('pg_dist_partition') is not null as exists");
  if (!catalogue!.exists) return false;
  return (await database.query("select 1 from pg_dist_partition where logicalrelid = to_regclass('resource')")).length > 0;
}

/** Distributes the tables that are not distributed yet (Citus). Safe to run again. */
export async function distributeTables(database: Database): Promise<void> {
  for (const command of splitCommands(readFileSync(DISTRIBUTE, 'utf8'))) await database.script(command);
}

/** Adds the file name to a database error, and the line if the error has a position. */
const addFileName =
  ({ name, sql }: Migration) =>
  (error: unknown): never => {
    if (!(error instanceof DatabaseError)) throw error;
    const line = error.position === undefined ? '' : `, line ${sql.slice(0, error.position - 1).split('\n').length}`;
    throw new Error(`migrations/${name}${line}: ${error.message}`, { cause: error });
  };

async function refuseHeldRole(database: Database): Promise<void> {
  const [server] = await database.query<{ role: string; held: boolean }>(IS_HELD);
  if (server!.held)
    throw new Error(
      `the database role "${server!.role}" does not own the tables, so that row-level security hides their rows from it: connect as the owner, or run: grant <owner> to "${server!.role}"`,
    );
}

async function refuseUnknown(database: Database, migrations: Migration[]): Promise<void> {
  const known = new Set(migrations.map((migration) => migration.name));
  const unknown = (await database.query<AppliedMigration>(APPLIED)).find((row) => !known.has(row.name));
  if (unknown) throw new Error(`the database has migration ${unknown.name}, which this version does not have: start the newer version`);
}
