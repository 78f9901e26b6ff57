// Runs a command of an operator. While a server has the embedded database open, that server runs it; else this process does.
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readConfig } from '../config.ts';
import type { DatabaseLocation } from '../server/open-migrated-databases.ts';
import { lockDirectory, sendToLockOwner, toDatabasePath } from '../store/database/data-directory.ts';
import type { AdminRequest, CommandOutput, CommandPart, RunCommand } from './admin-command.ts';

/** Runs a command and prints its lines. */
export const runCommand: RunCommand = async (command, options, print = printLine) => {
  const { databaseUrl, dataDir, deprecations } = readConfig();
  for (const text of deprecations) console.error(`facet: warning: ${text}`);
  const request = { command, options };
  const output = { print, progress: (text: string) => console.error(text) };
  const lines =
    databaseUrl === undefined ? await runOnEmbedded(dataDir, request, output) : await runHere({ url: databaseUrl }, request, output);
  for (const line of lines) await print(line);
};

/** Writes to standard output no faster than it is read. Whoever reads it may stop early (`| head`). */
async function printLine(line: string): Promise<void> {
  if (!process.stdout.listenerCount('error'))
    process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
  if (!process.stdout.write(`${line}\n`)) await once(process.stdout, 'drain');
}

/** Commands that may create the database. Others must not: the folder may be misspelt. */
const CREATES_DATABASE = new Set(['tenants create', 'profiles add']);

/** This command must not migrate the database; all others migrate it first. */
const MIGRATION_STATUS = 'migrations status';

async function runOnEmbedded(directory: string, request: AdminRequest, output: CommandOutput): Promise<string[]> {
  // type assertion: src/main.ts sends these parts
  const reply = await sendToLockOwner(directory, request, (part) => forward(part as CommandPart, output));
  // type assertion: the server returns the lines of an AdminOperation
  if (reply !== undefined) return reply as string[];
  if (!CREATES_DATABASE.has(request.command) && !existsSync(toDatabasePath(directory)))
    throw new Error(
      `there is no database in ${directory}: the first start creates one; FACET_DATA_DIR names another folder, DATABASE_URL a PostgreSQL`,
    );
  const lock = await lockDirectory(directory);
  try {
    return await runHere({ embedded: lock }, request, output);
  } finally {
    await lock.release();
  }
}

async function forward({ line, progress }: CommandPart, output: CommandOutput): Promise<void> {
  if (line !== undefined) await output.print(line);
  if (progress !== undefined) output.progress(progress);
}

async function runHere(place: DatabaseLocation, request: AdminRequest, output: CommandOutput): Promise<string[]> {
  if (request.command === MIGRATION_STATUS) return (await import('./migrations.ts')).readMigrationStatus(place);
  const [{ administer, openAdminContext }, { openMigratedDatabase }] = await Promise.all([
    import('./admin.ts'),
    import('../server/open-migrated-databases.ts'),
  ]);
  const database = await openMigratedDatabase(place);
  try {
    return await administer(database, request, { ...(await openAdminContext(database, readConfig())), ...output });
  } finally {
    await database.close();
  }
}
