// Whose order this is: the network's names lead to a request of one tenant, or to nobody. By the order's own name, else by the key it was sent with (which
// also settles an order whose acceptance was never heard of), else by the journey it belongs to (a redraw).
import type { Context } from '../../interactions/context.ts';
import { findLastEvent, type OrderSnapshot } from '../../junction/order-snapshot.ts';
import type { OutboxEntry } from '../../store/queues/outbox-entry.ts';
import { follow } from '../deliver/follow.ts';
import { lease } from '../deliver/sending.ts';
import { settleOrder } from '../deliver/settle-order.ts';
import { callOff } from '../place/cancellation.ts';
import { letGo, ORDER, payloadOf, requestId } from '../place/order-entry.ts';
import { systemContext } from '../system-actor.ts';
import type { OrderTracker } from './order-tracker.ts';
import { followFurther, type Origin } from './placing.ts';

/** `known`: followed already. `adopted`: from now on. `waiting`: somebody is sending it at this moment. `foreign`: not ours. */
type Recognised = 'known' | 'adopted' | 'waiting' | 'foreign';

export async function correlate(following: OrderTracker, order: OrderSnapshot): Promise<Recognised> {
  const { store, log } = following;
  const [known] = await store.trackedOrders.find({ orderIds: [order.id] });
  if (known) return 'known';
  const keyed = order.passthrough === undefined ? [] : await store.outbox.findByKeys([order.passthrough]);
  const entry = keyed.find(({ topic }) => topic === ORDER);
  const found = entry ? await byKey(following, order, entry) : await byJourney(following, order);
  if (found !== 'foreign') log({ order: order.id, tenant: entry?.tenant, subject: entry?.subject, found }, 'an order was recognised');
  return found;
}

type Way = (following: OrderTracker, order: OrderSnapshot, entry: OutboxEntry) => Promise<Recognised>;

/** By the state of the entry that was sent with this key. */
const WAYS: Record<OutboxEntry['state'], Way> = {
  queued: accepted,
  unknown: accepted,
  parked: accepted,
  sending: accepted,
  done: another,
  refused: contradicted,
  cancelled: contradicted,
};

const byKey: Way = (following, order, entry) => WAYS[entry.state](following, order, entry);

/** The acceptance that nobody had heard of: settled as the sender would have. */
async function accepted(following: OrderTracker, order: OrderSnapshot, entry: OutboxEntry): Promise<Recognised> {
  const mine = lease(following);
  const claimed = await following.store.outbox.claimOne(entry.tenant, entry.id, mine);
  if (!claimed) return 'waiting';
  const value = {
    id: order.id,
    transactionId: order.transaction?.id,
    status: findLastEvent(order)?.status,
    passthrough: order.passthrough,
  };
  const result = { payload: letGo(payloadOf(claimed)), sent: true, outcome: { kind: 'accepted' as const, value } };
  return (await settleOrder(following, { entry: claimed, by: mine.by }, result)) === 'done' ? 'adopted' : 'waiting';
}

/** Our key on another order than the one that was accepted: a redraw may carry it on. Whatever made it, its results are of our patient. */
async function another(following: OrderTracker, order: OrderSnapshot, entry: OutboxEntry): Promise<Recognised> {
  const { tenant } = entry;
  const payload = payloadOf(entry);
  if (payload.orderId !== order.id) return further(following, order, { ...originOf(entry), before: payload.task });
  return adopting(following, tenant, (context) => follow(context, entry, payload, { status: findLastEvent(order)?.status }));
}

/**
 * It should not be there: it was refused, or called off before it was sent. It is, so it is an order like others from here on; one that nobody wants is called
 * off there, too.
 */
async function contradicted(following: OrderTracker, order: OrderSnapshot, entry: OutboxEntry): Promise<Recognised> {
  const { tenant, subject, state } = entry;
  const payload = { ...payloadOf(entry), orderId: order.id, transactionId: order.transaction?.id };
  following.log({ tenant, subject, order: order.id, state }, 'an order stands that should not');
  return adopting(following, tenant, async (context) => {
    const found = { at: context.clock().toISOString(), payload: JSON.stringify(payload), what: 'found' };
    if (!(await context.store.outbox.changeState(entry, { from: [state], to: 'done', ...found }))) return;
    await follow(context, entry, payload, { status: 'unexpected', told: state === 'refused' ? 'revoked' : undefined });
    if (state === 'cancelled') await callOff(context, entry, payload);
  });
}

async function byJourney(following: OrderTracker, order: OrderSnapshot): Promise<Recognised> {
  const { transaction } = order;
  const [first] = transaction ? await following.store.trackedOrders.find({ transactionIds: [transaction.id] }) : [];
  return first ? further(following, order, { ...first, before: first.task }) : 'foreign';
}

const originOf = (entry: OutboxEntry) => ({ tenant: entry.tenant, request: requestId(entry), version: payloadOf(entry).version ?? null });

function further(following: OrderTracker, order: OrderSnapshot, { tenant, ...origin }: Origin & { tenant: number }): Promise<Recognised> {
  const placed = { ...order, transactionId: order.transaction?.id };
  return adopting(following, tenant, (context) => followFurther(context, placed, { origin, systems: following.systems }));
}

async function adopting(following: OrderTracker, tenant: number, work: (context: Context) => Promise<unknown>): Promise<Recognised> {
  await following.store.transaction((store) => work(systemContext(following, tenant, store)));
  return 'adopted';
}
