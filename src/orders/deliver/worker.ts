// Drains the outbox, as long as it runs: several processes may do so at once, each entry is leased by one. It stops when what it has begun is finished.
import { backOffWhileIdle, startPollLoop } from '../../messaging/poll-loop.ts';
import { redactError } from '../../messaging/redacted-error.ts';
import type { LeasedEntry, OutboxState } from '../../store/queues/outbox-entry.ts';
import { attempt } from './attempt.ts';
import { CONCURRENCY } from './gate.ts';
import { BY_HAND } from './operate.ts';
import { lease, type Sending } from './sending.ts';

/** How entries of a topic are sent. */
export type Senders = Record<string, (sending: Sending, leased: LeasedEntry) => Promise<OutboxState>>;

/** How often the outbox is looked at when it is empty, in ms. */
const POLL_MS = 500;

/** Starts it; call the answer to stop. One that takes long holds up no other: whenever one is done, the next is begun. */
export function startDeliveryWorker(sending: Sending, senders: Senders): () => Promise<void> {
  const underway = new Set<Promise<void>>();
  const pause = backOffWhileIdle(POLL_MS, () => sending.store.isDistributed());
  const stop = startPollLoop(async ({ signal, rest }) => {
    const begun = await begunNow(sending, senders, signal).catch((error: unknown) => {
      sending.log({ error: redactError(error) }, 'the outbox cannot be read');
      return [];
    });
    for (const one of begun) {
      underway.add(one);
      void one.finally(() => underway.delete(one));
    }
    const poll = pause(begun.length);
    // there is nothing, or another process was quicker, which is no reason to rest for long in the middle of a queue
    if (begun.length === 0) await Promise.race([...underway, rest(poll)]);
  });
  return async () => {
    await stop();
    await Promise.all(underway);
  };
}

/** Sends what is due, as far as the gate lets it, and waits for all of it; answers how many were tried. */
export async function drainOutbox(sending: Sending, senders: Senders): Promise<number> {
  const begun = await begunNow(sending, senders, new AbortController().signal);
  await Promise.all(begun);
  return begun.length;
}

/** Waits for its turn at the gate and begins with what is due; what a closed gate holds back goes when an operator asks for it. */
async function begunNow(sending: Sending, senders: Senders, signal: AbortSignal): Promise<Promise<void>[]> {
  const { gate, store } = sending;
  const turn = await gate.enter(signal);
  if (signal.aborted) turn?.();
  const places = signal.aborted ? [] : turn ? [turn, ...gate.take(CONCURRENCY - 1)] : gate.take(CONCURRENCY, true);
  if (places.length === 0) return [];
  const mine = lease(sending);
  const due = { ...mine, ...(!turn && { at: BY_HAND }), limit: places.length, topics: Object.keys(senders) };
  const claimed = await store.outbox.claim(due).catch((error: unknown) => {
    for (const leave of places) leave();
    throw error;
  });
  for (const leave of places.slice(claimed.length)) leave();
  return claimed.map((entry, nth) => sent(sending, senders, { entry, by: mine.by }).finally(places[nth]));
}

async function sent(sending: Sending, senders: Senders, leased: LeasedEntry): Promise<void> {
  const { topic } = leased.entry;
  const state = await attempt(sending, leased, () => senders[topic]!(sending, leased));
  sending.attempted?.(topic, state);
}
