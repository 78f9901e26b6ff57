// Faults of a network and a busy service, on request: which operation fails next, how, and whether before or after its work.
// What each kind does to a request: execution.ts.

export const FAULT_KINDS = ['error', 'page', 'reset', 'cut', 'slow', 'hang', 'other'] as const;

export interface Fault {
  /** `createOrder`, `user`, `orders`, `userInfo`, `createInsurance`, `insurance`, …; absent: any operation. */
  operation?: string;
  /**
   * `error`: responds with `status`. `page`: a gateway responds with `status` and an HTML page, and the operation does not run. `reset`: closes the connection.
   * `cut`: sends half of the body. `slow`: waits `seconds` first. `hang`: never responds and keeps the connection open.
   * `other`: does the work and responds with another order, user or insurance.
   */
  kind: (typeof FAULT_KINDS)[number];
  /** `before` (default): the operation does not run, unless it is slow. `after`: it runs, and the response fails. */
  when?: 'before' | 'after';
  /** The number of requests that fail; default 1. */
  times?: number;
  /** Of an error (default 500) or a page (404); of the other kinds: the status of the response that gets lost. */
  status?: number;
  /** Nothing is stored under the idempotency key although the operation ran, which contradicts the documentation. */
  forgotten?: boolean;
  /** `Retry-After` of an error, in seconds. */
  retryAfter?: number;
  seconds?: number;
}

export const isFault = (value: Record<string, unknown>): value is Record<string, unknown> & Fault =>
  FAULT_KINDS.some((kind) => kind === value.kind);

/** The first fault for this operation, and the remaining ones. */
export function takeFault(faults: Fault[], operation: string): { fault: Fault | undefined; rest: Fault[] } {
  const at = faults.findIndex((fault) => fault.operation === undefined || fault.operation === operation);
  const fault = faults[at];
  if (!fault) return { fault: undefined, rest: faults };
  const remaining = (fault.times ?? 1) - 1;
  return { fault, rest: faults.toSpliced(at, 1, ...(remaining > 0 ? [{ ...fault, times: remaining }] : [])) };
}
