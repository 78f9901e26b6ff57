// The ways a network and a busy service go wrong, on request: which operation fails next, how, and whether before or after it did its work.

export const FAULT_KINDS = ['error', 'page', 'reset', 'cut', 'slow', 'hang', 'other'] as const;

export interface Fault {
  /** `createOrder`, `user`, `orders`, …; absent: any operation. */
  operation?: string;
  /**
   * `error`: answers `status`. `page`: a gateway answers `status` with a page of its own, and the request never arrives. `reset`: closes the connection.
   * `cut`: sends half of the answer. `slow`: waits `seconds` first. `hang`: never answers, and keeps the connection open.
   * `other`: does the work and answers with another order, or another user.
   */
  kind: (typeof FAULT_KINDS)[number];
  /** Before the work: it is not done (a slow one is done all the same). After: it is done, and the answer goes wrong. Default `before`. */
  when?: 'before' | 'after';
  /** How many requests it meets; default 1. */
  times?: number;
  /** What an error (500) or a page (404) answers; of the other kinds: what the answer was that went wrong on its way, after the work. */
  status?: number;
  /** The key keeps nothing of it, although the work was done: against what is documented, and to be lived with. */
  forgotten?: boolean;
  /** `Retry-After` of an error, in seconds. */
  retryAfter?: number;
  seconds?: number;
}

export const isFault = (value: unknown): value is Fault => (FAULT_KINDS as readonly unknown[]).includes((value as Fault | null)?.kind);

/** The first fault that is waiting for this operation, and what is left of the list. */
export function takeFault(faults: Fault[], operation: string): { fault: Fault | undefined; rest: Fault[] } {
  const at = faults.findIndex((fault) => fault.operation === undefined || fault.operation === operation);
  const fault = faults[at];
  if (!fault) return { fault: undefined, rest: faults };
  const left = (fault.times ?? 1) - 1;
  return { fault, rest: faults.toSpliced(at, 1, ...(left > 0 ? [{ ...fault, times: left }] : [])) };
}
