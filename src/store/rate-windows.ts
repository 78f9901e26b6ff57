// Counts the requests of clients in fixed windows, exactly for all processes: one row for each client, which one statement reads and counts.
import type { Database } from './database/database.ts';

/** Clients with the same name are counted together. `seconds`: the length of a window. */
export interface RateWindow {
  tenant: number;
  client: string;
  seconds: number;
}

/** `used`: the requests in the window. `msLeft`: until the window ends. */
export interface WindowCount {
  used: number;
  msLeft: number;
}

/**
 * Adds to the window, or begins a new one. A process whose clock is late, or a statement that waited for the row, counts in the window that another process
 * has begun. The commit does not wait for the disk: if PostgreSQL itself crashes, the counts of its last moments are lost
 * (https://www.postgresql.org/docs/current/wal-async-commit.html).
 */
const COUNT = `with commit as materialized (select set_config('synchronous_commit', 'off', true))
  insert into rate_window as w (tenant_id, client, ends_at, used) select $1::int, $2::text, $3::timestamptz, $4::int from commit
  on conflict (tenant_id, client) do update
    set used = case when excluded.ends_at > w.ends_at then excluded.used else w.used + excluded.used end, ends_at = greatest(w.ends_at, excluded.ends_at)
  returning used::float8 as used, w.ends_at as ends`;
const DELETE_ENDED = 'delete from rate_window where ends_at <= $1';

/** Counts `requests` in the window at a time. Windows begin at multiples of their length since 1970: the window of an hour begins on the hour. */
export async function countRequests(database: Database, window: RateWindow & { at: Date }, requests: number): Promise<WindowCount> {
  const { tenant, client, seconds } = window;
  const [at, length] = [window.at.getTime(), seconds * 1000];
  const ends = new Date((Math.floor(at / length) + 1) * length).toISOString();
  const rows = await database.query<{ used: number; ends: string }>(COUNT, [tenant, client, ends, requests], 'rate-count');
  return { used: rows[0]!.used, msLeft: Math.min(Date.parse(rows[0]!.ends) - at, length) };
}

/** Deletes the windows that have ended. */
export const deleteEndedWindows = async (database: Database, at: string): Promise<void> => void (await database.query(DELETE_ENDED, [at]));
