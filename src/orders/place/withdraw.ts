// Somebody takes an order back, by its request or by its Task: what that means depends on how far the order is. Inside the transaction of that write.
// docs/decisions/0025-order-changes-and-cancellation.md
import type { Context } from '../../interactions/context.ts';
import type { OutboxEntry, OutboxState } from '../../store/queues/outbox-entry.ts';
import { asSystemActor } from '../system-actor.ts';
import { queueCancellation } from './cancellation.ts';
import { buildCancelledEdit, editResource } from './order-edits.ts';
import { letGo, parseOrderPayload, readRequestId } from './order-entry.ts';

type Way = (context: Context, entry: OutboxEntry) => Promise<void>;

/** Whoever is sending it finds out: before it leaves, or when the answer is written down. */
const nothing: Way = async () => {};

/** How far it is → what is done now. */
const WAYS: Record<OutboxState, Way> = {
  queued: cancelUnsentOrder,
  sending: nothing,
  unknown: lookUpAndCancel,
  parked: (context, entry) => (entry.firstSentAt === null ? cancelUnsentOrder : lookUpAndCancel)(context, entry),
  done: (context, entry) => queueCancellation(context, entry, parseOrderPayload(entry)),
  refused: nothing,
  cancelled: nothing,
};

/** `entry`: of the request; undefined when it was never an order. */
export const withdrawOrder = async (context: Context, entry: OutboxEntry | undefined): Promise<void> =>
  entry && WAYS[entry.state](context, entry);

/** It never left: there is nobody to tell. One that a sender has taken at this moment is left to that one. */
async function cancelUnsentOrder(context: Context, entry: OutboxEntry): Promise<void> {
  const at = context.clock().toISOString();
  const payload = JSON.stringify(letGo(parseOrderPayload(entry)));
  if (!(await context.store.outbox.changeState(entry, { from: ['queued', 'parked'], to: 'cancelled', at, payload, what: 'withdrawn' })))
    return;
  const edit = buildCancelledEdit(at);
  const inside = asSystemActor(context);
  await editResource(inside, 'ServiceRequest', readRequestId(entry), edit.request);
  await editResource(inside, 'Task', parseOrderPayload(entry).task, edit.task);
}

/** It may be there: looked up now, and called off if it is (../deliver/send-order.ts). */
async function lookUpAndCancel({ store, clock }: Context, entry: OutboxEntry): Promise<void> {
  const at = clock().toISOString();
  const payload = JSON.stringify(letGo(parseOrderPayload(entry)));
  await store.outbox.changeState(entry, { from: ['unknown', 'parked'], to: 'unknown', at, nextAt: at, payload, what: 'withdrawn' });
}
