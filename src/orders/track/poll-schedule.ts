// When an order is looked at again without being told to: a safety net under the webhooks, so the more is due, the sooner.
import { findLastEvent, type OrderSnapshot } from '../../junction/order-snapshot.ts';
import { isEndStatus, toPhase } from '../../junction/order-status.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Every open order at least this often, as long as something is heard of it. */
const DAILY = 22 * HOUR;
/** Partial results are announced by nobody. */
const PARTIAL = 3 * HOUR;
const OVERDUE = 2 * HOUR;
/** One of which nothing was heard for longer than this is looked at less and less, and then as rarely as this. */
const WEEK = 7 * 24 * HOUR;
/** A journey follows its orders soon. */
const JOURNEY = HOUR;

/** How long ago the order ended → how often its result is asked for, in ms. */
const AFTER_THE_END: [age: number, every: number][] = [
  [HOUR, 2 * MINUTE],
  [6 * HOUR, 15 * MINUTE],
  [48 * HOUR, HOUR],
  [14 * 24 * HOUR, 6 * HOUR],
];
/** After so long nobody waits for it any more; news still wakes it. */
const GIVEN_UP = 180 * 24 * HOUR;

/** What a look has left to do. */
interface Open {
  /** The result, or its document, is not complete. */
  result: boolean;
  /** The journey is not over. */
  journey: boolean;
}

/** ISO 8601, or null: there is nothing left to wait for. `random`: 0 to 1, so that orders of one moment do not come back in one moment. */
export function nextPollAt(order: OrderSnapshot, open: Open, { now, random }: { now: Date; random: number }): string | null {
  const wait = waitOf(order, open, now);
  return wait === null ? null : new Date(now.getTime() + wait * (0.9 + random / 10)).toISOString();
}

function waitOf(order: OrderSnapshot, open: Open, now: Date): number | null {
  const last = findLastEvent(order);
  if (!last || !isEndStatus(last.status)) return runningWait(order, now);
  const age = now.getTime() - Date.parse(last.at ?? order.updatedAt ?? now.toISOString());
  if (!open.result && !open.journey) return null;
  if (age > GIVEN_UP) return null;
  const every = AFTER_THE_END.find(([until]) => age < until)?.[1] ?? DAILY;
  return open.result ? every : Math.max(every, JOURNEY);
}

/** Some orders never end: of those a tenth of the time over a week for which nothing was heard of them. */
function runningWait(order: OrderSnapshot, now: Date): number {
  const every = usualWait(order, now);
  const silence = now.getTime() - Date.parse(findLastEvent(order)?.at ?? order.createdAt ?? '');
  return silence > WEEK ? Math.min(Math.max(every, (silence - WEEK) / 10), WEEK) : every;
}

function usualWait(order: OrderSnapshot, now: Date): number {
  const last = findLastEvent(order);
  if (last && toPhase(last.status) === 'sample_with_lab') return PARTIAL;
  return order.expectedBy !== undefined && order.expectedBy < now.toISOString().slice(0, 10) ? OVERDUE : DAILY;
}
