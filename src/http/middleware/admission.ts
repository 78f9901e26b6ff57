// Bounds the requests of each tenant in this process, before anything of them is read: some run, further ones wait, and the rest is refused. So the requests of one
// tenant neither fill the process nor delay those of another tenant. docs/decisions/0055-overload.md
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Request, Response } from 'express';
import { unavailable } from '../../fhir/outcome.ts';
import { adjustLimit, USUAL_LIMIT } from './concurrency-limit.ts';
import { onClose } from './on-close.ts';

/** The most requests of one tenant in flight in a process, those that wait included. */
export const MAX_REQUESTS_IN_FLIGHT = 200;
/** A request waits at most so long, in ms. */
const MAX_WAIT_MS = 30_000;
/** A request counts as running for so long, in ms: after it, it waits for its body, the lab network or the database, and not for the processor. */
const MAX_RUN_MS = 1000;
/** A tenant without requests is forgotten after so long, in ms. */
const IDLE_MS = 1000;
/** How often the limit is adjusted, in ms. */
const TICK_MS = 50;
/** The time between two samples of the delay of the event loop, in ms. */
const SAMPLE_MS = 10;

/**
 * Resolves when the request may run. Throws 503 if too many requests of the tenant are in flight, if the wait is too long, or if the client disconnects before. A
 * request ends with its response or its connection.
 */
export type AdmitRequest = (tenant: number, req: Request, res: Response) => Promise<void>;

/** All times are of `performance.now()`. */
interface Waiting {
  since: number;
  turn: PromiseWithResolvers<void>;
}

interface TenantRequests {
  /** When each running request began; the oldest first. */
  running: Map<Response, number>;
  /** The oldest first. */
  waiting: Map<Response, Waiting>;
  inFlight: number;
  /** When the newest request arrived or ended. */
  seen: number;
}

class Admission {
  private readonly tenants = new Map<number, TenantRequests>();
  private limit = USUAL_LIMIT;
  private timer: NodeJS.Timeout | undefined;
  /** The times between samples, in ns. */
  private readonly samples = monitorEventLoopDelay({ resolution: SAMPLE_MS });
  private readonly onRefusal: () => void;
  private readonly maxWaitMs: number;

  constructor(onRefusal: () => void, maxWaitMs: number) {
    this.onRefusal = onRefusal;
    this.maxWaitMs = maxWaitMs;
  }

  async admit(tenant: number, req: Request, res: Response): Promise<void> {
    const requests = this.tenants.get(tenant) ?? { running: new Map(), waiting: new Map(), inFlight: 0, seen: 0 };
    if (requests.inFlight >= MAX_REQUESTS_IN_FLIGHT) throw this.refuse();
    this.tenants.set(tenant, requests);
    this.watch();
    requests.inFlight++;
    requests.seen = performance.now();
    const turn = Promise.withResolvers<void>();
    requests.waiting.set(res, { since: requests.seen, turn });
    onClose(req, res, () => this.leave(requests, res));
    this.startWaiting(requests);
    return turn.promise;
  }

  private leave(requests: TenantRequests, res: Response): void {
    requests.inFlight--;
    requests.seen = performance.now();
    requests.running.delete(res);
    requests.waiting.get(res)?.turn.reject(unavailable('the client disconnected before the response', 1));
    requests.waiting.delete(res);
    this.startWaiting(requests);
  }

  private startWaiting({ running, waiting }: TenantRequests): void {
    for (const [res, { turn }] of waiting) {
      if (running.size >= this.limit) return;
      waiting.delete(res);
      running.set(res, performance.now());
      turn.resolve();
    }
  }

  private refuse(): Error {
    this.onRefusal();
    return unavailable('too many requests of this tenant are in flight: send fewer at once', 1);
  }

  /** Adjusts the limit as long as there are tenants with requests. */
  private watch(): void {
    if (this.timer) return;
    this.samples.enable();
    this.timer = setInterval(() => this.tick(), TICK_MS).unref();
  }

  private tick(): void {
    const now = performance.now();
    const tenants = [...this.tenants.values()];
    const isWaiting = tenants.some(({ waiting }) => waiting.size > 0);
    const delayMs = this.samples.max / 1e6 - SAMPLE_MS;
    this.samples.reset();
    this.limit = adjustLimit({ limit: this.limit, delayMs, isWaiting, tenants: tenants.length });
    for (const requests of tenants) this.endWaits(requests, now);
    for (const [tenant, { inFlight, seen }] of this.tenants) if (inFlight === 0 && now - seen > IDLE_MS) this.tenants.delete(tenant);
    if (this.tenants.size > 0) return;
    clearInterval(this.timer);
    this.samples.disable();
    this.timer = undefined;
  }

  private endWaits(requests: TenantRequests, now: number): void {
    const { running, waiting } = requests;
    for (const [res, began] of running) if (now - began > MAX_RUN_MS) running.delete(res);
    for (const [res, { since, turn }] of waiting) {
      if (now - since <= this.maxWaitMs) break;
      waiting.delete(res);
      turn.reject(this.refuse());
    }
    this.startWaiting(requests);
  }
}

/** `onRefusal` is called for each request that is refused because too many are in flight or its wait is too long. */
export function createAdmission(onRefusal: () => void = () => {}, maxWaitMs = MAX_WAIT_MS): AdmitRequest {
  const admission = new Admission(onRefusal, maxWaitMs);
  return (tenant, req, res) => admission.admit(tenant, req, res);
}
