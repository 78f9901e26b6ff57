// The processor time that programs and a database's sessions have used, from /proc: a figure that other work on the machine blurs far less than a rate.
// https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html (utime and stime, in clock ticks of 10 ms)
import { existsSync, readdirSync, readFileSync } from 'node:fs';

const TICK_MS = 10;

/** Milliseconds used so far, by the process id. */
export type Used = ReadonlyMap<string, number>;

/** Of a process and its children, or of all sessions of a PostgreSQL database on this machine; undefined where there is no /proc. */
export function usedBy(what: { pid: number } | { database: string }): Used | undefined {
  if (!existsSync('/proc/self/stat')) return undefined;
  const ids = 'pid' in what ? [String(what.pid), ...childrenOf(what.pid)] : sessionsOf(what.database);
  return new Map(ids.map((id) => [id, usedByProcess(id)]));
}

/** Milliseconds between two looks; what a session used that has ended since is not counted. */
export const between = (before: Used, after: Used): number => [...after].reduce((sum, [id, used]) => sum + used - (before.get(id) ?? 0), 0);

const childrenOf = (pid: number): string[] =>
  listProcesses().filter((id) => Number(textOf(`/proc/${id}/stat`).split(') ')[1]?.split(' ')[1]) === pid);

const listProcesses = (): string[] => readdirSync('/proc').filter((id) => /^\d+$/.test(id));

/** A session's process shows the database in its title: `postgres: user database host(port) state`. */
function sessionsOf(database: string): string[] {
  return listProcesses().filter((id) => textOf(`/proc/${id}/cmdline`).includes(` ${database} `));
}

function usedByProcess(id: string): number {
  const fields = textOf(`/proc/${id}/stat`).split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * TICK_MS;
}

/** Empty for a process that has just ended. */
function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
