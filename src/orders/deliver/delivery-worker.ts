// Drains the outbox, as long as it runs: several processes may do so at once, each entry is leased by one. It stops when what it has begun is finished.
import { backOffWhileIdle, startPollLoop } from '../../messaging/poll-loop.ts';
import { redactError } from '../../messaging/redacted-error.ts';
import type { LeasedEntry, OutboxState } from '../../store/queues/outbox-entry.ts';
import { attemptDelivery } from './attempt-delivery.ts';
import { MAX_IN_FLIGHT } from './gate.ts';
import { MANUAL_DUE_TIME } from './operator-actions.ts';
import { createDeliveryLease, type OrderSender } from './order-sender.ts';

/** How entries of a topic are sent. */
export type DeliveryHandlers = Record<string, (sender: OrderSender, leased: LeasedEntry) => Promise<OutboxState>>;

/** How often the outbox is looked at when it is empty, in ms. */
const POLL_MS = 500;

/** Starts it; call the answer to stop. One that takes long holds up no other: whenever one is done, the next is begun. */
export function startDeliveryWorker(sender: OrderSender, senders: DeliveryHandlers): () => Promise<void> {
  const underway = new Set<Promise<void>>();
  const pause = backOffWhileIdle(POLL_MS, () => sender.store.isDistributed());
  const stop = startPollLoop(async ({ signal, rest }) => {
    const begun = await startDueDeliveries(sender, senders, signal).catch((error: unknown) => {
      sender.log({ error: redactError(error) }, 'the outbox cannot be read');
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
export async function drainOutbox(sender: OrderSender, senders: DeliveryHandlers): Promise<number> {
  const begun = await startDueDeliveries(sender, senders, new AbortController().signal);
  await Promise.all(begun);
  return begun.length;
}

/** Waits for its turn at the gate and begins with what is due; what a closed gate holds back goes when an operator asks for it. */
async function startDueDeliveries(sender: OrderSender, senders: DeliveryHandlers, signal: AbortSignal): Promise<Promise<void>[]> {
  const { gate, store } = sender;
  const turn = await gate.enter(signal);
  if (signal.aborted) turn?.();
  const places = signal.aborted ? [] : turn ? [turn, ...gate.take(MAX_IN_FLIGHT - 1)] : gate.take(MAX_IN_FLIGHT, true);
  if (places.length === 0) return [];
  const mine = createDeliveryLease(sender);
  const due = { ...mine, ...(!turn && { at: MANUAL_DUE_TIME }), limit: places.length, topics: Object.keys(senders) };
  const claimed = await store.outbox.claim(due).catch((error: unknown) => {
    for (const leave of places) leave();
    throw error;
  });
  for (const leave of places.slice(claimed.length)) leave();
  return claimed.map((entry, nth) => runDelivery(sender, senders, { entry, by: mine.by }).finally(places[nth]));
}

async function runDelivery(sender: OrderSender, senders: DeliveryHandlers, leased: LeasedEntry): Promise<void> {
  const { topic } = leased.entry;
  const state = await attemptDelivery(sender, leased, () => senders[topic]!(sender, leased));
  sender.onAttempt?.(topic, state);
}
