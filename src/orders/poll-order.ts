// One poll of an order at the lab network: reads the order, applies changes, and schedules the next poll. A poll runs under the order's lease. After the lease
// is lost it writes nothing, and it never applies an older state. docs/decisions/0026-order-tracking-and-results.md

import type { OrderSnapshot } from '../junction/order-snapshot.ts';
import { isTransactionActive } from '../junction/order-status.ts';
import { retryAfterSeconds, toHealthSignal } from '../messaging/outcome.ts';
import { redactError } from '../messaging/redacted-error.ts';
import { nextRetryAt } from '../messaging/retry-policy.ts';
import { updateResults } from './results/update-results.ts';
import { applySnapshot } from './track/apply-snapshot.ts';
import { type LeasedOrder, type OrderTracker, READ_MS } from './track/order-tracker.ts';
import { nextPollAt } from './track/poll-schedule.ts';

/** Resolves when the result and the time of the next poll are stored. An error is stored with the order, and the order is polled again later. */
export async function pollOrder(tracker: OrderTracker, leased: LeasedOrder): Promise<void> {
  try {
    await pollOnce(tracker, leased);
  } catch (error) {
    await recordFailedPoll(tracker, leased, redactError(error));
  }
}

async function pollOnce(tracker: OrderTracker, leased: LeasedOrder): Promise<void> {
  const outcome = await tracker.reads.readOrder(leased.trackedOrder.orderId, AbortSignal.timeout(READ_MS));
  tracker.breaker.record(toHealthSignal('order', outcome), tracker.clock(), retryAfterSeconds(outcome));
  if (outcome.kind !== 'accepted') return recordFailedPoll(tracker, leased, outcome.why);
  if (!outcome.value) return recordFailedPoll(tracker, leased, 'the lab network has no order with this id');
  const applied = await applySnapshot(tracker, leased, outcome.value);
  const step = applied && (applied.old ? { open: true } : await updateResults(tracker, applied.lease, outcome.value));
  if (!step) return;
  if (step.error !== undefined) return recordFailedPoll(tracker, leased, step.error);
  return recordPoll(tracker, leased, { order: outcome.value, result: step.open });
}

async function recordFailedPoll(
  { store, clock, random, log }: OrderTracker,
  { trackedOrder, by }: LeasedOrder,
  error: string,
): Promise<void> {
  const now = clock();
  log({ tenant: trackedOrder.tenant, order: trackedOrder.orderId, error }, 'an order could not be polled');
  const nextAt = nextRetryAt('order-poll', { failures: trackedOrder.attempts }, { now, random: random() }).toISOString();
  await store.trackedOrders.scheduleNextPoll(trackedOrder, by, { at: now.toISOString(), nextAt, error });
}

async function recordPoll(
  { store, clock, random }: OrderTracker,
  { trackedOrder, by }: LeasedOrder,
  { order, result }: { order: OrderSnapshot; result: boolean },
): Promise<void> {
  const now = clock();
  const nextAt = nextPollAt(order, { result, transaction: isTransactionActive(order, now) }, { now, random: random() });
  await store.trackedOrders.scheduleNextPoll(trackedOrder, by, { at: now.toISOString(), nextAt });
}
