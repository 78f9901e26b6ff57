// What happened to an entry of the outbox, written down by the very statement that makes it happen: its attempts and what people did with it.
// The same thing again and again is one row that counts, so that a day of failed attempts is a line, and of the rest only the newest are kept.
import type { Database } from '../database/database.ts';
import type { OutboxEntry, OutboxState } from './outbox-entry.ts';

/** Something that happened to an entry, once or `times` over. `what`: `attempt`, or what somebody did. `state`: what it was in afterwards. */
export interface OutboxEvent {
  what: string;
  state: OutboxState;
  reason: string | null;
  at: string;
  lastAt: string;
  times: number;
}

/** So many rows of one entry are kept. */
const MAX_EVENTS = 50;

/** What is written down, each as a placeholder of the statement (`$4`) or an SQL literal. */
interface EventExpressions {
  what: string;
  state: string;
  reason: string;
  at: string;
}

/** `update`: of one row of `outbox o`. The statement answers a row when it changed one. Whoever changes an entry holds it, so that there is one at a time. */
export const buildEventRecording = (
  update: string,
  { what, state, reason, at }: EventExpressions,
): string => `with changed as (${update} returning o.tenant_id, o.id),
  last as (select e.* from outbox_event e join changed c on e.tenant_id = c.tenant_id and e.entry_id = c.id order by e.nth desc limit 1),
  again as (update outbox_event e set last_at = ${at}, times = e.times + 1 from last
    where e.tenant_id = last.tenant_id and e.entry_id = last.entry_id and e.nth = last.nth
      and last.what = ${what} and last.state = ${state} and last.reason is not distinct from ${reason} returning e.nth),
  told as (insert into outbox_event (tenant_id, entry_id, nth, what, state, reason, at, last_at)
    select c.tenant_id, c.id, coalesce((select nth from last), 0) + 1, ${what}, ${state}, ${reason}, ${at}, ${at} from changed c
    where not exists (select from again) on conflict do nothing returning tenant_id, entry_id, nth),
  forgotten as (delete from outbox_event e using told t where e.tenant_id = t.tenant_id and e.entry_id = t.entry_id and e.nth <= t.nth - ${MAX_EVENTS})
select id from changed`;

const EVENTS = `select what, state, reason, at, last_at as "lastAt", times from outbox_event
  where tenant_id = $1 and entry_id = $2 order by nth`;

/** What is still known of an entry's past, oldest first. */
export const listOutboxEvents = (database: Database, { tenant, id }: OutboxEntry): Promise<OutboxEvent[]> =>
  database.query<OutboxEvent>(EVENTS, [tenant, id]);
