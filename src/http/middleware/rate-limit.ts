// Counts the requests of each client in fixed windows, per process, and refuses (429) requests over the limit of the surface. The limits are in
// each vendor's surface.yaml; FACET_RATE_LIMITS overrides them.
import { throttled } from '../../fhir/outcome.ts';
import type { RateLimitState } from './request-context.ts';

/** The limit of a surface: at most `limit` requests in `seconds`. */
export interface RateLimit {
  limit: number;
  seconds: number;
}

/** Builds a function that counts a request of a client and returns the state of the client's window. */
export function createRateLimiter(now: () => number = Date.now): (client: string, limit: RateLimit) => RateLimitState {
  const windows = new Map<string, { from: number; used: number }>();
  return (client, { limit, seconds }) => {
    const length = seconds * 1000;
    const from = Math.floor(now() / length) * length;
    const before = windows.get(client);
    const used = (before?.from === from ? before.used : 0) + 1;
    windows.set(client, { from, used });
    return { limit, remaining: Math.max(0, limit - used), reset: Math.ceil((from + length - now()) / 1000), over: used > limit };
  };
}

/** Throws 429 when the caller is over the limit. */
export function checkRateLimit(rate: RateLimitState): void {
  if (rate.over) throw throttled(`the limit is ${rate.limit} requests; try again in ${rate.reset} seconds`, rate.reset);
}
