// One poll of an order at the lab network, and the time of the next poll without a webhook. A poll reads the order, applies changes, and schedules the next poll. It runs
// under the order's lease: after the lease is lost it writes nothing, and it never applies an older state. An order is polled more often when a change is expected soon.
// docs/decisions/0026-order-tracking-and-results.md

import { findLastEvent, type OrderSnapshot } from '../junction/order-snapshot.ts';
import { isEndStatus, isTransactionActive, toPhase } from '../junction/order-status.ts';
import { retryAfterSeconds, toHealthSignal } from '../messaging/outcome.ts';
import { redactError } from '../messaging/redacted-error.ts';
import { nextRetryAt } from '../messaging/retry-policy.ts';
import type { TrackedOrder } from '../store/queues/tracked-orders.ts';
import { toOrderFields } from './log-fields.ts';
import { updateResults } from './results/update-results.ts';
import { findTrackingTransition, type TrackingAction } from './state-machine.ts';
import { applySnapshot } from './track/apply-snapshot.ts';
import { type LeasedOrder, type OrderTracker, READ_MS } from './track/order-tracker.ts';

/** Resolves when the result and the time of the next poll are stored. An error is stored with the order, and the order is polled again later. */
export async function pollOrder(tracker: OrderTracker, leased: LeasedOrder): Promise<void> {
  const outcome = await pollOnce(tracker, leased).catch((error: unknown) => toFailed(redactError(error)));
  if (outcome === 'lease-lost') return;
  const { trackedOrder, by } = leased;
  const { error } = outcome;
  if (error !== undefined) tracker.log({ ...toOrderFields(trackedOrder), error }, 'an order could not be polled');
  const now = tracker.clock();
  const { action } = findTrackingTransition('polling', outcome.event)!;
  const nextAt = SCHEDULES[action]!(tracker, { trackedOrder, now, outcome });
  const next = { at: now.toISOString(), nextAt, ...(error !== undefined && { error }) };
  await tracker.store.trackedOrders.scheduleNextPoll(trackedOrder, by, next);
}

/** The outcome of a poll, as an event of the state machine. `nextAt`: when the next change is expected. */
type PollOutcome =
  | { event: 'open'; nextAt: string; error?: never }
  | { event: 'complete'; error?: never }
  | { event: 'failed'; error: string };

const toFailed = (error: string): PollOutcome => ({ event: 'failed', error });

interface EndedPoll {
  trackedOrder: TrackedOrder;
  now: Date;
  outcome: PollOutcome;
}

/** The time of the next poll by the action of the state machine; null: only after an event. */
const SCHEDULES: Partial<Record<TrackingAction, (tracker: OrderTracker, poll: EndedPoll) => string | null>> = {
  pollAgain: (_tracker, { outcome }) => ('nextAt' in outcome ? outcome.nextAt : null),
  stopPolling: () => null,
  retryLater: ({ random }, { trackedOrder, now }) =>
    nextRetryAt('order-poll', { failures: trackedOrder.attempts }, { now, random: random() }).toISOString(),
};

async function pollOnce(tracker: OrderTracker, leased: LeasedOrder): Promise<PollOutcome | 'lease-lost'> {
  const outcome = await tracker.reads.readOrder(leased.trackedOrder.orderId, AbortSignal.timeout(READ_MS));
  tracker.breaker.record(toHealthSignal('order', outcome), tracker.clock(), retryAfterSeconds(outcome));
  if (outcome.kind !== 'accepted') return toFailed(outcome.why);
  if (!outcome.value) return toFailed('the lab network has no order with this id');
  const applied = await applySnapshot(tracker, leased, outcome.value);
  const step = applied && (applied.old ? { open: true } : await updateResults(tracker, applied.lease, outcome.value));
  if (!step) return 'lease-lost';
  return step.error === undefined ? planNextPoll(tracker, outcome.value, step.open) : toFailed(step.error);
}

function planNextPoll({ clock, random }: OrderTracker, order: OrderSnapshot, isResultOpen: boolean): PollOutcome {
  const now = clock();
  const nextAt = nextPollAt(order, { result: isResultOpen, transaction: isTransactionActive(order, now) }, { now, random: random() });
  return nextAt === null ? { event: 'complete' } : { event: 'open', nextAt };
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** The maximum delay for an open order that changes. */
const DAILY_MS = 22 * HOUR;
/** The delay while an order is at the laboratory: no webhook announces partial results. */
const PARTIAL_RESULTS_MS = 3 * HOUR;
const OVERDUE_MS = 2 * HOUR;
/** After this time without a change the delay grows. This is also the maximum delay. */
const WEEK_MS = 7 * 24 * HOUR;
/** The delay while only the order transaction is active: its status changes soon after its orders. */
const TRANSACTION_MS = HOUR;

/** Time since the end of the order → delay of the next read of its result, in ms. */
const INTERVALS_AFTER_END: [age: number, every: number][] = [
  [HOUR, 2 * MINUTE],
  [6 * HOUR, 15 * MINUTE],
  [48 * HOUR, HOUR],
  [14 * 24 * HOUR, 6 * HOUR],
];
/** This long after its end an order is polled only if a webhook or the reconciliation sweep makes it due. */
const STOP_AFTER_MS = 180 * 24 * HOUR;

/** The work that a poll has left open. */
interface OpenWork {
  /** The result, or its document, is not complete. */
  result: boolean;
  /** The order transaction has not ended. */
  transaction: boolean;
}

/** ISO 8601; null: no change is expected. `random`: 0 to 1, spreads the polls of orders that were placed at the same time. */
export function nextPollAt(order: OrderSnapshot, open: OpenWork, { now, random }: { now: Date; random: number }): string | null {
  const wait = findPollDelay(order, open, now);
  return wait === null ? null : new Date(now.getTime() + wait * (0.9 + random / 10)).toISOString();
}

function findPollDelay(order: OrderSnapshot, open: OpenWork, now: Date): number | null {
  const last = findLastEvent(order);
  if (!last || !isEndStatus(last.status)) return delayWhileRunning(order, now);
  const age = now.getTime() - Date.parse(last.at ?? order.updatedAt ?? now.toISOString());
  if (!open.result && !open.transaction) return null;
  if (age > STOP_AFTER_MS) return null;
  const every = INTERVALS_AFTER_END.find(([until]) => age < until)?.[1] ?? DAILY_MS;
  return open.result ? every : Math.max(every, TRANSACTION_MS);
}

/** Some orders never end: after a week without a change, the delay is a tenth of the time since. */
function delayWhileRunning(order: OrderSnapshot, now: Date): number {
  const every = usualDelay(order, now);
  const silence = now.getTime() - Date.parse(findLastEvent(order)?.at ?? order.createdAt ?? '');
  return silence > WEEK_MS ? Math.min(Math.max(every, (silence - WEEK_MS) / 10), WEEK_MS) : every;
}

function usualDelay(order: OrderSnapshot, now: Date): number {
  const last = findLastEvent(order);
  if (last && toPhase(last.status) === 'sample_with_lab') return PARTIAL_RESULTS_MS;
  return order.expectedBy !== undefined && order.expectedBy < now.toISOString().slice(0, 10) ? OVERDUE_MS : DAILY_MS;
}
