// An accepted order that is no longer wanted: a cancellation comes into the outbox, in the transaction that learns of it. What the network makes of that is
// ../deliver/send-cancellation.ts.

import type { Context } from '../../interactions/context.ts';
import type { OutboxEntry, OutboxState } from '../../store/queues/outbox-entry.ts';
import type { TrackedOrder } from '../../store/queues/tracked-orders.ts';
import type { Store } from '../../store/store.ts';
import { isRevoked } from './order-criteria.ts';
import { readOrderedRequest, toSubject } from './order-entry.ts';
import { type AcceptedOrder, formatOrderPayload, parseAcceptedOrder } from './order-payload.ts';

/** The topic of cancellations; the subject is the order's. */
export const CANCELLATION_TOPIC = 'order-cancellation';

const PENDING_STATES: ReadonlySet<OutboxState> = new Set(['queued', 'sending', 'unknown', 'parked']);

/**
 * Inside the transaction that learns that an accepted order is no longer wanted. One at a time for an order; after one that is over there may be another: the
 * network may have refused it, or may have taken up again what it had cancelled. To cancel twice does no harm.
 */
export async function queueCancellation({ store, clock, newId }: Context, order: OutboxEntry, payload: AcceptedOrder): Promise<void> {
  const { tenant, subject } = order;
  const former = await store.outbox.findNewest(tenant, CANCELLATION_TOPIC, subject);
  if (former && PENDING_STATES.has(former.state) && parseAcceptedOrder(former).task === payload.task) return;
  const at = clock().toISOString();
  await store.outbox.add({ tenant, topic: CANCELLATION_TOPIC, subject, key: newId(), payload: formatOrderPayload(payload), at });
}

/** Whether people have taken this order's request back, by whatever way, and the network has not refused to cancel it. */
export async function isCancellationRequested(store: Store, { tenant, request, version }: OrderedVersion): Promise<boolean> {
  const all = await store.outbox.findAll(tenant, CANCELLATION_TOPIC, toSubject(request));
  const newest = all.find((entry) => parseAcceptedOrder(entry).version === version);
  return newest !== undefined && newest.state !== 'refused';
}

/** A request and its version that was ordered; null: not known. */
type OrderedVersion = Pick<TrackedOrder, 'tenant' | 'request' | 'version'>;

/**
 * Inside the transaction that learns of a further order (a redraw): where the request was taken back and called off before, the further one is called off,
 * too. The request is held, so that whoever takes it back at this moment comes before this (and is seen) or after (and sees the further order).
 */
export async function cancelFurtherOrder(
  context: Context,
  request: string,
  further: OrderTask & { transactionId: string | undefined },
): Promise<void> {
  const { store, caller } = context;
  await store.readForUpdate(caller.tenant, [{ type: 'ServiceRequest', id: request }]);
  const former = await store.outbox.findNewest(caller.tenant, CANCELLATION_TOPIC, toSubject(request));
  const stands = former && (await readOrderedRequest(store, former));
  if (!former || (stands && !isRevoked(stands))) return;
  await queueCancellation(context, former, { ...parseAcceptedOrder(former), ...further, transactionId: further.transactionId ?? null });
}

/** One order of the request, as the network names it, and the Task that tells of it. */
export interface OrderTask {
  orderId: string;
  task: string;
}
