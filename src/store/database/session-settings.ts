// Configures a new connection. Detects a pooler and Citus by a query, so that the operator need not configure them.
// docs/decisions/0002-database-engines.md
import type pg from 'pg';
import type { ServerOptions } from './database.ts';

/** How statements run on a connection. */
export interface ConnectionSettings {
  /** Named statements are prepared once and use one plan. */
  namesStatements: boolean;
  /** The command that begins a transaction, with the settings that end with the transaction. */
  begin: string;
  /** Settings last one transaction only, so each statement needs a transaction. */
  lastsOneTransaction: boolean;
  /** The rows are distributed (Citus). A statement without a tenant runs on every shard. */
  isDistributed: boolean;
}

/** The default time limit of a statement, in ms. */
export const STATEMENT_TIMEOUT_MS = 30_000;
const ASK = "select pg_backend_pid() as pid, exists (select from pg_extension where extname = 'citus') as distributed";

/**
 * PgBouncer sends clients an invented process id; other poolers are assumed to do the same. If the id differs from that of the server process, there is a
 * pooler. A pooler may use another server connection for each transaction, so prepared statements and session settings cannot be used.
 * Citus cannot plan most statements before it knows their tenant, so on Citus no statement has one plan for all values.
 */
export async function configureConnection(
  client: pg.Client & { processID?: number | null },
  options: ServerOptions,
): Promise<ConnectionSettings> {
  const { rows } = await client.query<{ pid: number; distributed: boolean }>(ASK);
  const { pid, distributed } = rows[0]!;
  const lastsOneTransaction = options.preparedStatements === false || pid !== client.processID;
  const namesStatements = !lastsOneTransaction && !distributed;
  const settings = buildSettings(options.statementTimeout ?? STATEMENT_TIMEOUT_MS, namesStatements);
  const begin = lastsOneTransaction ? `begin; ${buildSetConfig(settings, 'transaction')}` : 'begin';
  if (lastsOneTransaction) await checkTransactions(client, begin);
  else await client.query(buildSetConfig(settings, 'session'));
  return { namesStatements, begin, lastsOneTransaction, isDistributed: distributed };
}

const buildSetConfig = (settings: Record<string, string | number>, lasts: 'session' | 'transaction'): string =>
  `select ${Object.entries(settings).map(([name, value]) => `set_config('${name}', '${value}', ${lasts === 'transaction'})`)}`;

/**
 * The settings assume SSDs and many short statements at once, for which JIT compilation and parallel workers are not worth their cost. With parallel workers,
 * the planner would also collect and sort all matches instead of reading one page in order.
 * https://www.postgresql.org/docs/current/runtime-config-query.html
 */
const buildSettings = (timeout: number, named: boolean): Record<string, string | number> => ({
  statement_timeout: timeout,
  random_page_cost: 1.1,
  jit: 'off',
  max_parallel_workers_per_gather: 0,
  plan_cache_mode: named ? PLAN_CACHE_MODES.kept : PLAN_CACHE_MODES.fresh,
});

/**
 * `kept` forces a generic plan from the first execution of a named statement. By default, PostgreSQL uses a generic plan only if it estimates it to be
 * cheaper than a plan for each value, which never happens for a short list of ids. https://www.postgresql.org/docs/current/sql-prepare.html#SQL-PREPARE-NOTES
 */
export const PLAN_CACHE_MODES = { kept: 'force_generic_plan', fresh: 'auto' } as const;

/** A pooler in statement mode closes the connection when a transaction begins. https://www.pgbouncer.org/features.html */
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
