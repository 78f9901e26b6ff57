// Opens the configured database and migrates it. Connection errors are explained so that an operator can correct DATABASE_URL.
import { isObject } from '../fhir/json-values.ts';
import { readConnectionLimit } from '../store/database/connection-limit.ts';
import type { DirectoryLock } from '../store/database/data-directory.ts';
import type { Database } from '../store/database/database.ts';
import { migrate } from '../store/database/migrations.ts';
import { openDatabase } from '../store/database/open-database.ts';
import { installTenantViews } from '../store/database/tenant-views.ts';

/** The database to open: the embedded engine in a locked directory, or a PostgreSQL server. */
export type DatabaseLocation = ({ embedded: DirectoryLock } | { url: string; preparedStatements?: boolean; poolSize?: number }) & {
  tenantWall?: boolean;
};

/** Opens the database and migrates it to the schema of this version. */
export const openMigratedDatabase = (place: DatabaseLocation): Promise<Database> =>
  openChecked(place, async (database) => {
    await migrate(database, new Date().toISOString());
    if (place.tenantWall) await installTenantViews(database);
  });

/** Opens the database without migrating it. */
export const openExistingDatabase = (place: DatabaseLocation): Promise<Database> => openChecked(place, (database) => database.ping());

async function openChecked(place: DatabaseLocation, check: (database: Database) => Promise<unknown>): Promise<Database> {
  const database = await openDatabase(place);
  try {
    await check(database);
    return database;
  } catch (error) {
    await database.close();
    throw 'url' in place ? explainError(error, place.url) : error;
  }
}

/** The connections of one process. Background: each job runs a statement from time to time, and none waits for another. */
const CONNECTIONS = { requests: 10, background: 3 };
/** The connections of all workers together, as long as each has the least that it needs. docs/decisions/0057-workers.md */
const SHARED_CONNECTIONS = { requests: 10, background: 6 };
const LEAST_CONNECTIONS = { requests: 3, background: 2 };

/** How many connections each of several workers may open. */
function sizePools(workers: number): typeof CONNECTIONS {
  const size = (use: keyof typeof CONNECTIONS): number =>
    Math.min(CONNECTIONS[use], Math.max(LEAST_CONNECTIONS[use], Math.ceil(SHARED_CONNECTIONS[use] / workers)));
  return { requests: size('requests'), background: size('background') };
}

/** A line for the operator if all workers together may need more connections than PostgreSQL accepts. */
export async function describeConnections(database: Database, workers: number): Promise<string[]> {
  if (workers === 1) return [];
  const { requests, background } = sizePools(workers);
  const [needed, limit] = [workers * (requests + background + 1), await readConnectionLimit(database)];
  if (needed <= limit) return [];
  return [
    `${workers} workers open up to ${needed} connections, and PostgreSQL accepts ${limit}: raise its max_connections, use a pooler, or set fewer with FACET_WORKERS.`,
  ];
}

/**
 * Opens the database twice: for requests, and on a few further connections for background work. Background work then takes no connections from requests, and does
 * not change the cached query plans of their connections. The embedded engine has one connection for both.
 */
export async function openServerDatabases(
  place: DatabaseLocation,
  workers = 1,
): Promise<Record<'database' | 'background', Database> & { close(): Promise<void> }> {
  const sizes = sizePools(workers);
  const database = await openMigratedDatabase({ ...place, poolSize: sizes.requests });
  if (!('url' in place)) return { database, background: database, close: () => database.close() };
  const background = await openDatabase({ ...place, poolSize: sizes.background });
  return { database, background, close: async () => void (await Promise.all([database.close(), background.close()])) };
}

/** SQLSTATE → what it means when connecting. https://www.postgresql.org/docs/current/errcodes-appendix.html */
const MEANINGS: Record<string, (named: { database: string; role: string }) => string> = {
  '3D000': ({ database }) => `there is no database "${database}": create it, or name another one`,
  28000: ({ role }) => `the server does not let the role "${role}" in`,
  '28P01': ({ role }) => `the password of the role "${role}" is wrong`,
  42501: ({ role }) => `the role "${role}" may not make tables there`,
};

const poolerRemedy = (words: string): string =>
  words.includes('startup parameter') ? ' (remove what follows the "?": options, statement_timeout)' : '';

/** The text may have the host, the database and the role, never the password. */
function explainError(error: unknown, text: string): unknown {
  const { code, cause, kind } = isObject(error) ? error : {};
  const url = URL.parse(text);
  const meaning = MEANINGS[String(code ?? (isObject(cause) ? cause.code : ''))];
  if (meaning && url) {
    const named = { database: decodeURIComponent(url.pathname.slice(1)), role: decodeURIComponent(url.username) };
    return new Error(`DATABASE_URL: ${meaning(named)}`, { cause: error });
  }
  if (code === 'ERR_INVALID_URL')
    return new Error('DATABASE_URL is not like postgres://user:password@host:5432/database', { cause: error });
  if (kind === 'unavailable' && typeof cause === 'string')
    return new Error(`DATABASE_URL: the pooler at ${url?.host} refuses the connection: ${cause}${poolerRemedy(cause)}`, { cause: error });
  if (kind === 'unavailable') return new Error(`DATABASE_URL: no PostgreSQL answers${url ? ` at ${url.host}` : ''}`, { cause: error });
  return error;
}
