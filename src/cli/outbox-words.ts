// How commands about the outbox put things: tenants by name, spans of time, when an entry is tried next, what has happened to it.
import type { Database } from '../store/database/database.ts';
import type { OutboxEntry, OutboxState } from '../store/queues/outbox-entry.ts';
import type { OutboxEvent } from '../store/queues/outbox-events.ts';
import { listTenants } from '../store/tenants.ts';
import { AdminError } from './admin-error.ts';
import { textTable } from './text-table.ts';

/** Id → name, of all tenants or of the one that is named. */
export async function namesOf(database: Database, named: string | undefined): Promise<Map<number, string>> {
  const tenants = (await listTenants(database)).filter(({ slug }) => named === undefined || slug === named);
  if (named !== undefined && tenants.length === 0) throw new AdminError(`there is no tenant ${named}`);
  return new Map(tenants.map(({ id, slug }) => [id, slug]));
}

/** How many are shown at most. */
export function limitOf(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new AdminError('--limit must be a number from 1 to 9999');
  return Number(text);
}

/** When an entry is tried next: `now`, `running`, `in 5 m`; nothing when it is not. */
export function nextOf({ state, nextAt, leaseUntil }: OutboxEntry, at: Date): string {
  if (state === 'sending') return leaseUntil !== null && Date.parse(leaseUntil) <= at.getTime() ? 'now' : 'running';
  if (state !== 'queued' && state !== 'unknown') return '';
  return whenOf(nextAt, at);
}

/** How long it is until a time (ISO 8601), seen from another: `now`, `in 5 m`. */
export function whenOf(time: string, at: Date): string {
  const wait = Date.parse(time) - at.getTime();
  return wait <= 0 ? 'now' : `in ${spanOf(wait)}`;
}

/** What has happened, a line each. `of`: a column more, of what each was about. `wordOf`: how a state is called. */
export function eventLines(events: (OutboxEvent & { of?: string })[], wordOf: (state: OutboxState) => string = (state) => state): string[] {
  if (events.length === 0) return ['nothing has happened to it yet'];
  const about = events.some(({ of }) => of !== undefined);
  return textTable(
    ['when', 'until', 'times', ...(about ? ['of'] : []), 'what', 'then', 'reason'],
    events.map(({ at, lastAt, times, of = '', what, state, reason }) => [
      at,
      times > 1 ? lastAt : '',
      String(times),
      ...(about ? [of] : []),
      what,
      wordOf(state),
      reason ?? '',
    ]),
  );
}

const UNITS: [unit: string, ms: number][] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
];

/** `90 s`, `45 m`, `30 h`, `3 d`: the largest unit of which there are two. */
export function spanOf(milliseconds: number): string {
  const [unit, length] = UNITS.find(([, ms]) => milliseconds >= 2 * ms) ?? UNITS.at(-1)!;
  return `${Math.max(Math.floor(milliseconds / length), 0)} ${unit}`;
}

/** `30s`, `10m`, `2h`, `3d`. */
export function millisecondsOf(text: string): number {
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (!unit) throw new AdminError('--older must be a time like 30s, 10m, 2h or 3d');
  return Number(count) * UNITS.find(([name]) => name === unit)![1];
}
