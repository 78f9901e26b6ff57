// An order that the network has accepted comes under those that are followed.
import type { Context } from '../../interactions/context.ts';
import type { OutboxEntry } from '../../store/queues/outbox-entry.ts';
import { type OrderPayload, readRequestId } from '../place/order-entry.ts';

/** An order that was just accepted tells of itself; it is looked at after this time even when it does not, in ms. */
const FIRST_POLL_MS = 6 * 3_600_000;
const JUST_ORDERED_STATUS = /^received(?:\.[^.]+\.ordered)?$/;

export const isJustOrdered = (status = ''): boolean => JUST_ORDERED_STATUS.test(status);

/** What is known of an accepted order: how it stands, and what the network has made of its request before. */
interface InitialStatus {
  status?: string | undefined;
  told?: string | undefined;
}

/** Inside the transaction that learns of the acceptance. An order that is further already is looked at now. */
export async function startTracking(
  { store, clock }: Context,
  entry: OutboxEntry,
  payload: OrderPayload,
  { status = 'received', told }: InitialStatus,
): Promise<void> {
  const now = clock();
  const first = isJustOrdered(status) ? now.getTime() + FIRST_POLL_MS : now.getTime();
  await store.trackedOrders.add({
    tenant: entry.tenant,
    orderId: payload.orderId!,
    transactionId: payload.transactionId ?? null,
    request: readRequestId(entry),
    task: payload.task,
    version: payload.version ?? null,
    orderedAt: entry.firstSentAt ?? now.toISOString(),
    snapshot: JSON.stringify({ told }),
    at: new Date(first).toISOString(),
  });
}
