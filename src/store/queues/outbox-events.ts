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

/** The values of an event, each as an SQL expression over the update. */
interface EventExpressions {
  what: string;
  state: string;
  reason: string;
  at: string;
}

/**
 * `update`: an update of rows of `outbox o` of the tenant `$1`. The returned text follows `with`, and its statement returns the ids of the changed entries. The update
 * locks the entries, so that two statements cannot record events of one entry at the same time. A report of progress (`sending`) is not an event.
 */
export const buildEventRecording = (update: string, { what, state, reason, at }: EventExpressions): string => `changed as (${update}
    returning o.tenant_id, o.id, ${what}::text as what, ${state}::text as state, ${reason}::text as reason, ${at}::timestamptz as at),
  ended as (select * from changed where state <> 'sending'),
  last as (select distinct on (e.entry_id) e.tenant_id, e.entry_id, e.nth, e.what, e.state, e.reason
    from ended c join outbox_event e on e.tenant_id = c.tenant_id and e.entry_id = c.id where e.tenant_id = $1 order by e.entry_id, e.nth desc),
  repeated as (update outbox_event e set last_at = c.at, times = e.times + 1
    from last join ended c on c.tenant_id = last.tenant_id and c.id = last.entry_id
    where e.tenant_id = $1 and e.tenant_id = last.tenant_id and e.entry_id = last.entry_id and e.nth = last.nth
      and last.what = c.what and last.state = c.state and last.reason is not distinct from c.reason returning e.entry_id),
  inserted as (insert into outbox_event (tenant_id, entry_id, nth, what, state, reason, at, last_at)
    select c.tenant_id, c.id, coalesce(last.nth, 0) + 1, c.what, c.state, c.reason, c.at, c.at
    from ended c left join last on last.tenant_id = c.tenant_id and last.entry_id = c.id
    where c.id <> all(array(select entry_id from repeated)) on conflict do nothing returning tenant_id, entry_id, nth),
  pruned as (delete from outbox_event e using inserted i
    where e.tenant_id = $1 and e.tenant_id = i.tenant_id and e.entry_id = i.entry_id and e.nth <= i.nth - ${MAX_EVENTS})
select id from changed`;

const EVENTS = `select what, state, reason, at, last_at as "lastAt", times from outbox_event
  where tenant_id = $1 and entry_id = $2 order by nth`;

/** The stored events of an entry, oldest first. */
export const listOutboxEvents = (database: Database, { tenant, id }: OutboxEntry): Promise<OutboxEvent[]> =>
  database.query<OutboxEvent>(EVENTS, [tenant, id]);
