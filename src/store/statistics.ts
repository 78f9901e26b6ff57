// Keeps the planner's statistics in step with a growing store: the embedded engine never gathers any, and a server may have autovacuum off or behind.
// Without them a search over a fresh load takes a hundred times as long.
import type { Database } from './database.ts';

const TABLES = 'resource, resource_history, sx, sx_ref, sx_string, sx_date, sx_number';
/** The first look comes after so many writes; each next one after twice as many. */
const FIRST = 500;
/** The table has grown by a quarter since its last analysis: then autovacuum has not come by. (Its own counters lag behind.) */
const STALE = `select reltuples < 0 or relpages < 0.8 * pg_relation_size(oid) / current_setting('block_size')::int as stale
  from pg_class where oid = 'sx'::regclass`;

/** Counts committed writes; now and then one of them starts an analysis in the background. Not to be called inside a transaction. */
export function statisticsOf(database: Database): (written: number) => void {
  let since = 0;
  let due = FIRST;
  return (written) => {
    since += written;
    if (since < due) return;
    since = 0;
    due *= 2;
    // A failure (closing, a lock) leaves the statistics as they were: the next round tries again.
    refresh(database).catch(() => {});
  };
}

async function refresh(database: Database): Promise<void> {
  const [sx] = database.engine === 'server' ? await database.query<{ stale: boolean }>(STALE) : [{ stale: true }];
  if (sx?.stale) await database.script(`analyze ${TABLES}`);
}
