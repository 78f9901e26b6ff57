// The Database of a PostgreSQL server (15–18), through knex and pg. docs/decisions/0002-database-engines.md
import { connect } from 'node:net';
import knex, { type Knex } from 'knex';
import pg from 'pg';
import type { Database, ServerOptions } from './database.ts';
import { createDatabase, type Driver } from './pooled-database.ts';
import { awaitResponse, expectResponse, noteResponse, setResponseTimeout } from './response-timeout.ts';
import { type ConnectionSettings, configureConnection, PLAN_CACHE_MODES, STATEMENT_TIMEOUT_MS } from './session-settings.ts';
import { parseTimestamptz } from './values.ts';

const TIMESTAMPTZ = 1184;
const POOL_SIZE = 10;
/** How long work waits for a free connection, in ms. */
const MAX_WAIT_MS = 10_000;
/** How long a connection is idle before TCP checks whether its peer exists, in ms. */
const KEEP_ALIVE_MS = 10_000;
/** How long a readiness check waits for its connection, and then for the response, in ms. */
const PROBE_TIMEOUT_MS = 2000;

/** Opens a pool; the first statement connects. */
export function openServer(options: ServerOptions): Database {
  const settings = new WeakMap<pg.Client, ConnectionSettings>();
  let newest: ConnectionSettings | undefined;
  const onConfigured = (client: pg.Client, found: ConnectionSettings): void => {
    settings.set(client, found);
    newest = found;
  };
  const connections = options.poolSize ?? POOL_SIZE;
  const pool = createPool({
    connection: buildConnectionOptions(options),
    max: connections,
    wait: MAX_WAIT_MS,
    afterCreate: configureOnCreate(options, onConfigured),
  });
  const probe = createProbe(options.url);
  const driver: Driver<pg.Client> = {
    engine: 'server',
    isDistributed: () => newest?.isDistributed ?? false,
    run: <T extends object>(client: pg.Client, text: string, values: unknown[], name?: string) => {
      if (!settings.get(client)!.namesStatements) return readRows<T>(client, { text, values });
      const mode = name ? 'kept' : 'fresh';
      if (readPlanMode(client) === mode) return readRows<T>(client, { text, values, name });
      return Promise.all([setPlanMode(mode, client), readRows<T>(client, { text, values, name })]).then(([, rows]) => rows);
    },
    script: (client, text) => receive(client, client.query(text)),
    control: (client, command) => awaitResponse(client, receive(client, client.query(command))),
    begin: (client) => settings.get(client)!.begin,
    needsTransaction: (client) => settings.get(client)!.lastsOneTransaction,
    onBegin: (client) => {
      const before = readPlanMode(client);
      // a rollback undoes the setting
      return () => void planModes.set(client, before);
    },
    discard: markDisposed,
    cancel: (client) => {
      markDisposed(client, 'cancelled');
      cancelRequest(client);
    },
    ping: probe.ping,
    close: probe.close,
  };
  return createDatabase(pool, driver, { connections, maxWaitMs: MAX_WAIT_MS, tenantWall: options.tenantWall ?? false });
}

type AfterCreate = (client: pg.Client, done: (error: Error | null, client: pg.Client) => void) => void;

/** Configures each new connection and reports the resulting settings. */
const configureOnCreate =
  (options: ServerOptions, onConfigured: (client: pg.Client, found: ConnectionSettings) => void): AfterCreate =>
  (client, done) => {
    setResponseTimeout(client, options.statementTimeout ?? STATEMENT_TIMEOUT_MS);
    void awaitResponse(client, receive(client, configureConnection(client, options))).then(
      (found) => {
        onConfigured(client, found);
        done(null, client);
      },
      (error: Error) => void client.end().finally(() => done(error, client)),
    );
  };

interface PoolOptions {
  connection: object;
  max: number;
  /** How long to wait for a connection, in ms. */
  wait: number;
  afterCreate?: AfterCreate;
}

const createPool = ({ connection, max, wait, afterCreate }: PoolOptions): Knex =>
  knex({
    client: 'pg',
    connection,
    pool: { min: 0, max, ...(afterCreate && { afterCreate }) },
    acquireConnectionTimeout: wait,
    log: { warn() {}, error() {}, deprecate() {}, debug() {} },
  });

type PlanCacheMode = keyof typeof PLAN_CACHE_MODES | undefined;
const planModes = new WeakMap<pg.Client, PlanCacheMode>();

/** The plan cache mode of a connection. A new connection has `kept`. Undefined: unknown. */
const readPlanMode = (client: pg.Client): PlanCacheMode => (planModes.has(client) ? planModes.get(client) : 'kept');

/** Changes the mode when the statement before needed another one, which is rare. Later statements on the connection are queued behind this command. */
async function setPlanMode(mode: keyof typeof PLAN_CACHE_MODES, client: pg.Client): Promise<void> {
  planModes.set(client, mode);
  try {
    await receive(client, client.query(`set plan_cache_mode = ${PLAN_CACHE_MODES[mode]}`));
  } catch (error) {
    planModes.set(client, undefined);
    throw error;
  }
}

/** Waits for a result. Marks a connection that the server terminates, so that the pool does not lend it before the driver detects its end. */
async function receive<T>(client: pg.Client, result: Promise<T>): Promise<T> {
  try {
    return await result;
  } catch (error) {
    markIfEnded(client, error);
    throw error;
  }
}

function markIfEnded(client: pg.Client, error: unknown): void {
  if (error instanceof Error && 'severity' in error && error.severity === 'FATAL') markDisposed(client, error);
}

interface Statement {
  text: string;
  values: unknown[];
  name?: string | undefined;
}

/** The rows of a statement, which has a time limit. */
async function readRows<T extends object>(client: pg.Client, statement: Statement): Promise<T[]> {
  expectResponse(client);
  try {
    return (await send<T>(client, statement)).rows;
  } catch (error) {
    markIfEnded(client, error);
    throw error;
  } finally {
    noteResponse(client);
  }
}

/** Sends pg's own query object: pg copies a plain one property by property (2 % of a read's processor time in the server). */
const send = <T extends object>(client: pg.Client, { text, values, name }: Statement): Promise<pg.QueryResult<T>> =>
  new Promise((resolve, reject) => {
    const query = new pg.Query<T>(text, values, (error, result) => (error ? reject(error) : resolve(result)));
    client.query(name === undefined ? query : Object.assign(query, { name }));
  });

const markDisposed = (client: pg.Client & { __knex__disposed?: unknown }, why: unknown): void => {
  client.__knex__disposed = why;
};

/**
 * `pipeline`: a statement is sent without waiting for the result of the one before. `keepAlive`: TCP finds that the host of an idle connection is gone. The startup
 * message contains no settings: a pooler would refuse them.
 */
function buildConnectionOptions({ url }: ServerOptions): object {
  const types = new pg.TypeOverrides();
  types.setTypeParser(TIMESTAMPTZ, parseTimestamptz);
  const network = { connectionTimeoutMillis: MAX_WAIT_MS, keepAlive: true, keepAliveInitialDelayMillis: KEEP_ALIVE_MS };
  return { connectionString: url, application_name: 'facet', types, pipeline: true, ...network };
}

/** The readiness check: one empty statement on a connection of its own. Concurrent checks share one statement. */
function createProbe(url: string): Pick<Driver<pg.Client>, 'ping'> & { close(): Promise<void> } {
  const connection = { connectionString: url, application_name: 'facet', query_timeout: PROBE_TIMEOUT_MS };
  const pool = createPool({ connection, max: 1, wait: PROBE_TIMEOUT_MS });
  const ask = async (): Promise<void> => {
    const client: pg.Client = await pool.client.acquireConnection();
    try {
      await client.query('');
    } catch (error) {
      markDisposed(client, error);
      throw error;
    } finally {
      await pool.client.releaseConnection(client);
    }
  };
  let pending: Promise<void> | undefined;
  return {
    ping: () => {
      pending ??= ask().finally(() => {
        pending = undefined;
      });
      return pending;
    },
    close: () => pool.destroy(),
  };
}

const CANCEL_REQUEST = 80_877_102;

/**
 * Asks the server, or the pooler in front of it, to cancel the statement that runs on a connection. If the request fails, the statement ends by its timeout.
 * https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-CANCELING-REQUESTS
 */
function cancelRequest({ host, port, processID, secretKey }: pg.Client & { processID?: number; secretKey?: number }): void {
  if (processID === undefined || secretKey === undefined) return;
  const message = Buffer.alloc(16);
  for (const [at, value] of [message.length, CANCEL_REQUEST, processID, secretKey].entries()) message.writeInt32BE(value, at * 4);
  const socket = host.startsWith('/') ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host);
  socket.on('error', () => socket.destroy()).setTimeout(PROBE_TIMEOUT_MS, () => socket.destroy());
  // the receiver closes the connection: a pooler ignores the request if the sender closes first
  socket.write(message);
}
