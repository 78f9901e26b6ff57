// Sends the cancellations of the outbox (../place/cancellation.ts). The lab network may refuse a cancellation after the laboratory has begun: the Task then shows
// that the order continues.

import { type Failure, type HealthSignal, retryAfterSeconds, toHealthSignal } from '../../messaging/outcome.ts';
import type { LeasedEntry, OutboxEntry, OutboxState } from '../../store/queues/outbox-entry.ts';
import type { Store } from '../../store/store.ts';
import { toEntryFields } from '../log-fields.ts';
import type { OrderTask } from '../place/cancellation.ts';
import { buildCancellationRefusedEdit, buildCancelledEdit, editResource, type OrderEdit } from '../place/order-edits.ts';
import { parseAcceptedOrder, readOrderedRequest, readRequestId } from '../place/order-entry.ts';
import { findCancellationTransition } from '../state-machine.ts';
import { systemContext } from '../system-actor.ts';
import { ATTEMPT_MS, nextDeliveryAt, type OrderSender } from './order-sender.ts';

/** The result for one order. `status`: the lab network's status of an order that it does not cancel. */
type CancellationResult = { kind: 'cancelled' } | { kind: 'refused'; why: string; status: string | undefined };
/** The result is unknown. */
type OpenResult = { kind: 'open'; why: string; health: HealthSignal; retryAfter: number | undefined };

/** One attempt to cancel all orders of the request, including redraws. Repeating a cancellation has no effect, so after an unknown outcome it is repeated. */
export async function sendCancellation(sender: OrderSender, { entry, by }: LeasedEntry): Promise<OutboxState> {
  const fulfilments = await listOrderTasks(sender.store, entry);
  const signal = AbortSignal.timeout(ATTEMPT_MS);
  const ends = await Promise.all(fulfilments.map(({ orderId }) => cancelOrder(sender, orderId, signal)));
  const now = sender.clock();
  const open = ends.find((end) => end.kind === 'open');
  const refusal = ends.find((end) => end.kind === 'refused');
  const { to: state, action } = findCancellationTransition('sending', open ? 'unknown' : refusal ? 'refused' : 'accepted')!;
  sender.gate.breaker.record(open ? open.health : 'success', now, open?.retryAfter, entry.id);
  if (open) {
    const nextAt = nextDeliveryAt(entry.createdAt, now, sender.random());
    await sender.store.outbox.recordOutcome(entry, by, { state, at: now.toISOString(), nextAt, error: open.why });
    logResult(sender, entry, { state, error: open.why });
    return state;
  }
  const endedOrders = ends.flatMap((end, index) => (end.kind === 'open' ? [] : [{ ...fulfilments[index]!, end }]));
  return recordResults(sender, { entry, by }, { state, isCancelled: action === 'endOrder', error: refusal?.why, endedOrders });
}

async function listOrderTasks(store: Store, entry: OutboxEntry): Promise<OrderTask[]> {
  const { orderId, task, version } = parseAcceptedOrder(entry);
  const trackedOrders = await store.trackedOrders.listOfRequest({ tenant: entry.tenant, request: readRequestId(entry), version });
  return trackedOrders.some((order) => order.orderId === orderId) ? trackedOrders : [...trackedOrders, { orderId, task }];
}

/** After a refusal the order is read: a cancellation of a cancelled order is refused, too. A 404 is not a refusal. */
async function cancelOrder({ client }: OrderSender, orderId: string, signal: AbortSignal): Promise<CancellationResult | OpenResult> {
  const outcome = await client.cancelOrder(orderId, signal);
  if (outcome.kind === 'accepted') return { kind: 'cancelled' };
  if (outcome.kind !== 'refused' || outcome.status === 404) return toOpenResult(outcome);
  const order = await client.readOrder(orderId, signal);
  if (order.kind !== 'accepted') return toOpenResult(order);
  const { status } = order.value;
  return status?.startsWith('cancelled') ? { kind: 'cancelled' } : { kind: 'refused', why: outcome.why, status };
}

const toOpenResult = (outcome: Failure): OpenResult => ({
  kind: 'open',
  why: outcome.why,
  health: toHealthSignal('cancellation', outcome),
  retryAfter: retryAfterSeconds(outcome),
});

interface EndedAttempt {
  state: OutboxState;
  /** All orders of the request are cancelled. */
  isCancelled: boolean;
  error: string | undefined;
  endedOrders: (OrderTask & { end: CancellationResult })[];
}

/** Records the results in one transaction, and wakes the tracking of the orders. */
async function recordResults(sender: OrderSender, { entry, by }: LeasedEntry, attempt: EndedAttempt): Promise<OutboxState> {
  const { state, isCancelled, error, endedOrders } = attempt;
  const { tenant } = entry;
  const at = sender.clock().toISOString();
  const recorded: OutboxState = await sender.store.transaction(async (store) => {
    await store.readForUpdate(tenant, [{ type: 'ServiceRequest', id: readRequestId(entry) }]);
    if (!(await store.outbox.recordOutcome(entry, by, { state, at, ...(error !== undefined && { error }) }))) return 'sending';
    const context = systemContext(sender, tenant, store);
    if (isCancelled && (await readOrderedRequest(store, entry)))
      await editResource(context, 'ServiceRequest', readRequestId(entry), buildCancelledEdit(at).request);
    for (const { task, end } of endedOrders) await editResource(context, 'Task', task, toEdit(end, at).task);
    await store.trackedOrders.wake(
      endedOrders.map(({ orderId }) => ({ tenant, orderId })),
      at,
    );
    return state;
  });
  logResult(sender, entry, { state: recorded === state ? state : 'lost', error });
  return recorded;
}

const logResult = ({ log }: OrderSender, entry: OutboxEntry, result: { state: string; error: string | undefined }): void =>
  log({ ...toEntryFields(entry, parseAcceptedOrder(entry).orderId), attempt: entry.attempts, ...result }, 'cancellation');

const toEdit = (end: CancellationResult, at: string): OrderEdit =>
  end.kind === 'cancelled' ? buildCancelledEdit(at) : buildCancellationRefusedEdit(end.why, end.status, at);
