// Calling an order off at the network: a request (or its Task) that is taken back after the order was accepted brings a cancellation into the outbox. The
// network may refuse it, when the laboratory has begun; then the Task says so and goes on, and nothing is lost.
import type { Context } from '../../resource/context.ts';
import type { PlacedOrder } from '../../store/placed-orders.ts';
import type { OutboxEntry, OutboxState, Store } from '../../store/store.ts';
import { type Outcome, waitOf } from '../network/outcome.ts';
import { type OrderPayload, orderedRequest, payloadOf, requestId, subjectOf } from '../ordering/order-entry.ts';
import { calledOff, change, type Edit, stillRunning } from './record.ts';
import { retryAt } from './retry-time.ts';
import { ATTEMPT_MS, type Leased, type Sending, senderContext } from './sending.ts';

/** The topic of cancellations; the subject is the order's. */
export const CANCELLATION = 'order-cancellation';

const UNDER_WAY: ReadonlySet<OutboxState> = new Set(['queued', 'sending', 'unknown', 'parked']);

/**
 * Inside the transaction that learns that an accepted order is no longer wanted. One at a time for an order; after one that is over there may be another: the
 * network may have refused it, or may have taken up again what it had cancelled. To cancel twice does no harm.
 */
export async function callOff({ store, clock, newId }: Context, order: OutboxEntry, payload: OrderPayload): Promise<void> {
  const { tenant, subject } = order;
  const former = await store.outbox.find(tenant, CANCELLATION, subject);
  if (former && UNDER_WAY.has(former.state) && payloadOf(former).task === payload.task) return;
  const at = clock().toISOString();
  await store.outbox.add({ tenant, topic: CANCELLATION, subject, key: newId(), payload: JSON.stringify(payload), at });
}

/** Whether people have taken this order's request back, by whatever way, and the network has not refused to cancel it. */
export async function isCalledOff(store: Store, { tenant, request, version }: Ordered): Promise<boolean> {
  const all = await store.outbox.all(tenant, CANCELLATION, subjectOf(request));
  const newest = all.find((entry) => (payloadOf(entry).version ?? null) === version);
  return newest !== undefined && newest.state !== 'refused';
}

/** A request and its version that was ordered; null: not known. */
type Ordered = Pick<PlacedOrder, 'tenant' | 'request' | 'version'>;

/** A request that somebody has taken back, deleted or not. https://hl7.org/fhir/R4/valueset-request-status.html */
const TAKEN_BACK = new Set(['revoked', 'entered-in-error']);

/**
 * Inside the transaction that learns of a further order (a redraw): where the request was taken back and called off before, the further one is called off,
 * too. The request is held, so that whoever takes it back at this moment comes before this (and is seen) or after (and sees the further order).
 */
export async function callOffFurther(
  context: Context,
  request: string,
  further: Fulfilment & { transactionId: string | undefined },
): Promise<void> {
  const { store, caller } = context;
  await store.hold(caller.tenant, [{ type: 'ServiceRequest', id: request }]);
  const former = await store.outbox.find(caller.tenant, CANCELLATION, subjectOf(request));
  const stands = former && (await orderedRequest(store, former));
  if (!former || (stands && !TAKEN_BACK.has(stands.status as string))) return;
  await callOff(context, former, { ...payloadOf(former), ...further });
}

/** One order of the request, as the network names it, and the Task that tells of it. */
interface Fulfilment {
  orderId: string;
  task: string;
}

/** How the calling off of one order ended. `status`: where a refused one stands. */
type End = { kind: 'cancelled' } | { kind: 'refused'; why: string; status: string | undefined };
/** Nobody knows; `health`: what it says of the other side. */
type Open = { kind: 'open'; why: string; health: (typeof HEALTH)[keyof typeof HEALTH]; retryAfter: number | undefined };

const HEALTH = { refused: 'neither', unknown: 'failed', throttled: 'down', unauthorised: 'down' } as const;

/** One attempt at all orders of the request (a redraw is another one). To cancel twice does no harm, so an unknown outcome is simply tried again. */
export async function sendCancellation(sending: Sending, { entry, by }: Leased): Promise<OutboxState> {
  const fulfilments = await fulfilmentsOf(sending.store, entry);
  const signal = AbortSignal.timeout(ATTEMPT_MS);
  const ends = await Promise.all(fulfilments.map(({ orderId }) => cancelled(sending, orderId, signal)));
  const now = sending.clock();
  const open = ends.find((end) => end.kind === 'open');
  sending.breaker.record(open ? open.health : 'answered', now, open?.retryAfter, entry.id);
  if (open) {
    const nextAt = retryAt(entry.createdAt, now, sending.random());
    await sending.store.outbox.settle(entry, by, { state: 'unknown', at: now.toISOString(), nextAt, error: open.why });
    return 'unknown';
  }
  return settled(
    sending,
    { entry, by },
    fulfilments.map((one, nth) => ({ ...one, end: ends[nth] as End })),
  );
}

async function fulfilmentsOf(store: Store, entry: OutboxEntry): Promise<Fulfilment[]> {
  const { orderId, task, version } = payloadOf(entry);
  const placed = await store.placedOrders.ofRequest({ tenant: entry.tenant, request: requestId(entry), version: version ?? null });
  return placed.some((order) => order.orderId === orderId) ? placed : [...placed, { orderId: orderId!, task }];
}

/** A refusal is looked at once more: an order that is cancelled already refuses too. Where no order is to be seen (404), nobody has refused to cancel it. */
async function cancelled({ client }: Sending, orderId: string, signal: AbortSignal): Promise<End | Open> {
  const outcome = await client.cancelOrder(orderId, signal);
  if (outcome.kind === 'accepted') return { kind: 'cancelled' };
  if (outcome.kind !== 'refused' || outcome.status === 404) return openAfter(outcome);
  const order = await client.order(orderId, signal);
  if (order.kind !== 'accepted') return openAfter(order);
  const { status } = order.value;
  return status?.startsWith('cancelled') ? { kind: 'cancelled' } : { kind: 'refused', why: outcome.why, status };
}

const openAfter = (outcome: Exclude<Outcome<never>, { kind: 'accepted' }>): Open => ({
  kind: 'open',
  why: outcome.why,
  health: HEALTH[outcome.kind],
  retryAfter: waitOf(outcome),
});

/** Written down in one transaction; whoever follows the orders looks at them now. */
async function settled(sending: Sending, { entry, by }: Leased, ended: (Fulfilment & { end: End })[]): Promise<OutboxState> {
  const { tenant } = entry;
  const at = sending.clock().toISOString();
  const refusal = ended.map(({ end }) => end).find((end) => end.kind === 'refused');
  const state = refusal ? 'refused' : 'done';
  return sending.store.transaction(async (store) => {
    await store.hold(tenant, [{ type: 'ServiceRequest', id: requestId(entry) }]);
    if (!(await store.outbox.settle(entry, by, { state, at, ...(refusal && { error: refusal.why }) }))) return 'sending';
    const context = senderContext(sending, tenant, store);
    if (!refusal && (await orderedRequest(store, entry))) await change(context, 'ServiceRequest', requestId(entry), calledOff(at).request);
    for (const { task, end } of ended) await change(context, 'Task', task, editOf(end, at).task);
    await store.placedOrders.wake(
      ended.map(({ orderId }) => ({ tenant, orderId })),
      at,
    );
    return state;
  });
}

const editOf = (end: End, at: string): Edit => (end.kind === 'cancelled' ? calledOff(at) : stillRunning(end.why, end.status, at));
