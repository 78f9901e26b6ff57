// The background work that sends the entries of the outbox. Several processes may run it: one process at a time has the lease of an entry.
import { backOffWhileIdle, type PollLoop } from '../../messaging/poll-loop.ts';
import { redactError } from '../../messaging/redacted-error.ts';
import type { LeasedEntry, OutboxState } from '../../store/queues/outbox-entry.ts';
import { attemptDelivery } from './attempt-delivery.ts';
import { MAX_IN_FLIGHT } from './gate.ts';
import { MANUAL_DUE_TIME } from './operator-actions.ts';
import { createDeliveryLease, type OrderSender } from './order-sender.ts';

/** Topic → the function that sends its entries. */
export type DeliveryHandlers = Record<string, (sender: OrderSender, leased: LeasedEntry) => Promise<OutboxState>>;

/** Interval between polls of an empty outbox, in ms. */
const POLL_MS = 500;

interface DeliveryWork {
  /** One round and the pause after it. */
  work(loop: PollLoop): Promise<void>;
  /** Resolves when the deliveries under way have ended. */
  finish(): Promise<unknown>;
}

/** A slow delivery does not delay others: when a delivery ends, the next one starts. */
export function createOrderDeliveryWork(sender: OrderSender, senders: DeliveryHandlers): DeliveryWork {
  const running = new Set<Promise<void>>();
  const toRest = backOffWhileIdle(POLL_MS, () => sender.store.isDistributed());
  return {
    async work({ signal, rest }) {
      const started = await startDueDeliveries(sender, senders, signal).catch((error: unknown) => {
        sender.log({ error: redactError(error) }, 'the outbox cannot be read');
        return [];
      });
      for (const delivery of started) {
        running.add(delivery);
        void delivery.finally(() => running.delete(delivery));
      }
      const restMs = toRest(started.length);
      // no entry is due, or another process has leased it: a delivery that ends shortens the pause
      if (started.length === 0) await Promise.race([...running, rest(restMs)]);
    },
    finish: () => Promise.all(running),
  };
}

/** Sends the due entries that the gate admits, and waits for them. Returns their number. */
export async function drainOutbox(sender: OrderSender, senders: DeliveryHandlers): Promise<number> {
  const deliveries = await startDueDeliveries(sender, senders, new AbortController().signal);
  await Promise.all(deliveries);
  return deliveries.length;
}

/** Waits for a slot of the gate and starts the due deliveries. While the gate is closed, only entries that an operator sends by hand are started. */
async function startDueDeliveries(sender: OrderSender, senders: DeliveryHandlers, signal: AbortSignal): Promise<Promise<void>[]> {
  const { gate, store } = sender;
  const turn = await gate.enter(signal);
  if (signal.aborted) turn?.();
  const places = signal.aborted ? [] : turn ? [turn, ...gate.take(MAX_IN_FLIGHT - 1)] : gate.take(MAX_IN_FLIGHT, true);
  if (places.length === 0) return [];
  const lease = createDeliveryLease(sender);
  const due = { ...lease, ...(!turn && { at: MANUAL_DUE_TIME }), limit: places.length, topics: Object.keys(senders) };
  const claimed = await store.outbox.claim(due).catch((error: unknown) => {
    for (const leave of places) leave();
    throw error;
  });
  for (const leave of places.slice(claimed.length)) leave();
  return claimed.map((entry, index) => runDelivery(sender, senders, { entry, by: lease.by }).finally(places[index]));
}

async function runDelivery(sender: OrderSender, senders: DeliveryHandlers, leased: LeasedEntry): Promise<void> {
  const { topic } = leased.entry;
  const state = await attemptDelivery(sender, leased, () => senders[topic]!(sender, leased));
  sender.onAttempt?.(topic, state);
}
