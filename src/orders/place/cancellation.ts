// Withdraws an order after a user has revoked its request or cancelled its Task, in the transaction of that write. The cancellation of an accepted order is queued;
// ../deliver/send-cancellation.ts sends it. docs/decisions/0025-order-changes-and-cancellation.md

import type { Context } from '../../interactions/context.ts';
import type { OutboxEntry, OutboxState } from '../../store/queues/outbox-entry.ts';
import type { TrackedOrder } from '../../store/queues/tracked-orders.ts';
import type { TenantStore } from '../../store/store.ts';
import { findTransition, type OrderAction } from '../state-machine.ts';
import { asSystemActor } from '../system-actor.ts';
import { buildCancelledEdit, editResource, isRevoked } from './order-edits.ts';
import {
  type AcceptedOrder,
  formatOrderPayload,
  parseAcceptedOrder,
  parseOrderPayload,
  readOrderedRequest,
  readRequestId,
  toSubject,
} from './order-entry.ts';

/** By the action of the state machine. A process that is sending the order detects the revocation itself. */
const ACTIONS: Partial<Record<OrderAction, (context: Context, entry: OutboxEntry) => Promise<void>>> = {
  endOrder: cancelUnsentOrder,
  lookUpNow: lookUpAndCancel,
  queueCancellation: (context, entry) => queueCancellation(context, entry, parseAcceptedOrder(entry)),
};

/** `entry`: the outbox entry of the request. */
export async function withdrawOrder(context: Context, entry: OutboxEntry): Promise<void> {
  const transition = findTransition(entry, 'revoke');
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

/** The outbox topic of cancellations. A cancellation has the subject of its order. */
export const CANCELLATION_TOPIC = 'order-cancellation';

const PENDING_STATES: ReadonlySet<OutboxState> = new Set(['queued', 'sending', 'unknown', 'parked']);

/**
 * Called inside the transaction that withdraws an accepted order. An order has at most one open cancellation. After the first has ended, another can be queued:
 * the lab network may have refused the first one, or reinstated the order. Repeating a cancellation has no effect.
 */
export async function queueCancellation({ store, clock, newId }: Context, order: OutboxEntry, payload: AcceptedOrder): Promise<void> {
  const { tenant, account, subject } = order;
  const previousEntry = await store.outbox.findNewest(tenant, CANCELLATION_TOPIC, subject);
  if (previousEntry && PENDING_STATES.has(previousEntry.state) && parseAcceptedOrder(previousEntry).task === payload.task) return;
  const at = clock().toISOString();
  await store.outbox.add({ tenant, account, topic: CANCELLATION_TOPIC, subject, key: newId(), payload: formatOrderPayload(payload), at });
}

/** Whether a user has withdrawn this order, and the lab network has not refused the cancellation. */
export async function isCancellationRequested(store: TenantStore, { tenant, request, version }: OrderedVersion): Promise<boolean> {
  const all = await store.outbox.findAll(tenant, CANCELLATION_TOPIC, toSubject(request));
  const newest = all.find((entry) => parseAcceptedOrder(entry).version === version);
  return newest !== undefined && newest.state !== 'refused';
}

/** A request, and the version of it that was ordered; null: not known. */
type OrderedVersion = Pick<TrackedOrder, 'tenant' | 'request' | 'version'>;

/**
 * Called inside the transaction that finds a further order (a redraw). If the request was revoked and its order cancelled, the further order is cancelled, too.
 * The request is locked first: a concurrent revocation has either committed and is found here, or waits and finds the further order.
 */
export async function cancelFurtherOrder(
  context: Context,
  request: string,
  further: OrderTask & { transactionId: string | undefined },
): Promise<void> {
  const { store, caller } = context;
  await store.readForUpdate(caller.tenant, [{ type: 'ServiceRequest', id: request }]);
  const previousEntry = await store.outbox.findNewest(caller.tenant, CANCELLATION_TOPIC, toSubject(request));
  const current = previousEntry && (await readOrderedRequest(store, previousEntry));
  if (!previousEntry || (current && !isRevoked(current))) return;
  await queueCancellation(context, previousEntry, {
    ...parseAcceptedOrder(previousEntry),
    ...further,
    transactionId: further.transactionId ?? null,
  });
}

/** One order of the request: the lab network's id of the order, and the id of its Task. */
export interface OrderTask {
  orderId: string;
  task: string;
}
