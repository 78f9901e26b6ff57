// Keeps the planner's statistics current while the store grows. The embedded engine never gathers statistics, and a server may have autovacuum off or delayed.
// Without statistics, a search after a large load takes a hundred times as long.
import type { Database } from './database.ts';

const TABLES = ['resource', 'resource_history', 'sx', 'sx_ref', 'sx_string', 'sx_date', 'sx_number', 'sx_composite', 'sx_text'];
/** Writes until the first check. Each later check comes after twice as many writes. */
const FIRST_CHECK = 500;
/** A check also runs when no write follows for PAUSE_MS (in ms), after at least MIN_WRITES writes. */
const PAUSE_MS = 1000;
const MIN_WRITES = 50;
/** True if the table has grown by a quarter since its last analysis, so autovacuum has not run. (PostgreSQL's own counters lag behind.) */
const STALE = "reltuples < 0 or relpages < 0.8 * pg_relation_size(oid) / current_setting('block_size')::int";
const ANY_STALE = `select bool_or(${STALE}) as stale from pg_class where oid = any($1::text[]::regclass[])`;
/** On Citus, the shards have the rows and their statistics. `%s` is the name of a shard. */
const ANY_SHARD_STALE = `select bool_or(result::boolean) as stale from unnest($1::text[]) as name,
  run_command_on_shards(name::regclass, $$select ${STALE} from pg_class where oid = '%s'::regclass$$) where success`;

/** Returns a function that counts committed writes and starts the checks in the background. Do not call it inside a transaction. */
export function createStatisticsUpdate(database: Database): (written: number) => void {
  let since = 0;
  let due = FIRST_CHECK;
  let pause: NodeJS.Timeout | undefined;
  const check = (): void => {
    since = 0;
    // After a failure (the database is closing, a lock), the statistics stay as they are and the next check tries again.
    analyzeIfStale(database).catch(() => {});
  };
  return (written) => {
    since += written;
    clearTimeout(pause);
    if (since >= due) {
      due *= 2;
      check();
    } else if (since >= MIN_WRITES) {
      pause = setTimeout(check, PAUSE_MS).unref();
    }
  };
}

async function analyzeIfStale(database: Database): Promise<void> {
  const [tables] = await database.query<{ stale: boolean }>(database.isDistributed() ? ANY_SHARD_STALE : ANY_STALE, [
    `{${TABLES.join(',')}}`,
  ]);
  if (tables?.stale) await database.script(`analyze ${TABLES.join(', ')}`);
}
