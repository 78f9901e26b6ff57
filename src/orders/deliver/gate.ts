// The gate limits the requests that send something to the lab network, for waiting callers and for the background alike. It is closed while the circuit breaker
// is open. Otherwise it admits a few requests at once, in the order of their arrival. docs/decisions/0024-order-delivery.md
import type { CircuitBreaker } from '../../messaging/circuit-breaker.ts';

/** The maximum number of requests of one process in flight. */
export const MAX_IN_FLIGHT = 4;

/** Ends the use of a slot. Call it when the request has ended and its outcome is recorded in the circuit breaker. */
type Slot = () => void;

export interface Gate {
  /** The outcome of every admitted request must be recorded here. */
  readonly breaker: CircuitBreaker;
  /** Waits for a slot until the signal aborts. Undefined: the gate is closed, or the signal has aborted. */
  enter(signal: AbortSignal): Promise<Slot | undefined>;
  /** Takes the free slots, `limit` at most. `evenClosed`: also while the gate is closed, for orders that an operator sends by hand. */
  take(limit: number, evenClosed?: boolean): Slot[];
  /** The time until the gate opens, in ms; 0: it is open. */
  closedForMs(): number;
}

export function createGate(breaker: CircuitBreaker, clock: () => Date): Gate {
  let inFlight = 0;
  const waiting: ((place: Slot | undefined) => void)[] = [];
  const admits = (): number => Math.min(breaker.allows(clock()), MAX_IN_FLIGHT);
  const occupy = (): Slot => {
    inFlight++;
    let isReleased = false;
    return () => {
      if (isReleased) return;
      isReleased = true;
      inFlight--;
      admitNext();
    };
  };
  const admitNext = (): void => {
    while (waiting.length > 0) {
      const limit = admits();
      if (limit > 0 && inFlight >= limit) return;
      waiting.shift()!(limit > 0 ? occupy() : undefined);
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
      const limit = admits();
      if (limit === 0 || signal.aborted) return undefined;
      return inFlight < limit && waiting.length === 0 ? occupy() : wait(signal);
    },
    take: (limit, evenClosed = false) =>
      Array.from({ length: Math.min(limit, (evenClosed ? MAX_IN_FLIGHT : admits()) - inFlight) }, occupy),
    closedForMs: () => (admits() > 0 ? 0 : breaker.nextProbe() - clock().getTime()),
  };
}
