// Brings a database to the shape this program knows: the files of migrations/, in order, each once, each in a transaction. On Citus, tables that a file
// makes are distributed in the same transaction, where the others are: a process that dies in between leaves all of it undone.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Database } from './database.ts';
import { DatabaseError } from './errors.ts';
import { splitCommands } from './split-commands.ts';

/** One file: `0001-resources.sql`, its SQL and the SHA-256 of it. `onCitus`: what runs in its place where the tables are distributed. */
export interface Migration {
  name: string;
  sql: string;
  onCitus?: string;
  checksum: string;
}

const FOLDER = fileURLToPath(new URL('../../../migrations', import.meta.url));
const DISTRIBUTE = join(FOLDER, 'citus/distribute.sql');
const FILE = /^\d{4}-[a-z0-9-]+\.sql$/;
const TABLE =
  'create table if not exists migration (name text collate "C" primary key, checksum text not null, applied_at timestamptz(3) not null)';
/** Two starters may both find the table missing: the later one is told so by the catalogue (unique index, duplicate table, duplicate type). */
const MADE_MEANWHILE = new Set(['23505', '42P07', '42710']);

/** The migrations of a folder, in the order of their numbers. Checksums are of the text with \n line ends. */
export function readMigrations(folder: string = FOLDER): Migration[] {
  const names = readdirSync(folder).filter((name) => FILE.test(name));
  return names.sort().map((name) => {
    const [sql, onCitus] = [join(folder, name), join(folder, 'citus', name)].map(readText);
    return { name, sql: sql!, ...(onCitus !== undefined && { onCitus }), checksum: createHash('sha256').update(sql!).digest('hex') };
  });
}

const readText = (path: string): string | undefined => (existsSync(path) ? readFileSync(path, 'utf8').replaceAll('\r\n', '\n') : undefined);

/** Runs what has not run yet; answers the names of what it ran. Harmless when run again, and by several starters at once. */
export async function migrate(database: Database, at: string, migrations: Migration[] = readMigrations()): Promise<string[]> {
  await makeTable(database);
  const ran: string[] = [];
  for (const migration of migrations) {
    if (await apply(database, migration, at).catch(addFileName(migration))) ran.push(migration.name);
  }
  await refuseUnknown(database, migrations);
  return ran;
}

async function makeTable(database: Database): Promise<void> {
  await database.script(TABLE).catch((error: unknown) => {
    if (!(error instanceof DatabaseError) || !MADE_MEANWHILE.has(error.code)) throw error;
    return database.script(TABLE);
  });
}

/** The table's lock makes a second starter wait, and then see what the first has done. */
function apply(database: Database, migration: Migration, at: string): Promise<boolean> {
  return database.transaction(async (transaction) => {
    // Citus: changes of several tables in one transaction go to one shard after the other. Elsewhere a setting that nobody reads.
    await transaction.script("set local statement_timeout = 0; set local citus.multi_shard_modify_mode = 'sequential'");
    await transaction.script('lock table migration in exclusive mode');
    const [applied] = await transaction.query<{ checksum: string }>('select checksum from migration where name = $1', [migration.name]);
    if (applied) return unchanged(migration, applied.checksum);
    const distributed = await isDistributed(transaction);
    for (const command of splitCommands((distributed && migration.onCitus) || migration.sql)) await transaction.script(command);
    if (distributed) await distributeTables(transaction);
    await transaction.query('insert into migration values ($1, $2, $3)', [migration.name, migration.checksum, at]);
    return true;
  });
}

async function isDistributed(database: Database): Promise<boolean> {
  const [catalogue] = await database.query<{ there: boolean }>("select to_regclass('pg_dist_partition') is not null as there");
  if (!catalogue!.there) return false;
  return (await database.query("select 1 from pg_dist_partition where logicalrelid = to_regclass('resource')")).length > 0;
}

/** Distributes the tables that are not yet (Citus). Harmless when run again. */
export async function distributeTables(database: Database): Promise<void> {
  for (const command of splitCommands(readFileSync(DISTRIBUTE, 'utf8'))) await database.script(command);
}

/** Says which file an error of the database came from, and the line where it points at one. */
const addFileName =
  ({ name, sql }: Migration) =>
  (error: unknown): never => {
    if (!(error instanceof DatabaseError)) throw error;
    const line = error.position === undefined ? '' : `, line ${sql.slice(0, error.position - 1).split('\n').length}`;
    throw new Error(`migrations/${name}${line}: ${error.message}`, { cause: error });
  };

function unchanged(migration: Migration, checksum: string): false {
  if (checksum === migration.checksum) return false;
  throw new Error(`migrations/${migration.name} was changed after it ran on this database: restore it and add a new migration instead`);
}

async function refuseUnknown(database: Database, migrations: Migration[]): Promise<void> {
  const known = new Set(migrations.map((migration) => migration.name));
  const applied = await database.query<{ name: string }>('select name from migration order by name');
  const unknown = applied.find((row) => !known.has(row.name));
  if (unknown) throw new Error(`the database holds migration ${unknown.name}, which this version does not know: start the newer version`);
}
