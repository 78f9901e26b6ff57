// Calling an order off: a request that is revoked after its order was accepted brings a cancellation into the outbox. The network may refuse it, when the
// laboratory has begun; then the Task says so and goes on, and nothing is lost.
import type { Context } from '../resource/context.ts';
import type { OutboxEntry, OutboxState } from '../store/store.ts';
import type { JunctionOrder } from './junction-client.ts';
import type { Outcome } from './junction-outcome.ts';
import { type OrderPayload, payloadOf } from './order-entry.ts';
import { calledOff, change, stillRunning } from './record.ts';
import { retryAt } from './retry-time.ts';
import { ATTEMPT_MS, type Leased, type Sending, senderContext } from './sending.ts';

/** The topic of cancellations; the subject is the order's. */
export const CANCELLATION = 'order-cancellation';

/** Inside the transaction that learns that an accepted order is no longer wanted. Once per order. */
export async function callOff({ store, clock, newId }: Context, order: OutboxEntry, payload: OrderPayload): Promise<void> {
  const { tenant, subject } = order;
  if (await store.outbox.find(tenant, CANCELLATION, subject)) return;
  const at = clock().toISOString();
  await store.outbox.add({ tenant, topic: CANCELLATION, subject, key: newId(), payload: JSON.stringify(payload), at });
}

/** One attempt. To cancel twice does no harm, so an unknown outcome is simply tried again. */
export async function sendCancellation(sending: Sending, { entry, by }: Leased): Promise<OutboxState> {
  const { task, orderId } = payloadOf(entry);
  const outcome = await cancelled(sending, orderId!, AbortSignal.timeout(ATTEMPT_MS));
  const now = sending.clock();
  const at = now.toISOString();
  const final = outcome.kind === 'accepted' || outcome.kind === 'refused';
  sending.breaker.record(final ? 'answered' : outcome.kind === 'unknown' ? 'failed' : 'down', now);
  if (!final) {
    const nextAt = retryAt(entry.createdAt, now, sending.random());
    await sending.store.outbox.settle(entry, by, { state: 'unknown', at, nextAt, error: outcome.why });
    return 'unknown';
  }
  const settled = outcome.kind === 'accepted' ? ({ state: 'done' } as const) : ({ state: 'refused', error: outcome.why } as const);
  const edit = outcome.kind === 'accepted' ? calledOff(at) : stillRunning(outcome.why, at);
  return sending.store.transaction(async (store) => {
    if (!(await store.outbox.settle(entry, by, { ...settled, at }))) return 'sending';
    await change(senderContext(sending, entry.tenant, store), 'Task', task, edit.task);
    return settled.state;
  });
}

/** A refusal is looked at once more: an order that is cancelled already refuses too. */
async function cancelled({ client }: Sending, orderId: string, signal: AbortSignal): Promise<Outcome<JunctionOrder>> {
  const outcome = await client.cancelOrder(orderId, signal);
  if (outcome.kind !== 'refused') return outcome;
  const order = await client.order(orderId, signal);
  if (order.kind === 'accepted') return order.value.status?.startsWith('cancelled') ? order : outcome;
  return order.kind === 'refused' ? outcome : order;
}
