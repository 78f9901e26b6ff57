// One attempt to send an outbox entry: by the background, or while the caller of an order waits, through the same gate. A call of sendNow makes at most one attempt and
// returns its outcome. It starts when the account has a free slot and no other process is sending the order; otherwise it waits for a limited time, and any process
// may send the order meanwhile.

import { setTimeout as delay } from 'node:timers/promises';
import type { Context } from '../../interactions/context.ts';
import { redactError } from '../../messaging/redacted-error.ts';
import type { LeasedEntry, OutboxEntry, OutboxState } from '../../store/queues/outbox-entry.ts';
import { toEntryFields } from '../log-fields.ts';
import { findOrderEntry, parseOrderPayload } from '../place/order-entry.ts';
import { claimEntry } from './claim.ts';
import type { Slot } from './gate.ts';
import { ATTEMPT_MS, createDeliveryLease, nextDeliveryAt, type OrderSender } from './order-sender.ts';
import { sendOrder } from './send-order.ts';

/**
 * Returns the new state of the entry. If the attempt throws, its outcome is unknown: the entry stores a redacted reason and is sent again later. If the failure cannot be stored either, the entry keeps its lease until the lease expires.
 */
export async function attemptDelivery(sender: OrderSender, leased: LeasedEntry, send: () => Promise<OutboxState>): Promise<OutboxState> {
  try {
    return await send();
  } catch (error) {
    return recordFailedAttempt(sender, leased, redactError(error));
  }
}

async function recordFailedAttempt(
  { store, clock, random, log }: OrderSender,
  { entry, by }: LeasedEntry,
  why: string,
): Promise<OutboxState> {
  log({ ...toEntryFields(entry), error: why }, 'an outbox entry could not be sent');
  const now = clock();
  const outcome = {
    state: 'unknown' as const,
    at: now.toISOString(),
    nextAt: nextDeliveryAt(entry.createdAt, now, random()),
    error: `the attempt failed: ${why}`,
  };
  const written = await store.outbox.recordOutcome(entry, by, outcome).catch(() => false);
  return written ? 'unknown' : 'sending';
}

/** Time for the database, in ms, in addition to the attempt. */
const DATABASE_MS = 1000;
const POLL_INTERVAL_MS = 100;
/** Earlier than the due time of all entries without a waiting caller, and later than that of an order which an operator sends by hand. */
const CALLER_DUE_TIME = new Date(1000).toISOString();
/** The maximum share of the attempt time for waiting at the gate: with less time left, the background sends the order. */
const MAX_WAIT_SHARE = 0.5;
const FINISHED: ReadonlySet<OutboxState> = new Set(['done', 'refused', 'cancelled']);

/**
 * `accepted`: the order is at the lab network. `failed` and `final`: it was refused or cancelled. `failed` and not `final`: it was not sent or its outcome is
 * unknown, and the background continues. `why`: the elements and rules that the lab network named, without values.
 */
type SendNowResult = { result: 'accepted' } | { result: 'failed'; final: boolean; why?: string };

/** Sends the order of this ServiceRequest, or waits for the process that is sending it. Returns within ten seconds, and at once while the gate is closed. */
export async function sendNow(sender: OrderSender, { caller }: Context, serviceRequestId: string): Promise<SendNowResult> {
  const { attemptMs = ATTEMPT_MS, store, gate } = sender;
  const end = performance.now() + attemptMs + DATABASE_MS;
  const read = () => findOrderEntry(store, caller.tenant, serviceRequestId);
  const slotEnd = performance.now() + attemptMs * MAX_WAIT_SHARE;
  for (let wasFull = false, awaited = false; performance.now() < end; ) {
    const entry = await read();
    if (!entry || FINISHED.has(entry.state) || parseOrderPayload(entry).isParkedByOperator) return toResult(entry);
    const isOver = awaited || (wasFull && performance.now() >= slotEnd);
    if (isOver && entry.state !== 'sending') return toResult(entry);
    if (isLeased(sender, entry)) awaited = true;
    else {
      const waitMs = Math.min(attemptMs * MAX_WAIT_SHARE, end - performance.now());
      const slot = await gate.enter(AbortSignal.timeout(Math.max(Math.floor(waitMs), 0)));
      if (!slot) return toResult(await read());
      const result = await runAttempt(sender, entry, { slot, end }).finally(slot.leave);
      if (result === 'ended') return toResult(await read());
      if (result === 'full' && !wasFull) await store.outbox.makeDue(entry.tenant, entry.id, CALLER_DUE_TIME);
      wasFull ||= result === 'full';
      awaited ||= result === 'leased';
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

/** Another process has the lease of the entry. */
const isLeased = ({ clock }: OrderSender, { state, leaseUntil }: OutboxEntry): boolean =>
  state === 'sending' && leaseUntil !== null && new Date(leaseUntil) > clock();

/** One attempt. `leased`: another process has leased the entry. `full`: the processes together have as many requests in flight as the account allows. */
async function runAttempt(
  sender: OrderSender,
  entry: OutboxEntry,
  { slot, end }: { slot: Slot; end: number },
): Promise<'ended' | 'leased' | 'full'> {
  const lease = createDeliveryLease(sender);
  const claimed = await claimEntry(sender, lease, entry);
  if (claimed === undefined) return 'leased';
  if (claimed === 'full') return 'full';
  const leased = { entry: claimed, by: lease.by };
  const delivery = { ...leased, endRequest: () => slot.endRequest(leased) };
  const state = await attemptDelivery(sender, delivery, () => sendOrder(sender, delivery, remainingMs(end, sender.attemptMs)));
  sender.onAttempt?.(claimed.topic, state);
  return 'ended';
}

/** In whole ms, at least 1000: the lease of another process may have expired shortly before `end`. */
const remainingMs = (end: number, attemptMs = ATTEMPT_MS): number =>
  Math.max(Math.min(attemptMs, Math.floor(end - performance.now())), 1000);

function toResult(entry: OutboxEntry | undefined): SendNowResult {
  const { state, lastError } = entry ?? { state: 'cancelled', lastError: null };
  if (state === 'done') return { result: 'accepted' };
  return { result: 'failed', final: FINISHED.has(state), ...(state === 'refused' && lastError && { why: lastError }) };
}
