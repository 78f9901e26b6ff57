// All background work of a server in one table. Several processes may run it at the same time: leases in the database keep them apart.
import { type PollLoop, startPollLoop } from '../../messaging/poll-loop.ts';
import { redactError } from '../../messaging/redacted-error.ts';
import { createOrderDeliveryWork, type DeliveryHandlers } from '../../orders/deliver/delivery-worker.ts';
import type { OrderSender } from '../../orders/deliver/order-sender.ts';
import type { OrderTracker } from '../../orders/track/order-tracker.ts';
import { runSweep } from '../../orders/track/reconciliation-sweep.ts';
import { createTrackingWork } from '../../orders/tracking-worker.ts';
import { pruneInbox } from '../../orders/webhooks/inbox.ts';
import type { SubscriptionDelivery } from '../../subscriptions/delivery-context.ts';
import { createDeliveryWork } from '../../subscriptions/delivery-worker.ts';
import { deleteExpiredAnswers, deleteUnusedLocks, type ExpiryParts } from './expiry.ts';
import { createIndexWork, type IndexWorkParts } from './index-work.ts';

interface BackgroundWork {
  /** For the log. */
  name: string;
  /** One round, and the pause after it. Must not throw. */
  work(loop: PollLoop): Promise<unknown>;
  /** Resolves when everything that the rounds have started is finished. */
  finish?(): Promise<unknown>;
}

/** The dependencies of a periodic task. */
interface Schedule {
  clock: () => Date;
  log: (facts: Record<string, unknown>, text: string) => void;
}

export interface OrderWork {
  sender: OrderSender;
  handlers: DeliveryHandlers;
  tracker: OrderTracker;
}

const SECOND = 1000;
const HOUR = 3_600_000;

/** Sends orders, cancellations and roster checks, and reads their status and results. */
export const listOrderWork = ({ sender, handlers, tracker }: OrderWork): BackgroundWork[] => [
  { name: 'deliver orders', ...createOrderDeliveryWork(sender, handlers) },
  { name: 'track orders', work: createTrackingWork(tracker) },
  runEvery('sweep for changed orders', 10 * SECOND, () => runSweep(tracker), tracker),
  runEvery('delete processed webhooks', HOUR, () => pruneInbox(tracker), tracker),
];

export const listSubscriptionWork = (delivery: SubscriptionDelivery): BackgroundWork[] => [
  { name: 'deliver notifications', ...createDeliveryWork(delivery) },
];

export const listExpiryWork = (expiry: ExpiryParts): BackgroundWork[] => [
  runEvery('delete expired answers', HOUR, (signal) => deleteExpiredAnswers(expiry, signal), expiry),
  runEvery('delete unused locks', HOUR, (signal) => deleteUnusedLocks(expiry, signal), expiry),
];

export const listMaintenanceWork = (index: IndexWorkParts, expiry: ExpiryParts): BackgroundWork[] => [
  { name: 'maintain the search index', work: createIndexWork(index) },
  ...listExpiryWork(expiry),
];

/** Starts all background work. Call the result to stop: it resolves when everything under way is finished. */
export function startBackgroundWork(list: BackgroundWork[]): () => Promise<void> {
  const stops = list.map(({ work, finish }) => {
    const stop = startPollLoop(work);
    return async () => {
      await stop();
      await finish?.();
    };
  });
  return async () => void (await Promise.all(stops.map((stop) => stop())));
}

/** How often a periodic task reads the clock, in ms. Short, because the clock of a test may run faster than real time. */
const CLOCK_POLL_MS = 500;

/** Runs a task at once, and then each time `intervalMs` have passed by the clock. A failure is logged. */
function runEvery(
  name: string,
  intervalMs: number,
  run: (signal: AbortSignal) => Promise<unknown>,
  { clock, log }: Schedule,
): BackgroundWork {
  let lastRun = Number.NEGATIVE_INFINITY;
  const work = async ({ signal, rest }: PollLoop): Promise<void> => {
    const now = clock().getTime();
    if (now - lastRun >= intervalMs) {
      lastRun = now;
      await run(signal).catch((error: unknown) => log({ work: name, error: redactError(error) }, 'background work failed'));
    }
    await rest(CLOCK_POLL_MS);
  };
  return { name, work };
}
