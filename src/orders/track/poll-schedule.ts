// The times of polls without a webhook. An order is polled more often when a change is expected soon.
import { findLastEvent, type OrderSnapshot } from '../../junction/order-snapshot.ts';
import { isEndStatus, toPhase } from '../../junction/order-status.ts';

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
