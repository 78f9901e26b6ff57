// What a new connection is asked, and what is then set on it: nobody has to say that a pooler is between, or that the engine is Citus.
// docs/decisions/0002-database-engines.md
import type pg from 'pg';
import type { ServerOptions } from './database.ts';

/** How statements are run on a connection. */
export interface ConnectionSettings {
  /** Named statements are prepared once, and keep one plan. */
  namesStatements: boolean;
  /** The command that begins a transaction, with the settings that end with the transaction. */
  begin: string;
  /** Each statement needs a transaction: settings last no longer. */
  lastsOneTransaction: boolean;
  /** The rows are distributed: a statement that does not name a tenant is run once for every shard. */
  isDistributed: boolean;
}

const TIMEOUT_MS = 30_000;
const ASK = "select pg_backend_pid() as pid, exists (select from pg_extension where extname = 'citus') as distributed";

/**
 * A pooler makes up the process id that it tells a client (PgBouncer does; of other poolers this is an inference): another one than that of the server's
 * process says that there is a pooler. Its connections change between transactions, so that neither names nor settings of a session can be used.
 * Citus cannot plan most statements before it knows their tenant: with it, no statement keeps one plan for all values.
 */
export async function configureConnection(
  client: pg.Client & { processID?: number | null },
  options: ServerOptions,
): Promise<ConnectionSettings> {
  const { rows } = await client.query<{ pid: number; distributed: boolean }>(ASK);
  const { pid, distributed } = rows[0]!;
  const lastsOneTransaction = options.preparedStatements === false || pid !== client.processID;
  const namesStatements = !lastsOneTransaction && !distributed;
  const settings = buildSettings(options.statementTimeout ?? TIMEOUT_MS, namesStatements);
  const begin = lastsOneTransaction ? `begin; ${buildSetConfig(settings, 'transaction')}` : 'begin';
  if (lastsOneTransaction) await checkTransactions(client, begin);
  else await client.query(buildSetConfig(settings, 'session'));
  return { namesStatements, begin, lastsOneTransaction, isDistributed: distributed };
}

const buildSetConfig = (settings: Record<string, string | number>, lasts: 'session' | 'transaction'): string =>
  `select ${Object.entries(settings).map(([name, value]) => `set_config('${name}', '${value}', ${lasts === 'transaction'})`)}`;

/**
 * Disks without moving heads, no statement that is worth compiling, and none that several processes share: each is short, and there are many at once. With workers in
 * reach, the planner collects and sorts all matches rather than read a page in order. https://www.postgresql.org/docs/current/runtime-config-query.html
 */
const buildSettings = (timeout: number, named: boolean): Record<string, string | number> => ({
  statement_timeout: timeout,
  random_page_cost: 1.1,
  jit: 'off',
  max_parallel_workers_per_gather: 0,
  plan_cache_mode: named ? PLAN_CACHE_MODES.kept : PLAN_CACHE_MODES.fresh,
});

/**
 * A named statement keeps its one plan from the first time on, which PostgreSQL by itself would do only where it takes it to be cheaper than planning for
 * each value: for a short list of ids it never does. https://www.postgresql.org/docs/current/sql-prepare.html#SQL-PREPARE-NOTES
 */
export const PLAN_CACHE_MODES = { kept: 'force_generic_plan', fresh: 'auto' } as const;

/** A pooler in statement mode breaks the connection off when a transaction begins. https://www.pgbouncer.org/features.html */
async function checkTransactions(client: pg.Client, begin: string): Promise<void> {
  try {
    await client.query(begin);
    await client.query('rollback');
  } catch (error) {
    if (!(error instanceof Error && error.message.includes('statement pooling'))) throw error;
    throw new Error(
      'DATABASE_URL leads to a pooler in statement mode, which has no transactions: set its pool_mode to transaction or session',
    );
  }
}
