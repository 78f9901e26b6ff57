// Sends an order while its caller waits, through the same gate as the background does: an attempt starts when there is a place and nobody else is at it, one
// that is running is waited for, and the wait has an end. One attempt per call: what comes of it is the answer.
import { setTimeout as delay } from 'node:timers/promises';
import type { Context } from '../../interactions/context.ts';
import type { OutboxEntry, OutboxState } from '../../store/queues/outbox-entry.ts';
import { findOrderEntry } from '../place/order-entry.ts';
import { parseOrderPayload } from '../place/order-payload.ts';
import { attemptDelivery } from './attempt-delivery.ts';
import { ATTEMPT_MS, createDeliveryLease, type OrderSender } from './order-sender.ts';
import { sendOrder } from './send-order.ts';

/** From the call to the answer, in ms, besides the attempt: what the database takes. */
const DATABASE_MS = 1000;
const POLL_INTERVAL_MS = 100;
/** Of the time for an attempt this share may pass in waiting at the gate: with less time left, the background serves the order better. */
const MAX_WAIT_SHARE = 0.5;
const FINISHED: ReadonlySet<OutboxState> = new Set(['done', 'refused', 'cancelled']);

/**
 * `accepted`: it is at the laboratory network. `failed`: it never will (`final`; `why`: elements and rules that the network named, no values), or nobody
 * knows yet, or it was not sent yet, and the background goes on with it.
 */
type SendNowResult = { result: 'accepted' } | { result: 'failed'; final: boolean; why?: string };

/** Sends the order of this ServiceRequest of the caller's tenant, or waits for whoever is sending it. Answers within ten seconds, and at once while the gate is closed. */
export async function sendNow(sender: OrderSender, { caller }: Context, serviceRequestId: string): Promise<SendNowResult> {
  const { attemptMs = ATTEMPT_MS, store, gate } = sender;
  const end = performance.now() + attemptMs + DATABASE_MS;
  const read = () => findOrderEntry(store, caller.tenant, serviceRequestId);
  for (let awaited = false; performance.now() < end; awaited = true) {
    const entry = await read();
    if (!entry || FINISHED.has(entry.state) || parseOrderPayload(entry).isParkedByOperator) return toResult(entry);
    if (awaited && entry.state !== 'sending') return toResult(entry);
    if (!isLeased(sender, entry)) {
      const waitMs = Math.min(attemptMs * MAX_WAIT_SHARE, end - performance.now());
      const place = await gate.enter(AbortSignal.timeout(Math.max(Math.floor(waitMs), 0)));
      if (!place) return toResult(await read());
      if (await runAttempt(sender, entry, end).finally(place)) return toResult(await read());
    }
    await delay(POLL_INTERVAL_MS);
  }
  return toResult(await read());
}

/** Seconds until the next attempt at an unconfirmed order. */
export async function secondsUntilNextAttempt(
  { store, clock, gate }: OrderSender,
  { caller }: Context,
  serviceRequestId: string,
): Promise<number> {
  const { nextAt = '' } = (await findOrderEntry(store, caller.tenant, serviceRequestId)) ?? {};
  const dueInMs = Date.parse(nextAt) - clock().getTime() || 0;
  return Math.max(Math.ceil(Math.max(dueInMs, gate.closedForMs()) / 1000), 1);
}

/** Somebody else holds the entry. */
const isLeased = ({ clock }: OrderSender, { state, leaseUntil }: OutboxEntry): boolean =>
  state === 'sending' && leaseUntil !== null && new Date(leaseUntil) > clock();

/** One attempt; false: somebody else was quicker. */
async function runAttempt(sender: OrderSender, { tenant, id }: OutboxEntry, end: number): Promise<boolean> {
  const mine = createDeliveryLease(sender);
  const claimed = await sender.store.outbox.claimOne(tenant, id, mine);
  if (!claimed) return false;
  const leased = { entry: claimed, by: mine.by };
  const state = await attemptDelivery(sender, leased, () => sendOrder(sender, leased, remainingMs(end, sender.attemptMs)));
  sender.onAttempt?.(claimed.topic, state);
  return true;
}

/** Whole ms; somebody else's lease that ran out late leaves a second. */
const remainingMs = (end: number, attemptMs = ATTEMPT_MS): number =>
  Math.max(Math.min(attemptMs, Math.floor(end - performance.now())), 1000);

function toResult(entry: OutboxEntry | undefined): SendNowResult {
  const { state, lastError } = entry ?? { state: 'cancelled', lastError: null };
  if (state === 'done') return { result: 'accepted' };
  return { result: 'failed', final: FINISHED.has(state), ...(state === 'refused' && lastError && { why: lastError }) };
}
