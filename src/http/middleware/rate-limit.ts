// Counts the requests of each client in fixed windows, exactly for all processes, and refuses (429) requests over the limit of the surface. The limits are in
// each vendor's surface.yaml; FACET_RATE_LIMITS overrides them. docs/decisions/0048-rate-limits.md
import { RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible';
import { throttled } from '../../fhir/outcome.ts';
import type { Caller } from '../../interactions/context.ts';
import type { RateWindow, WindowCount } from '../../store/rate-windows.ts';
import type { RateLimitState } from './request-context.ts';

/** The limit of a surface: at most `limit` requests in `seconds`. */
export interface RateLimit {
  limit: number;
  seconds: number;
}

/** The API of a request. `per`: the requests of all keys of a tenant are counted together. */
interface LimitedSurface {
  name: string;
  rateLimit?: { per?: 'tenant' } | null;
}

/** Counts a request of a caller and returns the state of the caller's window. */
export type CountRequest = (caller: Caller, surface: LimitedSurface, limit: RateLimit) => Promise<RateLimitState>;

type CountInWindow = (window: RateWindow, requests: number) => Promise<WindowCount>;

/** The options that the library passes from `consume` to the store. */
interface Counted {
  tenant: number;
}

/**
 * The library's limiter for PostgreSQL, which counts in Facet's own table here: its own SQL begins a window with a client's first request, and needs a pool. When a window is full, the library refuses further requests without a statement until the window ends.
 * https://github.com/animir/node-rate-limiter-flexible/wiki/Options#inmemoryblockonconsumed
 */
class WindowLimiter extends RateLimiterPostgres {
  private readonly countInWindow: CountInWindow;

  constructor({ limit, seconds }: RateLimit, countInWindow: CountInWindow) {
    const ownStore = { storeClient: {}, storeType: 'pool', tableName: 'rate_window', tableCreated: true, clearExpiredByTimeout: false };
    super({ ...ownStore, keyPrefix: '', points: limit, duration: seconds, inMemoryBlockOnConsumed: limit });
    this.countInWindow = countInWindow;
  }

  /** Called by the library. */
  _upsert(key: string, requests: number, duration: number, _force: boolean, { tenant }: Counted): Promise<WindowCount> {
    const client = key.slice(key.indexOf('/') + 1);
    return this.countInWindow({ tenant, client, seconds: duration / 1000 }, requests);
  }

  /** Called by the library. */
  _getRateLimiterRes(_key: string, requests: number, { used, msLeft }: WindowCount): RateLimiterRes {
    return new RateLimiterRes(Math.max(0, this.points - used), msLeft, used, used === requests);
  }
}

/** Builds the function that counts requests. `countInWindow` counts in the store that all processes share. */
export function createRateLimiter(countInWindow: CountInWindow): CountRequest {
  const limiters = new Map<string, WindowLimiter>();
  const findLimiter = (limit: RateLimit): WindowLimiter => {
    const name = `${limit.limit}/${limit.seconds}`;
    const limiter = limiters.get(name) ?? new WindowLimiter(limit, countInWindow);
    limiters.set(name, limiter);
    return limiter;
  };
  return async ({ tenant, actor }, surface, limit) => {
    const client = `${surface.name}/${limit.seconds}${surface.rateLimit?.per === 'tenant' ? '' : `/${actor}`}`;
    const { isOver, msBeforeNext, remainingPoints } = await findLimiter(limit)
      .consume(`${tenant}/${client}`, 1, { tenant } satisfies Counted)
      .then((window) => ({ isOver: false, msBeforeNext: window.msBeforeNext, remainingPoints: window.remainingPoints }), toRefusal);
    return { limit: limit.limit, remaining: remainingPoints, reset: Math.ceil(msBeforeNext / 1000), over: isOver };
  };
}

/** The library rejects with the state of the window when it is full. Any other reason is a failure of the store: the request fails with it. */
function toRefusal(reason: unknown): { isOver: true; msBeforeNext: number; remainingPoints: number } {
  if (reason instanceof RateLimiterRes) return { isOver: true, msBeforeNext: reason.msBeforeNext, remainingPoints: 0 };
  throw reason;
}

/** Throws 429 when the caller is over the limit. */
export function checkRateLimit(rate: RateLimitState): void {
  if (rate.over) throw throttled(`the limit is ${rate.limit} requests; try again in ${rate.reset} seconds`, rate.reset);
}
