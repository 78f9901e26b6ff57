// The gate of an account in one process limits the requests that send something to the lab network, for waiting callers and for the background alike. It is closed
// while the circuit breaker is open or the account is paused. Otherwise it admits some requests at once, in the order of their arrival. claim.ts applies the same
// limit to all processes together. docs/decisions/0024-order-delivery.md
import type { CircuitBreaker } from '../../messaging/circuit-breaker.ts';
import type { LeasedEntry } from '../../store/queues/outbox-entry.ts';

/** The use of a slot. */
export interface Slot {
  /**
   * The request of this entry has ended, and its outcome is recorded in the circuit breaker: the gate admits another request while this outcome is stored, but
   * not while as many outcomes as requests are waiting to be stored.
   */
  endRequest(leased: LeasedEntry): void;
  /** Ends the use. Call it when the outcome is recorded in the circuit breaker and stored. */
  leave(): void;
}

export interface Gate {
  /** The outcome of every admitted request must be recorded here. */
  readonly breaker: CircuitBreaker;
  /** The maximum number of requests in flight; 0: the account is paused. */
  limit(): number;
  /** Waits for a slot until the signal aborts. Undefined: the gate is closed, or the signal has aborted. */
  enter(signal: AbortSignal): Promise<Slot | undefined>;
  /** Takes the free slots, `most` at most. `evenClosed`: also while the gate is closed, for orders that an operator sends by hand. */
  take(most: number, evenClosed?: boolean): Slot[];
  /** The entries whose request has ended, and whose outcome is not stored yet. */
  listEnded(): LeasedEntry[];
  /** The time until the gate may open, in ms; 0: it is open. */
  closedForMs(): number;
}

/** Nobody knows when an operator resumes a paused account. */
const PAUSED_MS = 60_000;

interface SlotsInUse {
  inFlight: number;
  /** The entries whose request has ended. */
  ended: Set<LeasedEntry>;
}

/** `onFree`: called when a request has ended or an outcome is stored. */
function occupySlot(inUse: SlotsInUse, onFree: () => void): Slot {
  inUse.inFlight++;
  let [isRequesting, ended]: [boolean, LeasedEntry | undefined] = [true, undefined];
  const free = (): void => {
    if (isRequesting) inUse.inFlight--;
    isRequesting = false;
    onFree();
  };
  return {
    endRequest(leased) {
      if (!isRequesting) return;
      ended = leased;
      inUse.ended.add(leased);
      free();
    },
    leave() {
      if (ended) inUse.ended.delete(ended);
      free();
    },
  };
}

/** `limit`: called for every request, because an operator may change it. */
export function createGate(breaker: CircuitBreaker, clock: () => Date, limit: () => number): Gate {
  const inUse: SlotsInUse = { inFlight: 0, ended: new Set() };
  const waiting: ((slot: Slot | undefined) => void)[] = [];
  const admits = (): number => Math.min(breaker.allows(clock()), limit());
  const countFree = (admitted: number): number => (inUse.ended.size < limit() ? admitted - inUse.inFlight : 0);
  const occupy = (): Slot => occupySlot(inUse, admitNext);
  const admitNext = (): void => {
    while (waiting.length > 0) {
      const admitted = admits();
      if (admitted > 0 && countFree(admitted) <= 0) return;
      waiting.shift()!(admitted > 0 ? occupy() : undefined);
    }
  };
  const wait = (signal: AbortSignal): Promise<Slot | undefined> =>
    new Promise((resolve) => {
      const giveUp = () => {
        waiting.splice(waiting.indexOf(admitted), 1);
        resolve(undefined);
      };
      const admitted = (slot: Slot | undefined) => {
        signal.removeEventListener('abort', giveUp);
        resolve(slot);
      };
      waiting.push(admitted);
      signal.addEventListener('abort', giveUp, { once: true });
    });
  return {
    breaker,
    limit,
    async enter(signal) {
      const admitted = admits();
      if (admitted === 0 || signal.aborted) return undefined;
      return countFree(admitted) > 0 && waiting.length === 0 ? occupy() : wait(signal);
    },
    take: (most, evenClosed = false) => Array.from({ length: Math.min(most, countFree(evenClosed ? limit() : admits())) }, occupy),
    listEnded: () => [...inUse.ended],
    closedForMs: () => (admits() > 0 ? 0 : limit() === 0 ? PAUSED_MS : breaker.nextProbe() - clock().getTime()),
  };
}
