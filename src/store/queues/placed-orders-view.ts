// The placed orders as people look at them: those whose last look came to nothing, and for how long looks have been due.
import type { Database } from '../database/database.ts';
import { PLACED_COLUMNS, type PlacedOrder } from './placed-orders.ts';

/** Since when there has been news of an order, and since when the oldest look without news has been due; in the future: none is late. Null: there is none. */
interface LooksDue {
  news: string | null;
  due: string | null;
}

const UNREAD = 'o.next_at is not null and o.last_error is not null';
/** The order that was placed first stands first. */
const LIST = `select ${PLACED_COLUMNS} from placed_order o where ${UNREAD} and ($1::int is null or o.tenant_id = $1)
  order by o.ordered_at, o.order_id limit $2`;
const COUNT = `select count(*)::int as count from placed_order o where ${UNREAD}`;
const LOOKS_DUE = `select (select min(news_at) from placed_order where news_at is not null) as news,
  (select min(next_at) from placed_order where news_at is null) as due`;

export const unreadOrders = (database: Database, { tenant, limit }: { tenant?: number; limit: number }): Promise<PlacedOrder[]> =>
  database.query<PlacedOrder>(LIST, [tenant ?? null, limit]);

/** Orders that are looked at, and could not be last time. */
export const countUnread = async (database: Database): Promise<number> => (await database.query<{ count: number }>(COUNT))[0]!.count;

export const looksDue = async (database: Database): Promise<LooksDue> => (await database.query<LooksDue>(LOOKS_DUE))[0]!;
