// The Database of a PostgreSQL server (15–18), through knex and pg. docs/decisions/2026-11-21-poolers-and-citus.md
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
    run: async (client, text, values, name) => {
      if (!prepared) return (await watched(client, client.query<object>({ text, values }))).rows;
      const how = name ? 'kept' : 'fresh';
      const planned = plansOf(client) === how ? undefined : planAs(how, client);
      const answer = watched(client, client.query<object>({ text, values, ...(name && { name }) }));
      return (await Promise.all([answer, planned]))[0].rows;
    },
    script: (client, text) => watched(client, client.query(text)),
    beginning: (client) => {
      const before = plansOf(client);
      // a rollback takes the setting back
      return () => void plannedAs.set(client, before);
    },
    discard: disposed,
  });
}

/**
 * A named statement keeps its one plan from the first time on, which PostgreSQL by itself would do only where it takes it to be cheaper than planning for
 * each value: for a short list of ids it never does. https://www.postgresql.org/docs/current/sql-prepare.html#SQL-PREPARE-NOTES
 */
const PLANS = { kept: 'force_generic_plan', fresh: 'auto' } as const;

type Plans = keyof typeof PLANS | undefined;
const plannedAs = new WeakMap<pg.Client, Plans>();

/** What a connection is set to, `kept` from its beginning; undefined: not known. */
const plansOf = (client: pg.Client): Plans => (plannedAs.has(client) ? plannedAs.get(client) : 'kept');

/** Sets the connection, where the statement before was of the other kind, which is seldom. What follows on it waits in line behind this. */
async function planAs(how: keyof typeof PLANS, client: pg.Client): Promise<void> {
  plannedAs.set(client, how);
  try {
    await watched(client, client.query(`set plan_cache_mode = ${PLANS[how]}`));
  } catch (error) {
    plannedAs.set(client, undefined);
    throw error;
  }
}

/** Marks a connection that the server breaks off, so that the pool does not hand it out in the moment before its end is noticed. */
async function watched<T>(client: pg.Client, result: Promise<T>): Promise<T> {
  try {
    return await result;
  } catch (error) {
    if ((error as { severity?: string }).severity === 'FATAL') disposed(client, error);
    throw error;
  }
}

const disposed = (client: pg.Client & { __knex__disposed?: unknown }, why: unknown): void => {
  client.__knex__disposed = why;
};

/**
 * Disks without moving heads, no statement that is worth compiling, and none that several processes share: each is short, and there are many at once. With workers in
 * reach, the planner collects and sorts all matches rather than read a page in order. https://www.postgresql.org/docs/current/runtime-config-query.html
 */
const PLANNING = `-c random_page_cost=1.1 -c jit=off -c max_parallel_workers_per_gather=0 -c plan_cache_mode=${PLANS.kept}`;

/** Statements are sent without waiting for the one before (`pipeline`). A transaction pooler refuses settings sent at connecting: there, they are set on the role or database. */
function connectionOf(options: ServerOptions, prepared: boolean): object {
  const types = new pg.TypeOverrides();
  types.setTypeParser(TIMESTAMPTZ, instantOf);
  const settings = prepared ? { statement_timeout: options.statementTimeout ?? TIMEOUT, options: PLANNING } : {};
  return { connectionString: options.url, application_name: 'facet', types, pipeline: true, ...settings };
}
