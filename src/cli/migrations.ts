// `facet migrations`: lists the migrations that have run on this database, and those that the next start will run.
import { type DatabaseLocation, openExistingDatabase } from '../server/open-migrated-databases.ts';
import type { Database } from '../store/database/database.ts';
import { listMigrations, type MigrationStatus } from '../store/database/migrations.ts';
import type { AdminOperation, DefineCommands } from './admin-command.ts';
import { textTable } from './text-table.ts';

const NOTES: Record<MigrationStatus['state'], string> = {
  applied: '',
  pending: 'the next start runs it',
  changed: 'the file is not the one that ran: restore it; until then no start succeeds',
  unknown: 'a newer version ran it: start that version',
};

async function migrationStatus(database: Database): Promise<string[]> {
  const rows = (await listMigrations(database)).map(({ name, state, appliedAt }) => [name, state, appliedAt ?? '–', NOTES[state]]);
  return textTable(['migration', 'state', 'applied', 'note'], rows);
}

/** Opens the database without migrating it. */
export async function readMigrationStatus(place: DatabaseLocation): Promise<string[]> {
  const database = await openExistingDatabase(place);
  try {
    return await migrationStatus(database);
  } finally {
    await database.close();
  }
}

export const MIGRATION_OPERATIONS: Record<string, AdminOperation> = { 'migrations status': migrationStatus };

export const defineMigrationCommands: DefineCommands = (migrations, run) => {
  migrations
    .command('status')
    .description('list the migrations that ran and those that are pending; changes nothing')
    .action(() => run('migrations status', {}));
};
