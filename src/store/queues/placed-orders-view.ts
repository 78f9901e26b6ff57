// The placed orders as people look at them: those whose last look came to nothing, and for how long looks have been due.
import type { Database } from '../database/database.ts';
import { TRACKED_ORDER_COLUMNS, type TrackedOrder } from './tracked-orders.ts';

/** Since when there has been news of an order, and since when the oldest look without news has been due; in the future: none is late. Null: there is none. */
interface PollBacklog {
  oldestEvent: string | null;
  oldestPoll: string | null;
}

const UNREAD = 'o.next_at is not null and o.last_error is not null';
/** The order that was placed first stands first. */
const LIST = `select ${TRACKED_ORDER_COLUMNS} from placed_order o where ${UNREAD} and ($1::int is null or o.tenant_id = $1)
  order by o.ordered_at, o.order_id limit $2`;
const COUNT = `select count(*)::int as count from placed_order o where ${UNREAD}`;
const LOOKS_DUE = `select (select min(news_at) from placed_order where news_at is not null) as "oldestEvent",
  (select min(next_at) from placed_order where news_at is null) as "oldestPoll"`;

export const listFailedPolls = (database: Database, { tenant, limit }: { tenant?: number; limit: number }): Promise<TrackedOrder[]> =>
  database.query<TrackedOrder>(LIST, [tenant ?? null, limit]);

/** Orders that are looked at, and could not be last time. */
export const countFailedPolls = async (database: Database): Promise<number> => (await database.query<{ count: number }>(COUNT))[0]!.count;

export const readPollBacklog = async (database: Database): Promise<PollBacklog> => (await database.query<PollBacklog>(LOOKS_DUE))[0]!;
