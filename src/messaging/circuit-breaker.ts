// The circuit breaker of one account: after a row of failures nothing is sent, but one order every few seconds to see, and not before
// the other side wants to be asked again. It holds back the orders that callers wait for, too (gate.ts), and never what an operator sends by hand.

export interface CircuitBreaker {
  /** How many may be sent now: all (Infinity), one to probe with, or none. */
  allows(now: Date): number;
  /** When the next one may be sent while it holds back, in ms since the epoch. */
  nextProbe(): number;
  /**
   * What an attempt learnt of the other side. `down`: it fails whatever is sent (key refused, asked to wait). `neither`: it was asked something else, and
   * answered. `retryAfter`: for how long it wants to be left alone, in seconds. `of`: what was sent; what fails again and again counts once, because it
   * alone may be why.
   */
  record(result: 'answered' | 'failed' | 'down' | 'neither', now: Date, retryAfter?: number, of?: string): void;
}

const FAILURES = 5;
const PROBE_MS = 8000;

export function createCircuitBreaker(): CircuitBreaker {
  const failing = new Set<unknown>();
  let down = false;
  let nextProbe = 0;
  const holds = (): boolean => down || failing.size >= FAILURES;
  return {
    allows: (now) => (!holds() ? Number.POSITIVE_INFINITY : now.getTime() < nextProbe ? 0 : 1),
    nextProbe: () => nextProbe,
    record(result, now, retryAfter = 0, of) {
      if (result === 'answered') {
        failing.clear();
        down = false;
      } else if (result === 'down') down = true;
      else if (result === 'failed') failing.add(of ?? Symbol('an attempt'));
      if (result !== 'neither' && holds()) nextProbe = Math.max(nextProbe, now.getTime() + Math.max(PROBE_MS, retryAfter * 1000));
    },
  };
}
