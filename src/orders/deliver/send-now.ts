// Sends an order while its caller waits, through the same gate as the background does: an attempt starts when there is a place and nobody else is at it, one
// that is running is waited for, and the wait has an end. One attempt per call: what comes of it is the answer.
import { setTimeout as delay } from 'node:timers/promises';
import type { Context } from '../../interactions/context.ts';
import type { OutboxEntry, OutboxState } from '../../store/queues/outbox-entry.ts';
import { orderEntry, payloadOf } from '../place/order-entry.ts';
import { attempt } from './attempt.ts';
import { sendOrder } from './send.ts';
import { ATTEMPT_MS, lease, type Sending } from './sending.ts';

/** From the call to the answer, in ms, besides the attempt: what the database takes. */
const BESIDE_MS = 1000;
const LOOK_EVERY_MS = 100;
/** Of the time for an attempt this share may pass in waiting at the gate: with less time left, the background serves the order better. */
const SHARE_OF_WAITING = 0.5;
const FINISHED: ReadonlySet<OutboxState> = new Set(['done', 'refused', 'cancelled']);

/**
 * `accepted`: it stands at the laboratory network. `failed`: it never will (`final`; `why`: elements and rules that the network named, no values), or nobody
 * knows yet, or it was not sent yet, and the background goes on with it.
 */
type SentNow = { result: 'accepted' } | { result: 'failed'; final: boolean; why?: string };

/** Sends the order of this ServiceRequest of the caller's tenant, or waits for whoever is sending it. Answers within ten seconds, and at once while the gate is closed. */
export async function sendNow(sending: Sending, { caller }: Context, serviceRequestId: string): Promise<SentNow> {
  const { attemptMs = ATTEMPT_MS, store, gate } = sending;
  const end = performance.now() + attemptMs + BESIDE_MS;
  const read = () => orderEntry(store, caller.tenant, serviceRequestId);
  for (let awaited = false; performance.now() < end; awaited = true) {
    const entry = await read();
    if (!entry || FINISHED.has(entry.state) || payloadOf(entry).kept) return resultOf(entry);
    if (awaited && entry.state !== 'sending') return resultOf(entry);
    if (!isRunning(sending, entry)) {
      const waitMs = Math.min(attemptMs * SHARE_OF_WAITING, end - performance.now());
      const place = await gate.enter(AbortSignal.timeout(Math.max(Math.floor(waitMs), 0)));
      if (!place) return resultOf(await read());
      if (await attemptNow(sending, entry, end).finally(place)) return resultOf(await read());
    }
    await delay(LOOK_EVERY_MS);
  }
  return resultOf(await read());
}

/** In how many seconds more may be known of an order that was not confirmed: nobody tries before that. */
export async function secondsUntilNextTry({ store, clock, gate }: Sending, { caller }: Context, serviceRequestId: string): Promise<number> {
  const { nextAt = '' } = (await orderEntry(store, caller.tenant, serviceRequestId)) ?? {};
  const dueInMs = Date.parse(nextAt) - clock().getTime() || 0;
  return Math.max(Math.ceil(Math.max(dueInMs, gate.closedForMs()) / 1000), 1);
}

/** Somebody else holds the entry. */
const isRunning = ({ clock }: Sending, { state, leaseUntil }: OutboxEntry): boolean =>
  state === 'sending' && leaseUntil !== null && new Date(leaseUntil) > clock();

/** One attempt; false: somebody else was quicker. */
async function attemptNow(sending: Sending, { tenant, id }: OutboxEntry, end: number): Promise<boolean> {
  const mine = lease(sending);
  const claimed = await sending.store.outbox.claimOne(tenant, id, mine);
  if (!claimed) return false;
  const leased = { entry: claimed, by: mine.by };
  const state = await attempt(sending, leased, () => sendOrder(sending, leased, timeLeft(end, sending.attemptMs)));
  sending.attempted?.(claimed.topic, state);
  return true;
}

/** Whole ms; somebody else's lease that ran out late leaves a second. */
const timeLeft = (end: number, attemptMs = ATTEMPT_MS): number => Math.max(Math.min(attemptMs, Math.floor(end - performance.now())), 1000);

function resultOf(entry: OutboxEntry | undefined): SentNow {
  const { state, lastError } = entry ?? { state: 'cancelled', lastError: null };
  if (state === 'done') return { result: 'accepted' };
  return { result: 'failed', final: FINISHED.has(state), ...(state === 'refused' && lastError && { why: lastError }) };
}
