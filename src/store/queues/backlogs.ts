// The outbox as people look at it: lists by state and age, and what stands open. All times are given.
import type { Database } from '../database/database.ts';
import { OUTBOX_COLUMNS } from './outbox.ts';
import type { OutboxEntry, OutboxState } from './outbox-entry.ts';

/** Which entries are wanted; absent: any. */
interface OutboxFilter {
  /** One, or any of these. */
  topic: string | string[];
  tenant?: number;
  subject?: string;
  states?: OutboxState[];
  /** Made before this time. */
  before?: string;
  limit: number;
}

/** How many entries of a topic stand in a state that is not the last one, and when the oldest of them was made. */
interface OutboxBacklog {
  topic: string;
  state: OutboxState;
  count: number;
  oldest: string;
}

/** Entries in the order in which they were made: the one that waits longest first. */
const LIST = `select ${OUTBOX_COLUMNS} from outbox o where topic = any($1) and ($2::int is null or tenant_id = $2) and ($3::text is null or subject = $3)
  and ($4::text[] is null or state = any($4)) and ($5::timestamptz is null or created_at < $5) order by created_at, id limit $6`;
const STANDING = `select topic, state, count(*)::int as count, min(created_at) as oldest from outbox
  where state in ('queued', 'sending', 'unknown', 'parked') group by topic, state order by topic, state`;

export const listOutbox = (database: Database, { topic, tenant, subject, states, before, limit }: OutboxFilter): Promise<OutboxEntry[]> =>
  database.query<OutboxEntry>(LIST, [[topic].flat(), tenant ?? null, subject ?? null, states ?? null, before ?? null, limit]);

export const readOutboxBacklog = (database: Database): Promise<OutboxBacklog[]> => database.query<OutboxBacklog>(STANDING);
