// One look at an order that stands at the network: read it, apply what is new, say when to look again. Whoever looks holds the order's lease; what is
// written is written only while it holds it, and only forward. docs/decisions/0026-order-tracking-and-results.md

import type { OrderSnapshot } from '../junction/order-snapshot.ts';
import { isTransactionActive } from '../junction/order-status.ts';
import { retryAfterSeconds, toHealthSignal } from '../messaging/outcome.ts';
import { redactError } from '../messaging/redacted-error.ts';
import { nextRetryAt } from '../messaging/retry-policy.ts';
import { updateResults } from './results/update-results.ts';
import { applyOrder } from './track/apply-order.ts';
import { type LeasedOrder, type OrderTracker, READ_MS } from './track/order-tracker.ts';
import { nextPollAt } from './track/poll-schedule.ts';

/** Answers when everything is written down, the time of the next look too. What goes wrong is kept with the order, and looked at again later. */
export async function pollOrder(following: OrderTracker, leased: LeasedOrder): Promise<void> {
  try {
    await attempt(following, leased);
  } catch (error) {
    await failed(following, leased, redactError(error));
  }
}

async function attempt(following: OrderTracker, leased: LeasedOrder): Promise<void> {
  const outcome = await following.reads.readOrder(leased.placed.orderId, AbortSignal.timeout(READ_MS));
  following.pace.record(toHealthSignal('order', outcome), following.clock(), retryAfterSeconds(outcome));
  if (outcome.kind !== 'accepted') return failed(following, leased, outcome.why);
  if (!outcome.value) return failed(following, leased, 'the network does not know this order');
  const applied = await applyOrder(following, leased, outcome.value);
  const step = applied && (applied.old ? { open: true } : await updateResults(following, applied.look, outcome.value));
  if (!step) return;
  if (step.error !== undefined) return failed(following, leased, step.error);
  return lookedAt(following, leased, { order: outcome.value, result: step.open });
}

async function failed({ store, clock, random, log }: OrderTracker, { placed, by }: LeasedOrder, error: string): Promise<void> {
  const now = clock();
  log({ tenant: placed.tenant, order: placed.orderId, error }, 'an order could not be looked at');
  const nextAt = nextRetryAt('order-poll', { failures: placed.attempts }, { now, random: random() }).toISOString();
  await store.trackedOrders.scheduleNextPoll(placed, by, { at: now.toISOString(), nextAt, error });
}

async function lookedAt(
  { store, clock, random }: OrderTracker,
  { placed, by }: LeasedOrder,
  { order, result }: { order: OrderSnapshot; result: boolean },
): Promise<void> {
  const now = clock();
  const nextAt = nextPollAt(order, { result, journey: isTransactionActive(order, now) }, { now, random: random() });
  await store.trackedOrders.scheduleNextPoll(placed, by, { at: now.toISOString(), nextAt });
}
