// Sends an order while its caller waits: an attempt starts at once when none is running, one that is running is waited for, and the wait has an end.
// One attempt per call: what comes of it is the answer.
import { setTimeout as delay } from 'node:timers/promises';
import type { Context } from '../../resource/context.ts';
import type { OutboxState } from '../../store/outbox-entry.ts';
import { orderEntry, payloadOf } from '../ordering/order-entry.ts';
import { attempt } from './attempt.ts';
import { sendOrder } from './send.ts';
import { ATTEMPT_MS, lease, type Sending } from './sending.ts';

/** From the call to the answer, in ms, besides the attempt: what the database takes. */
const BESIDE_MS = 1000;
const LOOK_EVERY_MS = 100;
const FINISHED: ReadonlySet<OutboxState> = new Set(['done', 'refused', 'cancelled']);

/**
 * `accepted`: it stands at the laboratory network. `failed`: it never will (`final`; `why`: elements and rules that the network named, no values), or nobody
 * knows yet and it is found out in the background.
 */
type SentNow = { result: 'accepted' } | { result: 'failed'; final: boolean; why?: string };

/** Sends the order of this ServiceRequest of the caller's tenant, or waits for whoever is sending it. Answers within ten seconds. */
export async function sendNow(sending: Sending, { caller }: Context, serviceRequestId: string): Promise<SentNow> {
  const { attemptMs = ATTEMPT_MS } = sending;
  const end = performance.now() + attemptMs + BESIDE_MS;
  let awaited = false;
  while (performance.now() < end) {
    const entry = await orderEntry(sending.store, caller.tenant, serviceRequestId);
    if (!entry || FINISHED.has(entry.state)) return resultOf(entry?.state ?? 'cancelled', entry?.lastError);
    if ((awaited && entry.state !== 'sending') || payloadOf(entry).kept) return resultOf(entry.state);
    const mine = lease(sending);
    const claimed = await sending.store.outbox.claimOne(caller.tenant, entry.id, mine);
    if (claimed) {
      const leased = { entry: claimed, by: mine.by };
      const state = await attempt(sending, leased, () => sendOrder(sending, leased, timeLeft(end, attemptMs)));
      sending.attempted?.(claimed.topic, state);
      if (state !== 'refused') return resultOf(state);
      return resultOf(state, (await orderEntry(sending.store, caller.tenant, serviceRequestId))?.lastError);
    }
    awaited = true;
    await delay(LOOK_EVERY_MS);
  }
  return resultOf('unknown');
}

/** Whole ms; somebody else's lease that ran out late leaves a second. */
const timeLeft = (end: number, attemptMs: number): number => Math.max(Math.min(attemptMs, Math.floor(end - performance.now())), 1000);

const resultOf = (state: OutboxState, error?: string | null): SentNow =>
  state === 'done'
    ? { result: 'accepted' }
    : { result: 'failed', final: FINISHED.has(state), ...(state === 'refused' && error && { why: error }) };
