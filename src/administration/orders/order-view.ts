// The JSON of orders for operators, as /admin/orders shows it.
import { buildKey } from '../../orders/deliver/send-order.ts';
import { CANCELLATION_TOPIC } from '../../orders/place/cancellation.ts';
import { readSentPhysician } from '../../orders/place/junction-order.ts';
import { readPayor } from '../../orders/place/network-user.ts';
import { readLastRequest, readRequestId } from '../../orders/place/order-entry.ts';
import type { OutboxEntry } from '../../store/queues/outbox-entry.ts';
import type { TrackedOrder } from '../../store/queues/tracked-orders.ts';
import { listPossibleActions } from './order-actions.ts';
import { isParkedByOperator, type OrderDetails } from './order-details.ts';
import { ORDER_STATES } from './order-states.ts';

/** The message that places or cancels an order. `account`: the name of its account. */
export function toMessageView(entry: OutboxEntry, account: string): object {
  const isCancellation = entry.topic === CANCELLATION_TOPIC;
  return {
    order: readRequestId(entry),
    message: isCancellation ? 'cancellation' : 'order',
    state: entry.state,
    account,
    ordered: entry.createdAt,
    attempts: entry.attempts,
    nextAttempt: findNextAttempt(entry),
    reason: entry.lastError,
    actions: isCancellation ? [] : listPossibleActions(entry),
  };
}

/** When a waiting message is tried next, or a process that has died gives its place to another. */
function findNextAttempt({ state, nextAt, leaseUntil, createdAt }: OutboxEntry): string | null {
  if (state === 'sending') return leaseUntil;
  if (state !== 'queued' && state !== 'unknown') return null;
  // a retry by hand is due before every other message
  return Date.parse(nextAt) < Date.parse(createdAt) ? createdAt : nextAt;
}

export function toOrderView({ entry, payload, account, cancellation, trackedOrders }: OrderDetails): object {
  const last = readLastRequest(payload);
  return {
    ...toMessageView(entry, account),
    meaning: `it ${ORDER_STATES[entry.state].is}`,
    parkedByOperator: isParkedByOperator(entry),
    task: payload.task,
    firstSent: entry.firstSentAt,
    lastSent: last?.lastSentAt ?? null,
    lastKey: last ? buildKey(entry, payload) : null,
    passthrough: entry.key,
    networkUser: last?.userId ?? null,
    physician: readSentPhysician(payload.text) ?? null,
    payor: payload.insurance ? readPayor(payload.insurance) : null,
    networkOrder: payload.state === 'accepted' ? payload.orderId : null,
    transaction: payload.state === 'accepted' ? payload.transactionId : null,
    cancellation: cancellation ? toMessageView(cancellation, account) : null,
    networkOrders: trackedOrders.map(toTrackedView),
  };
}

/** `failedPolls`: in a row. `nextPoll`: null: only after a webhook. */
const toTrackedView = ({ orderId, task, attempts, nextAt, lastError }: TrackedOrder): object => ({
  id: orderId,
  task,
  failedPolls: lastError === null ? 0 : attempts,
  nextPoll: nextAt,
  reason: lastError,
});
