// The events of an outbox entry: attempts to send it, and operations by people. The statement that changes the entry also records the event.
// Equal events in a row are stored as one row with a counter, so that a day of failed attempts is one row. Only the newest rows are stored.
import type { Database } from '../database/database.ts';
import type { OutboxEntry, OutboxState } from './outbox-entry.ts';

/** An event that happened `times` times. `what`: `attempt`, or the operation of a person. `state`: the state of the entry after the event. */
export interface OutboxEvent {
  what: string;
  state: OutboxState;
  reason: string | null;
  at: string;
  lastAt: string;
  times: number;
}

/** Maximum number of stored rows for one entry. */
const MAX_EVENTS = 50;

/** The values of an event, each as a placeholder (`$4`) or an SQL literal. */
interface EventExpressions {
  what: string;
  state: string;
  reason: string;
  at: string;
}

/**
 * `update`: an update of one row of `outbox o`. The built statement returns a row if the entry was changed. The update locks the entry, so that two statements
 * cannot record events of one entry at the same time.
 */
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

/** The stored events of an entry, oldest first. */
export const listOutboxEvents = (database: Database, { tenant, id }: OutboxEntry): Promise<OutboxEvent[]> =>
  database.query<OutboxEvent>(EVENTS, [tenant, id]);
