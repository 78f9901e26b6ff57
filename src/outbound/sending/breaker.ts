// The circuit breaker of one account: after a row of failures the worker stops sending, and lets one order through now and then to see: every few seconds
// at first, less and less often the longer the outage lasts, and never before the other side wants to be asked again.
// A caller's own attempt is never held back: callers come one at a time and wait for an answer.

export interface Breaker {
  /** How many may be sent now: all (Infinity), one to probe with, or none. */
  allows(now: Date): number;
  /**
   * What an attempt learnt of the other side. `down`: it fails whatever is sent (key refused, asked to wait). `retryAfter`: for how long it wants to be left
   * alone, in seconds.
   */
  record(result: 'answered' | 'failed' | 'down', now: Date, retryAfter?: number): void;
}

const FAILURES = 5;
const SHORTEST_MS = 8000;
const LONGEST_MS = 5 * 60_000;

export function breaker(): Breaker {
  let failures = 0;
  let since = 0;
  let nextProbe = 0;
  return {
    allows: (now) => (failures < FAILURES ? Number.POSITIVE_INFINITY : now.getTime() < nextProbe ? 0 : 1),
    record(result, now, retryAfter = 0) {
      if (failures === 0) since = now.getTime();
      failures = result === 'answered' ? 0 : result === 'down' ? FAILURES : failures + 1;
      if (failures < FAILURES) return;
      const wait = Math.min(Math.max((now.getTime() - since) / 10, SHORTEST_MS), LONGEST_MS);
      nextProbe = Math.max(nextProbe, now.getTime() + Math.max(wait, retryAfter * 1000));
    },
  };
}
