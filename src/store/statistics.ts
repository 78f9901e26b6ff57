// Keeps the planner's statistics in step with a growing store: the embedded engine never gathers any, and a server may have autovacuum off or behind.
// Without them a search over a fresh load takes a hundred times as long.
import type { Database } from './database.ts';

const TABLES = 'resource, resource_history, sx, sx_ref, sx_string, sx_date, sx_number';
/** The first analysis comes after so many writes; each next one after twice as many. */
const FIRST = 500;

/** Counts writes; now and then one of them starts an analysis in the background. Called with how many were written. */
export function statisticsOf(database: Database): (written: number) => void {
  let since = 0;
  let due = FIRST;
  let running = false;
  return (written) => {
    since += written;
    if (since < due || running) return;
    since = 0;
    due *= 2;
    running = true;
    // a failure (closing, a lock) leaves the statistics as they were: the next round tries again
    void database
      .script(`analyze ${TABLES}`)
      .catch(() => {})
      .finally(() => {
        running = false;
      });
  };
}
