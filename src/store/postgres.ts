// The Database of a PostgreSQL server (15–18), through knex and pg.
import knex from 'knex';
import pg from 'pg';
import { databaseOf } from './connection-pool.ts';
import type { Database, ServerOptions } from './database.ts';
import { instantOf } from './instant.ts';

const TIMESTAMPTZ = 1184;
const POOL_SIZE = 10;
const TIMEOUT = 30_000;
/** How long a request waits for a free connection, in ms. */
const WAIT = 10_000;

/** Opens a pool; the first statement connects. */
export function openServer(options: ServerOptions): Database {
  const prepared = options.preparedStatements ?? true;
  const pool = knex({
    client: 'pg',
    connection: connectionOf(options, prepared),
    pool: { min: 0, max: options.poolSize ?? POOL_SIZE },
    acquireConnectionTimeout: WAIT,
    log: { warn() {}, error() {}, deprecate() {}, debug() {} },
  });
  return databaseOf<pg.Client>(pool, {
    engine: 'server',
    run: async (client, text, values, name) =>
      (await watched(client, client.query<object>({ text, values, ...(prepared && name && { name }) }))).rows,
    script: (client, text) => watched(client, client.query(text)),
  });
}

/** Marks a connection that the server breaks off, so that the pool does not hand it out in the moment before its end is noticed. */
async function watched<T>(client: pg.Client & { __knex__disposed?: unknown }, result: Promise<T>): Promise<T> {
  try {
    return await result;
  } catch (error) {
    if ((error as { severity?: string }).severity === 'FATAL') client.__knex__disposed = error;
    throw error;
  }
}

/** Disks without moving heads, and no statement that is worth compiling. https://www.postgresql.org/docs/current/runtime-config-query.html */
const PLANNING = '-c random_page_cost=1.1 -c jit=off';

/** A transaction pooler refuses settings sent at connecting: there, they are set on the role or database. */
function connectionOf(options: ServerOptions, prepared: boolean): object {
  const types = new pg.TypeOverrides();
  types.setTypeParser(TIMESTAMPTZ, instantOf);
  const settings = prepared ? { statement_timeout: options.statementTimeout ?? TIMEOUT, options: PLANNING } : {};
  return { connectionString: options.url, application_name: 'facet', types, ...settings };
}
