// Starts to track an order that the network has accepted.
import type { Context } from '../../interactions/context.ts';
import type { OutboxEntry } from '../../store/queues/outbox-entry.ts';
import { readRequestId } from '../place/order-entry.ts';
import type { AcceptedOrder } from '../place/order-payload.ts';

/** Webhooks announce what happens to a new order. It is polled after this time even without one, in ms. */
const FIRST_POLL_MS = 6 * 3_600_000;
const JUST_ORDERED_STATUS = /^received(?:\.[^.]+\.ordered)?$/;

export const isJustOrdered = (status = ''): boolean => JUST_ORDERED_STATUS.test(status);

/** The network's status of the order, and the status that the network has given its request before. */
interface InitialStatus {
  status?: string | undefined;
  told?: string | undefined;
}

/** Inside the transaction that records the acceptance. An order that has progressed is polled now. */
export async function startTracking(
  { store, clock }: Context,
  entry: OutboxEntry,
  payload: AcceptedOrder,
  { status = 'received', told }: InitialStatus,
): Promise<void> {
  const now = clock();
  const first = isJustOrdered(status) ? now.getTime() + FIRST_POLL_MS : now.getTime();
  await store.trackedOrders.add({
    tenant: entry.tenant,
    orderId: payload.orderId,
    transactionId: payload.transactionId,
    request: readRequestId(entry),
    task: payload.task,
    version: payload.version,
    orderedAt: entry.firstSentAt ?? now.toISOString(),
    snapshot: JSON.stringify({ told }),
    at: new Date(first).toISOString(),
  });
}
