// Somebody takes an order back, by its request or by its Task: what that means depends on how far the order is. Inside the transaction of that write.
// docs/decisions/0025-order-changes-and-cancellation.md
import type { Context } from '../../interactions/context.ts';
import type { OutboxEntry } from '../../store/queues/outbox-entry.ts';
import { findTransition, type OrderAction } from '../state-machine.ts';
import { asSystemActor } from '../system-actor.ts';
import { queueCancellation } from './cancellation.ts';
import { buildCancelledEdit, editResource } from './order-edits.ts';
import { readRequestId } from './order-entry.ts';
import { formatOrderPayload, parseAcceptedOrder, parseOrderPayload } from './order-payload.ts';

/** By the action of the state machine. Where a sender has the order, it learns of the revocation itself. */
const ACTIONS: Partial<Record<OrderAction, (context: Context, entry: OutboxEntry) => Promise<void>>> = {
  endOrder: cancelUnsentOrder,
  lookUpNow: lookUpAndCancel,
  queueCancellation: (context, entry) => queueCancellation(context, entry, parseAcceptedOrder(entry)),
};

/** `entry`: of the request; undefined when it was never an order. */
export async function withdrawOrder(context: Context, entry: OutboxEntry | undefined): Promise<void> {
  const transition = entry && findTransition(entry, 'revoke');
  if (transition) await ACTIONS[transition.action]?.(context, entry);
}

/** Nothing was sent. When a sender claims the order at this moment, the sender cancels it. */
async function cancelUnsentOrder(context: Context, entry: OutboxEntry): Promise<void> {
  const at = context.clock().toISOString();
  const payload = formatOrderPayload({ ...parseOrderPayload(entry), isParkedByOperator: false });
  if (!(await context.store.outbox.changeState(entry, { from: ['queued', 'parked'], to: 'cancelled', at, payload, what: 'withdrawn' })))
    return;
  const edit = buildCancelledEdit(at);
  const inside = asSystemActor(context);
  await editResource(inside, 'ServiceRequest', readRequestId(entry), edit.request);
  await editResource(inside, 'Task', parseOrderPayload(entry).task, edit.task);
}

/** The order may be at the network: it is looked up now, and cancelled if it is there (../deliver/send-order.ts). */
async function lookUpAndCancel({ store, clock }: Context, entry: OutboxEntry): Promise<void> {
  const at = clock().toISOString();
  const payload = formatOrderPayload({ ...parseOrderPayload(entry), isParkedByOperator: false });
  await store.outbox.changeState(entry, { from: ['unknown', 'parked'], to: 'unknown', at, nextAt: at, payload, what: 'withdrawn' });
}
