// Selects the order that sets the status of a request: the last one of its order transaction. If there are several transactions, which is not intended, the last
// one that is not cancelled counts.

import type { OrderSnapshot } from '../../junction/order-snapshot.ts';
import type { TrackedOrder } from '../../store/queues/tracked-orders.ts';
import { parseTrackedState } from './order-tracker.ts';

/** `orders`: all tracked orders of the request, including this one, oldest first. */
export function isAuthoritative(order: OrderSnapshot, orders: TrackedOrder[]): boolean {
  const others = listOrdersOfOtherTransactions(order, orders);
  const isCancelled = (trackedOrder: TrackedOrder): boolean =>
    (others.includes(trackedOrder) ? parseTrackedState(trackedOrder).transaction : order.transaction?.status) === 'cancelled';
  const last = orders.findLast((order) => !isCancelled(order)) ?? orders.at(-1);
  if (!last || others.includes(last)) return false;
  return isNewestOfTransaction(
    order,
    orders.filter((order) => !others.includes(order)),
  );
}

/** The orders of the request that belong to another transaction than this order, or to none. */
export function listOrdersOfOtherTransactions({ id, transaction }: OrderSnapshot, orders: TrackedOrder[]): TrackedOrder[] {
  const own = new Set([id, ...(transaction?.orders ?? []).map((sibling) => sibling.id)]);
  return orders.filter(({ orderId, transactionId }) => !own.has(orderId) && (transactionId ?? undefined) !== transaction?.id);
}

/** Compares the orders of one transaction by the lab network's creation times. */
function isNewestOfTransaction(order: OrderSnapshot, orders: TrackedOrder[]): boolean {
  const siblings = order.transaction?.orders ?? [];
  const own = siblings.findIndex(({ id }) => id === order.id);
  if (own < 0) return orders.at(-1)?.orderId === order.id;
  const at = (index: number): number => Date.parse(siblings[index]!.createdAt ?? '') || 0;
  const unseen = orders.some(({ orderId }) => !siblings.some(({ id }) => id === orderId));
  return !unseen && siblings.every((_, index) => index === own || at(index) < at(own) || (at(index) === at(own) && index < own));
}
