// Keeps the planner's statistics in step with a growing store: the embedded engine never gathers any, and a server may have autovacuum off or behind.
// Without them a search over a fresh load takes a hundred times as long.
import type { Database } from './database.ts';

const TABLES = ['resource', 'resource_history', 'sx', 'sx_ref', 'sx_string', 'sx_date', 'sx_number', 'sx_composite'];
/** During a load: the first look comes after so many writes, each next one after twice as many. */
const FIRST_CHECK = 500;
/** And whenever writing pauses for so long, in ms, after at least so many. */
const PAUSE_MS = 1000;
const MIN_WRITES = 50;
/** This table has grown by a quarter since its last analysis: then autovacuum has not come by. (Its own counters lag behind.) */
const STALE = "reltuples < 0 or relpages < 0.8 * pg_relation_size(oid) / current_setting('block_size')::int";
const ANY_STALE = `select bool_or(${STALE}) as stale from pg_class where oid = any($1::text[]::regclass[])`;
/** Where tables are distributed (Citus), the rows and their statistics are those of the shards: `%s` is the name of one. */
const ANY_SHARD_STALE = `select bool_or(result::boolean) as stale from unnest($1::text[]) as name,
  run_command_on_shards(name::regclass, $$select ${STALE} from pg_class where oid = '%s'::regclass$$) where success`;

/** Counts committed writes; now and then, and when they pause, an analysis runs in the background. Not to be called inside a transaction. */
export function createStatisticsUpdate(database: Database): (written: number) => void {
  let since = 0;
  let due = FIRST_CHECK;
  let pause: NodeJS.Timeout | undefined;
  const look = (): void => {
    since = 0;
    // A failure (closing, a lock) leaves the statistics as they were: the next round tries again.
    analyzeIfStale(database).catch(() => {});
  };
  return (written) => {
    since += written;
    clearTimeout(pause);
    if (since >= due) {
      due *= 2;
      look();
    } else if (since >= MIN_WRITES) {
      pause = setTimeout(look, PAUSE_MS).unref();
    }
  };
}

async function analyzeIfStale(database: Database): Promise<void> {
  const [tables] = await database.query<{ stale: boolean }>(database.isDistributed() ? ANY_SHARD_STALE : ANY_STALE, [
    `{${TABLES.join(',')}}`,
  ]);
  if (tables?.stale) await database.script(`analyze ${TABLES.join(', ')}`);
}
