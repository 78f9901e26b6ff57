// What an operator sees of orders that stand at the laboratory network: whether they can be looked at, when next, and if not, why not.
import type { Database } from '../store/database/database.ts';
import type { PlacedOrder } from '../store/queues/placed-orders.ts';
import { unreadOrders } from '../store/queues/placed-orders-view.ts';
import { whenOf } from './outbox-words.ts';
import { UNREAD } from './states.ts';
import { textTable } from './text-table.ts';

/** The orders that one request has led to. */
export function placedLines(placed: PlacedOrder[], at: Date): string[] {
  const rows = placed.map((one) => [one.orderId, one.task, standOf(one), nextLookOf(one, at), one.lastError ?? '']);
  return rows.length ? ['', ...textTable(['network order', 'task', 'is', 'next look', 'reason'], rows)] : [];
}

/** Those of all requests, or of one tenant's, whose last look came to nothing. `tenants`: id → name. */
export async function unreadLines(
  database: Database,
  { tenants, tenant, limit, at }: { tenants: Map<number, string>; tenant: number | undefined; limit: number; at: Date },
): Promise<string[]> {
  const found = await unreadOrders(database, { ...(tenant !== undefined && { tenant }), limit: limit + 1 });
  if (found.length === 0) return [`no orders that are ${UNREAD}`];
  const rows = found
    .slice(0, limit)
    .map((one) => [
      tenants.get(one.tenant) ?? String(one.tenant),
      one.request,
      one.orderId,
      String(one.attempts),
      nextLookOf(one, at),
      (one.lastError ?? '').slice(0, 60),
    ]);
  const more = found.length > limit ? [`more than ${limit}: --limit shows more of them`] : [];
  return [...textTable(['tenant', 'order', 'network order', 'looks', 'next look', 'reason'], rows), ...more];
}

/** Looks are counted from the last news, or the last one that went well. */
function standOf({ nextAt, lastError, attempts }: PlacedOrder): string {
  if (nextAt === null) return 'at its end';
  if (lastError === null) return 'followed';
  return attempts > 1 ? `${UNREAD}, ${attempts} times in a row` : UNREAD;
}

const nextLookOf = ({ nextAt }: PlacedOrder, at: Date): string => (nextAt === null ? 'when there is news' : whenOf(nextAt, at));
