// Runs a command of an operator. While a server has the embedded database open, that server runs it; else this process does.
import { existsSync } from 'node:fs';
import { readConfig } from '../config.ts';
import type { DatabaseLocation } from '../server/open-migrated-databases.ts';
import { lockDirectory, sendToLockOwner, toDatabasePath } from '../store/database/data-directory.ts';
import type { AdminRequest, RunCommand } from './admin-command.ts';

/** Runs a command and prints the lines that it returns. */
export const runCommand: RunCommand = async (command, options) => {
  const { databaseUrl, dataDir, deprecations } = readConfig();
  for (const text of deprecations) console.error(`facet: warning: ${text}`);
  const request = { command, options };
  const lines = databaseUrl === undefined ? await runOnEmbedded(dataDir, request) : await runHere({ url: databaseUrl }, request);
  for (const line of lines) console.log(line);
};

/** Commands that may create the database. Others must not: the folder may be misspelt. */
const CREATES_DATABASE = new Set(['tenants create', 'profiles add']);

/** This command must not migrate the database; all others migrate it first. */
const MIGRATION_STATUS = 'migrations status';

async function runOnEmbedded(directory: string, request: AdminRequest): Promise<string[]> {
  const reply = await sendToLockOwner(directory, request);
  // type assertion: the server returns the lines of an AdminOperation
  if (reply !== undefined) return reply as string[];
  if (!CREATES_DATABASE.has(request.command) && !existsSync(toDatabasePath(directory)))
    throw new Error(
      `there is no database in ${directory}: the first start creates one; FACET_DATA_DIR names another folder, DATABASE_URL a PostgreSQL`,
    );
  const lock = await lockDirectory(directory);
  try {
    return await runHere({ embedded: lock }, request);
  } finally {
    await lock.release();
  }
}

async function runHere(place: DatabaseLocation, request: AdminRequest): Promise<string[]> {
  if (request.command === MIGRATION_STATUS) return (await import('./migrations.ts')).readMigrationStatus(place);
  const [{ administer, openAdminContext }, { openMigratedDatabase }] = await Promise.all([
    import('./admin.ts'),
    import('../server/open-migrated-databases.ts'),
  ]);
  const database = await openMigratedDatabase(place);
  try {
    return await administer(database, request, await openAdminContext(database, readConfig(), (text) => console.error(text)));
  } finally {
    await database.close();
  }
}
