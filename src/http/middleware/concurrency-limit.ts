// How many requests of each tenant may run at the same time, by the delay of the event loop: one thread serves all requests of a process, so each request that
// runs delays those of all tenants. docs/decisions/0055-overload.md

/** The first limit, and the least while one tenant alone sends requests: enough to occupy the processor and the database. */
export const USUAL_LIMIT = 16;
const MAX_LIMIT = 200;
/** A longer delay of the event loop, in ms, lowers the limit. */
export const MAX_DELAY_MS = 5;
const INCREASE = 1.02;
const DECREASE = 0.5;

interface Load {
  /** A request may run while fewer requests of its tenant than this do. */
  limit: number;
  /** The longest delay of the event loop since the last adjustment, in ms. */
  delayMs: number;
  /** Requests wait because of the limit. */
  isWaiting: boolean;
  /** How many tenants have requests in flight, or had some within the last second. */
  tenants: number;
}

/** The next limit: half after a delay; otherwise 2 % more while requests wait or it is below the usual one. 1.02 lets two requests run. */
export function adjustLimit({ limit, delayMs, isWaiting, tenants }: Load): number {
  const least = tenants > 1 ? 1 : USUAL_LIMIT;
  if (delayMs > MAX_DELAY_MS) return Math.max(least, limit * DECREASE);
  return Math.max(least, isWaiting || limit < USUAL_LIMIT ? Math.min(MAX_LIMIT, limit * INCREASE) : limit);
}
