// The Database of the embedded engine (PGlite: PostgreSQL in WebAssembly), for evaluation, development and tests. The engine has one connection and does not
// fsync.
// docs/decisions/0002-database-engines.md
import { mkdirSync } from 'node:fs';

import { PGlite, types } from '@electric-sql/pglite';
import { btree_gin } from '@electric-sql/pglite/contrib/btree_gin';
import { pg_trgm } from '@electric-sql/pglite/contrib/pg_trgm';
import knex from 'knex';
import { toPlainArrays } from './array-parameters.ts';
import { toDatabasePath } from './data-directory.ts';
import type { Database, EmbeddedOptions } from './database.ts';
import { createDatabase, type Driver } from './pooled-database.ts';
import { parseTimestamptz } from './values.ts';

/** How long work waits for the connection, in ms. A transaction with thousands of entries uses the connection for a long time. */
const MAX_WAIT_MS = 60_000;
const asText = (text: string): string => text;
const SETTINGS = {
  extensions: { pg_trgm, btree_gin },
  parsers: { [types.INT8]: asText, [types.NUMERIC]: asText, [types.TIMESTAMPTZ]: parseTimestamptz },
};

/** Starts the engine. The first start in a directory creates the database. */
export async function openEmbedded(options: EmbeddedOptions): Promise<Database> {
  return createEmbeddedDatabase(await startEngine(toDataDirectory(options)), options.tenantWall);
}

/** Starts the engine with the extensions that the migrations need. Its files are in memory or cached, so random reads cost little more than sequential ones. */
export async function startEngine(place: { dataDir?: string; loadDataDir?: Blob } = {}): Promise<PGlite> {
  const engine = await PGlite.create({ ...SETTINGS, ...place });
  await engine.exec('set random_page_cost = 1.1');
  return engine;
}

/** The Database of a running engine. */
export function createEmbeddedDatabase(engine: PGlite, tenantWall = false): Database {
  const pool = knex({ client: createDialect(engine), connection: {}, pool: { min: 1, max: 1 } });
  const driver: Driver<PGlite> = {
    engine: 'embedded',
    isDistributed: () => false,
    run: async <T extends object>(connection: PGlite, sql: string, parameters: unknown[]) =>
      (await connection.query<T>(sql, toPlainArrays(parameters))).rows,
    script: (connection, sql) => connection.exec(sql),
    control: (connection, command) => connection.exec(command),
    // an empty statement also succeeds between the statements of a transaction, even of a failed one
    ping: async () => void (await engine.exec('')),
    close: () => engine.close(),
  };
  return createDatabase(pool, driver, { connections: 1, maxWaitMs: MAX_WAIT_MS, tenantWall });
}

function toDataDirectory(options: EmbeddedOptions): { dataDir?: string; loadDataDir?: Blob } {
  if (options.embedded === 'memory') return 'snapshot' in options && options.snapshot ? { loadDataDir: options.snapshot } : {};
  const dataDir = toDatabasePath(options.embedded.directory);
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  return { dataDir };
}

/**
 * A knex dialect whose pool has the engine as its only connection. While a transaction uses the connection, all other work waits. knex itself sends no
 * statements. https://knexjs.org/guide/#custom-dialects
 */
function createDialect(engine: PGlite): typeof knex.Client {
  class Embedded extends knex.Client {
    override dialect = 'postgresql';
    override async acquireRawConnection() {
      return engine;
    }
    override async destroyRawConnection() {}
    _driver() {
      return engine;
    }
  }
  Embedded.prototype.driverName = 'pglite';
  return Embedded;
}
