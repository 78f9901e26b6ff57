// The circuit breaker of one account: after a row of failures the worker stops sending, and lets one order through every few seconds to see, but not before
// the other side wants to be asked again. Callers' own attempts and what an operator sends by hand are never held back: they come one at a time.

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
const PROBE_MS = 8000;

export function breaker(): Breaker {
  let failures = 0;
  let nextProbe = 0;
  return {
    allows: (now) => (failures < FAILURES ? Number.POSITIVE_INFINITY : now.getTime() < nextProbe ? 0 : 1),
    record(result, now, retryAfter = 0) {
      failures = result === 'answered' ? 0 : result === 'down' ? FAILURES : failures + 1;
      if (failures < FAILURES) return;
      nextProbe = Math.max(nextProbe, now.getTime() + Math.max(PROBE_MS, retryAfter * 1000));
    },
  };
}
