// Counts a caller's requests in fixed windows, per process, and refuses (429) those over a surface's limit.
import { throttled } from '../../fhir/outcome.ts';
import type { RateLimitState } from './request-context.ts';

/** One surface's limit: so many requests in so many seconds. */
export interface RateLimit {
  limit: number;
  seconds: number;
}

/** Counts a request of a client, and answers the state of its window. */
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
