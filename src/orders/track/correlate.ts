// Finds the request of an order at the lab network: by the order's id, otherwise by the idempotency key that it was sent with (this also records an acceptance
// whose response was lost), otherwise by its order transaction (a redraw).

import type { Context } from '../../interactions/context.ts';
import { findLastEvent, type OrderSnapshot } from '../../junction/order-snapshot.ts';
import type { OutboxEntry } from '../../store/queues/outbox-entry.ts';
import type { TrackedOrder } from '../../store/queues/tracked-orders.ts';
import { createDeliveryLease } from '../deliver/order-sender.ts';
import { recordOutcome } from '../deliver/record-outcome.ts';
import { startTracking } from '../deliver/start-tracking.ts';
import { toEntryFields, toOrderFields } from '../log-fields.ts';
import { queueCancellation } from '../place/cancellation.ts';
import {
  formatOrderPayload,
  ORDER_TOPIC,
  parseAcceptedOrder,
  parseOrderPayload,
  readRequestId,
  toAcceptedOrder,
} from '../place/order-entry.ts';
import { findTransition, type OrderAction } from '../state-machine.ts';
import { systemContext } from '../system-actor.ts';
import { type OrderOrigin, trackFurtherOrder } from './further-order.ts';
import type { OrderTracker } from './order-tracker.ts';

/** `known`: already tracked. `adopted`: tracked from now on. `waiting`: a process is sending the order now. `foreign`: sent by another system. */
type Correlation = 'known' | 'adopted' | 'waiting' | 'foreign';

export async function correlate(tracker: OrderTracker, order: OrderSnapshot): Promise<Correlation> {
  const { account, store, log } = tracker;
  const [known] = await store.trackedOrders.find({ account: account.id, orderIds: [order.id] });
  if (known) return 'known';
  const keyed = order.passthrough === undefined ? [] : await store.outbox.findByKeys(account.id, [order.passthrough]);
  const entry = keyed.find(({ topic }) => topic === ORDER_TOPIC);
  const sibling = entry ? undefined : await findSibling(tracker, order);
  if (!entry && !sibling) return 'foreign';
  const found = entry
    ? await correlateByKey(tracker, order, entry)
    : await trackOrderOfTransaction(tracker, order, { ...sibling!, before: sibling!.task });
  const fields = entry ? toEntryFields(entry, order.id) : toOrderFields({ ...sibling!, orderId: order.id });
  log({ ...fields, found }, 'an order was matched with its request');
  return found;
}

type Correlate = (tracker: OrderTracker, order: OrderSnapshot, entry: OutboxEntry) => Promise<Correlation>;

/** By the action of the state machine. */
const ACTIONS: Partial<Record<OrderAction, Correlate>> = { recordAcceptance, trackAnotherOrder, trackContradictingOrder };

const correlateByKey: Correlate = (tracker, order, entry) => ACTIONS[findTransition(entry, 'found')!.action]!(tracker, order, entry);

/** Records an acceptance whose response was lost, as after a normal response. */
async function recordAcceptance(tracker: OrderTracker, order: OrderSnapshot, entry: OutboxEntry): Promise<Correlation> {
  const lease = createDeliveryLease(tracker);
  const claimed = await tracker.store.outbox.claimOne(entry.tenant, entry.id, lease);
  if (!claimed) return 'waiting';
  const value = {
    id: order.id,
    transactionId: order.transaction?.id,
    status: findLastEvent(order)?.status,
    passthrough: order.passthrough,
  };
  const payload = { ...parseOrderPayload(claimed), isParkedByOperator: false };
  const result = { payload, outcome: { kind: 'accepted' as const, value } };
  return (await recordOutcome(tracker, { entry: claimed, by: lease.by }, result)) === 'done' ? 'adopted' : 'waiting';
}

/** An order with the key of an accepted order: the accepted order itself, or another one (a redraw may have the same key). Both are tracked. */
async function trackAnotherOrder(tracker: OrderTracker, order: OrderSnapshot, entry: OutboxEntry): Promise<Correlation> {
  const { tenant } = entry;
  const payload = parseAcceptedOrder(entry);
  if (payload.orderId !== order.id) return trackOrderOfTransaction(tracker, order, { ...readOrigin(entry), before: payload.task });
  return adoptOrder(tracker, tenant, (context) =>
    startTracking(context, [{ entry, payload, initial: { status: findLastEvent(order)?.status } }]),
  );
}

/**
 * The order is at the lab network although it was refused, or cancelled before it was sent. It is tracked like any other order, and cancelled at the lab network
 * if its request was withdrawn.
 */
async function trackContradictingOrder(tracker: OrderTracker, order: OrderSnapshot, entry: OutboxEntry): Promise<Correlation> {
  const { tenant, state } = entry;
  const payload = toAcceptedOrder(parseOrderPayload(entry), { id: order.id, transactionId: order.transaction?.id });
  tracker.log({ ...toEntryFields(entry, order.id), state }, 'an order exists at the network although it was refused or cancelled');
  return adoptOrder(tracker, tenant, async (context) => {
    const found = { at: context.clock().toISOString(), payload: formatOrderPayload(payload), what: 'found' };
    if (!(await context.store.outbox.changeState(entry, { from: [state], to: 'done', ...found }))) return;
    const initial = { status: 'unexpected', networkStatus: state === 'refused' ? 'revoked' : undefined };
    await startTracking(context, [{ entry, payload, initial }]);
    if (state === 'cancelled') await queueCancellation(context, entry, payload);
  });
}

/** A tracked order of the same order transaction. */
async function findSibling({ account, store }: OrderTracker, { transaction }: OrderSnapshot): Promise<TrackedOrder | undefined> {
  return transaction && (await store.trackedOrders.find({ account: account.id, transactionIds: [transaction.id] }))[0];
}

const readOrigin = (entry: OutboxEntry) => ({
  tenant: entry.tenant,
  request: readRequestId(entry),
  version: parseOrderPayload(entry).version,
});

function trackOrderOfTransaction(
  tracker: OrderTracker,
  order: OrderSnapshot,
  { tenant, ...origin }: OrderOrigin & { tenant: number },
): Promise<Correlation> {
  const networkIds = { ...order, transactionId: order.transaction?.id };
  return adoptOrder(tracker, tenant, (context) =>
    trackFurtherOrder(context, networkIds, { origin, account: tracker.account.id, systems: tracker.systems }),
  );
}

async function adoptOrder(tracker: OrderTracker, tenant: number, work: (context: Context) => Promise<unknown>): Promise<Correlation> {
  await tracker.store.transaction((store) => work(systemContext(tracker, tenant, store)));
  return 'adopted';
}
