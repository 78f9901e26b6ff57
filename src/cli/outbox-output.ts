// Shared by the commands about the outbox (orders, subscriptions): finds an entry by its id, and formats times, states and events.
import { type Context, OPERATOR } from '../interactions/context.ts';
import type { Database } from '../store/database/database.ts';
import { listOutbox } from '../store/queues/backlogs.ts';
import type { OutboxEntry, OutboxState } from '../store/queues/outbox-entry.ts';
import type { OutboxEvent } from '../store/queues/outbox-events.ts';
import { listTenants } from '../store/tenants.ts';
import { type AdminContext, AdminError } from './admin-command.ts';
import { broken, textTable } from './text-table.ts';

/** Id → name: of all tenants, or of the named one. */
export async function tenantNames(database: Database, named: string | undefined): Promise<Map<number, string>> {
  const tenants = (await listTenants(database)).filter(({ slug }) => named === undefined || slug === named);
  if (named !== undefined && tenants.length === 0) throw new AdminError(`there is no tenant ${named}`);
  return new Map(tenants.map(({ id, slug }) => [id, slug]));
}

/** The value of --limit. */
export function parseLimit(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new AdminError('--limit must be a number from 1 to 9999');
  return Number(text);
}

/** The time of the next attempt: `now`, `running`, `in 5 m`; empty without one. */
export function nextAttempt({ state, nextAt, leaseUntil }: OutboxEntry, at: Date): string {
  if (state === 'sending') return leaseUntil !== null && Date.parse(leaseUntil) <= at.getTime() ? 'now' : 'running';
  if (state !== 'queued' && state !== 'unknown') return '';
  return timeUntil(nextAt, at);
}

/** The duration from `at` until a time (ISO 8601): `now`, `in 5 m`. */
export function timeUntil(time: string, at: Date): string {
  const wait = Date.parse(time) - at.getTime();
  return wait <= 0 ? 'now' : `in ${formatDuration(wait)}`;
}

/** The events of an entry, one line each. `of`: the subject of an event, as an extra column. `stateName`: the name of a state for operators. */
export function eventLines(
  events: (OutboxEvent & { of?: string })[],
  stateName: (state: OutboxState) => string = (state) => state,
): string[] {
  if (events.length === 0) return ['no events yet'];
  const hasSubject = events.some(({ of }) => of !== undefined);
  return textTable(
    ['when', 'until', 'times', ...(hasSubject ? ['of'] : []), 'what', 'then', 'reason'],
    events.map(({ at, lastAt, times, of = '', what, state, reason }) => [
      at,
      times > 1 ? lastAt : '',
      String(times),
      ...(hasSubject ? [of] : []),
      what,
      stateName(state),
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

/** `90 s`, `45 m`, `30 h`, `3 d`: in the largest unit that gives at least 2. */
export function formatDuration(milliseconds: number): string {
  const [unit, length] = UNITS.find(([, ms]) => milliseconds >= 2 * ms) ?? UNITS.at(-1)!;
  return `${Math.max(Math.floor(milliseconds / length), 0)} ${unit}`;
}

/** `30s`, `10m`, `2h`, `3d`. */
export function parseDuration(text: string): number {
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (!unit) throw new AdminError('--older must be a time like 30s, 10m, 2h or 3d');
  return Number(count) * UNITS.find(([name]) => name === unit)![1];
}

/** `tenant`: the name that the operator gave, if any. `what`: the kind of thing, for the error text (`an order`). */
interface EntryQuery {
  topic: string;
  subject: string;
  tenant: string | undefined;
  what: string;
}

export interface FoundEntry {
  entry: OutboxEntry;
  /** The name of its tenant. */
  tenant: string;
  /** For writes to that tenant by an operator. */
  context: Context;
}

/** The newest entry about this subject, or undefined. The tenant is required when several tenants have one. */
export async function findEntry(
  database: Database,
  { topic, subject, tenant, what }: EntryQuery,
  contextOf: AdminContext['contextOf'],
): Promise<FoundEntry | undefined> {
  const tenants = await tenantNames(database, tenant);
  const named = tenant === undefined ? {} : { tenant: [...tenants.keys()][0]! };
  const found = await listOutbox(database, { topic, subject, limit: 1000, ...named });
  const owners = [...new Set(found.map((entry) => entry.tenant))].map((id) => tenants.get(id));
  if (owners.length > 1) throw new AdminError(`several tenants have ${what} of this id: name one with --tenant (${owners.join(', ')})`);
  const entry = found.at(-1);
  return (
    entry && {
      entry,
      tenant: tenants.get(entry.tenant) ?? String(entry.tenant),
      context: contextOf({ tenant: entry.tenant, actor: OPERATOR, surface: 'fhir', scopes: [] }),
    }
  );
}

/** A state as operators read it. `is`: its meaning, after "it". `next`: the command that ends it. `help`: a longer text for the help. */
export interface StateText {
  is: string;
  next?: string;
  help?: string;
}

/** The meaning of a state, for `show` and for refusals. */
export const describeState = ({ is, next }: StateText): string => (next === undefined ? is : `${is}: ${next}`);

/** A table of states, for the help of `list`. */
export function stateHelp(states: Record<string, StateText>): string {
  const width = Math.max(...Object.keys(states).map((name) => name.length));
  const lines = Object.entries(states).flatMap(([name, { is, help = is }]) =>
    broken(help, 84).map((line, index) => `  ${(index ? '' : name).padEnd(width)}  ${line}`),
  );
  return ['States:', ...lines].join('\n');
}
