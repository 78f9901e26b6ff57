// The circuit breaker of one account. After several failures in a row it lets one request through every few seconds, and none before `Retry-After` has passed.
// It also applies to requests that callers wait for (../orders/deliver/gate.ts), but not to messages that an operator sends by hand.
import type { HealthSignal } from './outcome.ts';

export interface CircuitBreaker {
  /** How many requests may be sent now: any number (Infinity), one as a probe, or none. */
  allows(now: Date): number;
  /** When the next probe may be sent while the breaker is open, in ms since the epoch. */
  nextProbe(): number;
  /** `retryAfter`: seconds. `source`: which operation failed; one operation that fails again and again counts once, because it alone may be the cause. */
  record(signal: HealthSignal, now: Date, retryAfter?: number, source?: string): void;
}

const FAILURES = 5;
const PROBE_MS = 8000;

export function createCircuitBreaker(): CircuitBreaker {
  const failing = new Set<unknown>();
  let tripped = false;
  let nextProbe = 0;
  const isOpen = (): boolean => tripped || failing.size >= FAILURES;
  return {
    allows: (now) => (!isOpen() ? Number.POSITIVE_INFINITY : now.getTime() < nextProbe ? 0 : 1),
    nextProbe: () => nextProbe,
    record(signal, now, retryAfter = 0, source) {
      if (signal === 'success') {
        failing.clear();
        tripped = false;
      } else if (signal === 'trip') tripped = true;
      else if (signal === 'failure') failing.add(source ?? Symbol('an operation'));
      if (signal !== 'ignore' && isOpen()) nextProbe = Math.max(nextProbe, now.getTime() + Math.max(PROBE_MS, retryAfter * 1000));
    },
  };
}
