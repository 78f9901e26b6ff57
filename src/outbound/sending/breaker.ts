// The circuit breaker of one account: after a row of failures the worker stops sending, and lets one order through every few seconds to see.
// A caller's own attempt is never held back: callers come one at a time and wait for an answer.

export interface Breaker {
  /** How many may be sent now: all (Infinity), one to probe with, or none. */
  allows(now: Date): number;
  /** What an attempt learnt of the other side. `down`: it fails whatever is sent (key refused, asked to wait). */
  record(result: 'answered' | 'failed' | 'down', now: Date): void;
}

const FAILURES = 5;
const PROBE_MS = 8000;

export function breaker(): Breaker {
  let failures = 0;
  let nextProbe = 0;
  return {
    allows: (now) => (failures < FAILURES ? Number.POSITIVE_INFINITY : now.getTime() < nextProbe ? 0 : 1),
    record(result, now) {
      failures = result === 'answered' ? 0 : result === 'down' ? FAILURES : failures + 1;
      if (failures >= FAILURES) nextProbe = now.getTime() + PROBE_MS;
    },
  };
}
