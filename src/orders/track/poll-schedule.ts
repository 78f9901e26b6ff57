// When an order is polled without a webhook: a safety net, so the more is due, the sooner.
import { findLastEvent, type OrderSnapshot } from '../../junction/order-snapshot.ts';
import { isEndStatus, toPhase } from '../../junction/order-status.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Every open order at least this often, as long as it changes. */
const DAILY_MS = 22 * HOUR;
/** No webhook announces partial results. */
const PARTIAL_RESULTS_MS = 3 * HOUR;
const OVERDUE_MS = 2 * HOUR;
/** An order without a change for longer than this is polled less and less often, and at least this often. */
const WEEK_MS = 7 * 24 * HOUR;
/** A transaction follows its orders soon. */
const TRANSACTION_MS = HOUR;

/** How long ago the order ended → how often its result is asked for, in ms. */
const INTERVALS_AFTER_END: [age: number, every: number][] = [
  [HOUR, 2 * MINUTE],
  [6 * HOUR, 15 * MINUTE],
  [48 * HOUR, HOUR],
  [14 * 24 * HOUR, 6 * HOUR],
];
/** After this time an order is polled only when a webhook or the reconciliation wakes it. */
const STOP_AFTER_MS = 180 * 24 * HOUR;

/** What a look has left to do. */
interface OpenWork {
  /** The result, or its document, is not complete. */
  result: boolean;
  /** The transaction is not over. */
  transaction: boolean;
}

/** ISO 8601, or null: there is nothing left to wait for. `random`: 0 to 1, so that orders of one moment do not come back in one moment. */
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
