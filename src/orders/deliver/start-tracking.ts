// Starts to track an order that the lab network has accepted.
import type { Context } from '../../interactions/context.ts';
import type { OutboxEntry } from '../../store/queues/outbox-entry.ts';
import { type AcceptedOrder, readRequestId } from '../place/order-entry.ts';

/** The time until the first poll of a new order, in ms. A webhook makes the poll due earlier. */
const FIRST_POLL_MS = 6 * 3_600_000;
const JUST_ORDERED_STATUS = /^received(?:\.[^.]+\.ordered)?$/;

export const isJustOrdered = (status = ''): boolean => JUST_ORDERED_STATUS.test(status);

/** `status`: the lab network's status of the order. `told`: the status that the lab network last gave the request. */
interface InitialStatus {
  status?: string | undefined;
  told?: string | undefined;
}

/** Called inside the transaction that stores the acceptance. An order that has progressed is polled now. */
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
