// The tracking of orders begins when the lab network has accepted them.
import type { Context } from '../../interactions/context.ts';
import type { OutboxEntry } from '../../store/queues/outbox-entry.ts';
import type { NewTrackedOrder } from '../../store/queues/tracked-orders.ts';
import { type AcceptedOrder, readRequestId } from '../place/order-entry.ts';

/** The time until the first poll of a new order, in ms. A webhook makes the poll due earlier. */
const FIRST_POLL_MS = 6 * 3_600_000;
const JUST_ORDERED_STATUS = /^received(?:\.[^.]+\.ordered)?$/;

export const isJustOrdered = (status = ''): boolean => JUST_ORDERED_STATUS.test(status);

/** `status`: the lab network's status of the order. `networkStatus`: the status that the lab network last gave the request. */
interface InitialStatus {
  status?: string | undefined;
  networkStatus?: string | undefined;
}

interface AcceptedEntry {
  entry: OutboxEntry;
  payload: AcceptedOrder;
  initial: InitialStatus;
}

/** Starts to track orders of one tenant, inside the transaction that stores their acceptance. An order that has progressed is polled now. */
export const startTracking = async ({ store, clock }: Context, accepted: AcceptedEntry[]): Promise<void> =>
  void (await store.trackedOrders.add(accepted.map((order) => toTrackedOrder(order, clock()))));

function toTrackedOrder({ entry, payload, initial: { status = 'received', networkStatus } }: AcceptedEntry, now: Date): NewTrackedOrder {
  const first = isJustOrdered(status) ? now.getTime() + FIRST_POLL_MS : now.getTime();
  return {
    tenant: entry.tenant,
    account: entry.account,
    orderId: payload.orderId,
    transactionId: payload.transactionId,
    request: readRequestId(entry),
    task: payload.task,
    version: payload.version,
    orderedAt: entry.firstSentAt ?? now.toISOString(),
    snapshot: JSON.stringify({ told: networkStatus }),
    at: new Date(first).toISOString(),
  };
}
