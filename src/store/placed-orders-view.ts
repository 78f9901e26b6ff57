// The placed orders as people look at them: those whose last look came to nothing, and for how long looks have been due.
import type { Database } from './database.ts';
import { PLACED_COLUMNS, type PlacedOrder } from './placed-orders.ts';

/** How many orders that are looked at could not be looked at last time; since when there has been news, and since when the oldest look has been due. */
export interface PlacedStanding {
  unread: number;
  /** Null: there is none. */
  oldestNews: string | null;
  /** In the future: none is late. Null: none is planned. */
  oldestDue: string | null;
}

const UNREAD = 'o.next_at is not null and o.last_error is not null';
/** The order that was placed first stands first. */
const LIST = `select ${PLACED_COLUMNS} from placed_order o where ${UNREAD} and ($1::int is null or o.tenant_id = $1)
  order by o.ordered_at, o.order_id limit $2`;
const STANDING = `select (select count(*) from placed_order o where ${UNREAD})::int as unread,
  (select min(news_at) from placed_order where news_at is not null) as "oldestNews",
  (select min(next_at) from placed_order where news_at is null) as "oldestDue"`;

export const unreadOrders = (database: Database, { tenant, limit }: { tenant?: number; limit: number }): Promise<PlacedOrder[]> =>
  database.query<PlacedOrder>(LIST, [tenant ?? null, limit]);

export const placedStanding = async (database: Database): Promise<PlacedStanding> => (await database.query<PlacedStanding>(STANDING))[0]!;
