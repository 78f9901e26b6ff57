// Calling an order off at the network: sends the cancellations of the outbox (../place/cancellation.ts). The network may refuse one, when the laboratory has
// begun; then the Task says so and goes on, and nothing is lost.

import { type Failure, type HealthSignal, retryAfterSeconds, toHealthSignal } from '../../messaging/outcome.ts';
import type { LeasedEntry, OutboxEntry, OutboxState } from '../../store/queues/outbox-entry.ts';
import type { Store } from '../../store/store.ts';
import type { OrderTask } from '../place/cancellation.ts';
import { buildCancellationRefusedEdit, buildCancelledEdit, editResource, type OrderEdit } from '../place/order-edits.ts';
import { readOrderedRequest, readRequestId } from '../place/order-entry.ts';
import { parseAcceptedOrder } from '../place/order-payload.ts';
import { systemContext } from '../system-actor.ts';
import { nextDeliveryAt } from './delivery-times.ts';
import { ATTEMPT_MS, type OrderSender } from './order-sender.ts';

/** How the calling off of one order ended. `status`: where a refused one stands. */
type End = { kind: 'cancelled' } | { kind: 'refused'; why: string; status: string | undefined };
/** Nobody knows; `health`: what it says of the other side. */
type Open = { kind: 'open'; why: string; health: HealthSignal; retryAfter: number | undefined };

/** One attempt at all orders of the request (a redraw is another one). To cancel twice does no harm, so an unknown outcome is simply tried again. */
export async function sendCancellation(sender: OrderSender, { entry, by }: LeasedEntry): Promise<OutboxState> {
  const fulfilments = await fulfilmentsOf(sender.store, entry);
  const signal = AbortSignal.timeout(ATTEMPT_MS);
  const ends = await Promise.all(fulfilments.map(({ orderId }) => cancelled(sender, orderId, signal)));
  const now = sender.clock();
  const open = ends.find((end) => end.kind === 'open');
  sender.gate.breaker.record(open ? open.health : 'success', now, open?.retryAfter, entry.id);
  if (open) {
    const nextAt = nextDeliveryAt(entry.createdAt, now, sender.random());
    await sender.store.outbox.recordOutcome(entry, by, { state: 'unknown', at: now.toISOString(), nextAt, error: open.why });
    return 'unknown';
  }
  const ended = ends.flatMap((end, nth) => (end.kind === 'open' ? [] : [{ ...fulfilments[nth]!, end }]));
  return settled(sender, { entry, by }, ended);
}

async function fulfilmentsOf(store: Store, entry: OutboxEntry): Promise<OrderTask[]> {
  const { orderId, task, version } = parseAcceptedOrder(entry);
  const placed = await store.trackedOrders.listOfRequest({ tenant: entry.tenant, request: readRequestId(entry), version });
  return placed.some((order) => order.orderId === orderId) ? placed : [...placed, { orderId, task }];
}

/** A refusal is looked at once more: an order that is cancelled already refuses too. Where no order is to be seen (404), nobody has refused to cancel it. */
async function cancelled({ client }: OrderSender, orderId: string, signal: AbortSignal): Promise<End | Open> {
  const outcome = await client.cancelOrder(orderId, signal);
  if (outcome.kind === 'accepted') return { kind: 'cancelled' };
  if (outcome.kind !== 'refused' || outcome.status === 404) return openAfter(outcome);
  const order = await client.readOrder(orderId, signal);
  if (order.kind !== 'accepted') return openAfter(order);
  const { status } = order.value;
  return status?.startsWith('cancelled') ? { kind: 'cancelled' } : { kind: 'refused', why: outcome.why, status };
}

const openAfter = (outcome: Failure): Open => ({
  kind: 'open',
  why: outcome.why,
  health: toHealthSignal('cancellation', outcome),
  retryAfter: retryAfterSeconds(outcome),
});

/** Written down in one transaction; whoever follows the orders looks at them now. */
async function settled(sender: OrderSender, { entry, by }: LeasedEntry, ended: (OrderTask & { end: End })[]): Promise<OutboxState> {
  const { tenant } = entry;
  const at = sender.clock().toISOString();
  const refusal = ended.map(({ end }) => end).find((end) => end.kind === 'refused');
  const state = refusal ? 'refused' : 'done';
  return sender.store.transaction(async (store) => {
    await store.readForUpdate(tenant, [{ type: 'ServiceRequest', id: readRequestId(entry) }]);
    if (!(await store.outbox.recordOutcome(entry, by, { state, at, ...(refusal && { error: refusal.why }) }))) return 'sending';
    const context = systemContext(sender, tenant, store);
    if (!refusal && (await readOrderedRequest(store, entry)))
      await editResource(context, 'ServiceRequest', readRequestId(entry), buildCancelledEdit(at).request);
    for (const { task, end } of ended) await editResource(context, 'Task', task, editOf(end, at).task);
    await store.trackedOrders.wake(
      ended.map(({ orderId }) => ({ tenant, orderId })),
      at,
    );
    return state;
  });
}

const editOf = (end: End, at: string): OrderEdit =>
  end.kind === 'cancelled' ? buildCancelledEdit(at) : buildCancellationRefusedEdit(end.why, end.status, at);
