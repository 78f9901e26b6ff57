// One poll of an order at the lab network: reads the order, applies changes, and schedules the next poll. A poll runs under the order's lease. After the lease
// is lost it writes nothing, and it never applies an older state. docs/decisions/0026-order-tracking-and-results.md

import type { OrderSnapshot } from '../junction/order-snapshot.ts';
import { isTransactionActive } from '../junction/order-status.ts';
import { retryAfterSeconds, toHealthSignal } from '../messaging/outcome.ts';
import { redactError } from '../messaging/redacted-error.ts';
import { nextRetryAt } from '../messaging/retry-policy.ts';
import type { TrackedOrder } from '../store/queues/tracked-orders.ts';
import { updateResults } from './results/update-results.ts';
import { findTrackingTransition, type TrackingAction } from './state-machine.ts';
import { applySnapshot } from './track/apply-snapshot.ts';
import { type LeasedOrder, type OrderTracker, READ_MS } from './track/order-tracker.ts';
import { nextPollAt } from './track/poll-schedule.ts';

/** Resolves when the result and the time of the next poll are stored. An error is stored with the order, and the order is polled again later. */
export async function pollOrder(tracker: OrderTracker, leased: LeasedOrder): Promise<void> {
  const outcome = await pollOnce(tracker, leased).catch((error: unknown) => toFailed(redactError(error)));
  if (outcome === 'lease-lost') return;
  const { trackedOrder, by } = leased;
  const { error } = outcome;
  if (error !== undefined) tracker.log({ tenant: trackedOrder.tenant, order: trackedOrder.orderId, error }, 'an order could not be polled');
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
