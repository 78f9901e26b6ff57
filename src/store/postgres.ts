// The Database of a PostgreSQL server (15–18), through knex and pg. docs/decisions/2026-11-21-poolers-and-citus.md
import knex from 'knex';
import pg from 'pg';
import { databaseOf } from './connection-pool.ts';
import { type ConnectionSettings, PLANS, settle } from './connection-settings.ts';
import type { Database, ServerOptions } from './database.ts';
import { instantOf } from './instant.ts';

const TIMESTAMPTZ = 1184;
const POOL_SIZE = 10;
/** How long a request waits for a free connection, in ms. */
const WAIT = 10_000;

/** Opens a pool; the first statement connects. */
export function openServer(options: ServerOptions): Database {
  const settings = new WeakMap<pg.Client, ConnectionSettings>();
  const afterCreate = (client: pg.Client, done: (error: Error | null, client: pg.Client) => void): void => {
    settle(client, options).then(
      (found) => {
        settings.set(client, found);
        done(null, client);
      },
      (error: Error) => void client.end().finally(() => done(error, client)),
    );
  };
  const pool = knex({
    client: 'pg',
    connection: connectionOf(options),
    pool: { min: 0, max: options.poolSize ?? POOL_SIZE, afterCreate },
    acquireConnectionTimeout: WAIT,
    log: { warn() {}, error() {}, deprecate() {}, debug() {} },
  });
  return databaseOf<pg.Client>(pool, {
    engine: 'server',
    run: async (client, text, values, name) => {
      if (!settings.get(client)!.named) return (await watched(client, client.query<object>({ text, values }))).rows;
      const how = name ? 'kept' : 'fresh';
      const planned = plansOf(client) === how ? undefined : planAs(how, client);
      const answer = watched(client, client.query<object>({ text, values, ...(name && { name }) }));
      return (await Promise.all([answer, planned]))[0].rows;
    },
    script: (client, text) => watched(client, client.query(text)),
    begin: (client) => settings.get(client)!.begin,
    perTransaction: (client) => settings.get(client)!.perTransaction,
    beginning: (client) => {
      const before = plansOf(client);
      // a rollback takes the setting back
      return () => void plannedAs.set(client, before);
    },
    discard: disposed,
  });
}

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

/** Statements are sent without waiting for the one before (`pipeline`). No setting is sent at connecting: a pooler would refuse it. */
function connectionOf({ url }: ServerOptions): object {
  const types = new pg.TypeOverrides();
  types.setTypeParser(TIMESTAMPTZ, instantOf);
  return { connectionString: url, application_name: 'facet', types, pipeline: true };
}
