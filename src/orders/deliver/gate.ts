// The gate of one account at the laboratory network: every request that sends something passes it, whether a caller waits for it or not. It is closed while
// the circuit breaker is open, and lets a few requests through at once, first come, first served. docs/decisions/0024-order-delivery.md
import type { CircuitBreaker } from '../../messaging/circuit-breaker.ts';

/** So many requests of one process are in flight at once. */
export const MAX_IN_FLIGHT = 4;

/** A place among the requests in flight; call it when the request has ended and the circuit breaker knows its outcome. */
type Slot = () => void;

export interface Gate {
  /** Every outcome must be recorded there. */
  readonly breaker: CircuitBreaker;
  /** Waits for a place until the signal aborts. Undefined: the gate is closed, or the wait has ended. */
  enter(signal: AbortSignal): Promise<Slot | undefined>;
  /** The places that are free now, `most` at most. `evenClosed`: for what an operator sends by hand. */
  take(most: number, evenClosed?: boolean): Slot[];
  /** How long the gate stays closed, in ms; 0: it is open. */
  closedForMs(): number;
}

export function createGate(breaker: CircuitBreaker, clock: () => Date): Gate {
  let inFlight = 0;
  const waiting: ((place: Slot | undefined) => void)[] = [];
  const admits = (): number => Math.min(breaker.allows(clock()), MAX_IN_FLIGHT);
  const occupy = (): Slot => {
    inFlight++;
    let left = false;
    return () => {
      if (left) return;
      left = true;
      inFlight--;
      admitNext();
    };
  };
  const admitNext = (): void => {
    while (waiting.length > 0) {
      const most = admits();
      if (most > 0 && inFlight >= most) return;
      waiting.shift()!(most > 0 ? occupy() : undefined);
    }
  };
  const wait = (signal: AbortSignal): Promise<Slot | undefined> =>
    new Promise((resolve) => {
      const giveUp = () => {
        waiting.splice(waiting.indexOf(admitted), 1);
        resolve(undefined);
      };
      const admitted = (place: Slot | undefined) => {
        signal.removeEventListener('abort', giveUp);
        resolve(place);
      };
      waiting.push(admitted);
      signal.addEventListener('abort', giveUp, { once: true });
    });
  return {
    breaker,
    async enter(signal) {
      const most = admits();
      if (most === 0 || signal.aborted) return undefined;
      return inFlight < most && waiting.length === 0 ? occupy() : wait(signal);
    },
    take: (most, evenClosed = false) => Array.from({ length: Math.min(most, (evenClosed ? MAX_IN_FLIGHT : admits()) - inFlight) }, occupy),
    closedForMs: () => (admits() > 0 ? 0 : breaker.nextProbe() - clock().getTime()),
  };
}
