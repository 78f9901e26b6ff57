// Withdraws an order after a user has revoked its request or cancelled its Task, in the transaction of that write. The effect depends on the order's state.
// docs/decisions/0025-order-changes-and-cancellation.md
import type { Context } from '../../interactions/context.ts';
import type { OutboxEntry } from '../../store/queues/outbox-entry.ts';
import { findTransition, type OrderAction } from '../state-machine.ts';
import { asSystemActor } from '../system-actor.ts';
import { queueCancellation } from './cancellation.ts';
import { buildCancelledEdit, editResource } from './order-edits.ts';
import { readRequestId } from './order-entry.ts';
import { formatOrderPayload, parseAcceptedOrder, parseOrderPayload } from './order-payload.ts';

/** By the action of the state machine. A process that is sending the order detects the revocation itself. */
const ACTIONS: Partial<Record<OrderAction, (context: Context, entry: OutboxEntry) => Promise<void>>> = {
  endOrder: cancelUnsentOrder,
  lookUpNow: lookUpAndCancel,
  queueCancellation: (context, entry) => queueCancellation(context, entry, parseAcceptedOrder(entry)),
};

/** `entry`: the outbox entry of the request; undefined: it was never ordered. */
export async function withdrawOrder(context: Context, entry: OutboxEntry | undefined): Promise<void> {
  const transition = entry && findTransition(entry, 'revoke');
  if (transition) await ACTIONS[transition.action]?.(context, entry);
}

/** No request was sent. If a process leases the entry at this moment, that process cancels the order. */
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

/** The order may be at the lab network: it is looked up now, and cancelled if it is found (../deliver/send-order.ts). */
async function lookUpAndCancel({ store, clock }: Context, entry: OutboxEntry): Promise<void> {
  const at = clock().toISOString();
  const payload = formatOrderPayload({ ...parseOrderPayload(entry), isParkedByOperator: false });
  await store.outbox.changeState(entry, { from: ['unknown', 'parked'], to: 'unknown', at, nextAt: at, payload, what: 'withdrawn' });
}
