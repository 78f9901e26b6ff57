// Bounds the requests of each tenant in this process, before anything of them is read: some run, further ones wait, and the rest is refused. So the requests of one
// tenant neither fill the process nor delay those of another tenant. docs/decisions/0055-overload.md
import type { Request, Response } from 'express';
import { unavailable } from '../../fhir/outcome.ts';
import { adjustLimit, MAX_DELAY_MS, USUAL_LIMIT } from './concurrency-limit.ts';
import { onClose } from './on-close.ts';

/** The most requests of one tenant in flight in a process, those that wait included. */
export const MAX_REQUESTS_IN_FLIGHT = 200;
/** A request waits at most so long, in ms: as long as for a connection to the database. */
const MAX_WAIT_MS = 10_000;
/**
 * A request counts as running for so long, in ms, unless the event loop is late: after it, it waits for its body, the lab network or the database, and not for the
 * processor. Without it, a response that is sent after an earlier one of its connection could keep the place that the earlier one waits for.
 */
const MAX_RUN_MS = 1000;
/** A tenant without requests is forgotten after so long, in ms. */
const IDLE_MS = 1000;
/** How often the delay of the event loop is measured, and the limit adjusted, in ms. */
const SAMPLE_MS = 10;
const ADJUST_MS = 50;

/**
 * Resolves when the request may run. Throws 503 if too many requests of the tenant are in flight, if the wait is too long, or if the client disconnects before. A
 * request ends with its response or its connection.
 */
export type AdmitRequest = (tenant: number, req: Request, res: Response) => Promise<void>;

interface AdmissionOptions {
  /** Called for each request that is refused because too many are in flight or its wait is too long. */
  refused?: (() => void) | undefined;
  /** Called with the number of requests that wait, when the limit is adjusted. */
  waiting?: ((count: number) => void) | undefined;
  maxWaitMs?: number;
  maxRunMs?: number;
}

/** All times are of `performance.now()`. */
interface PendingRequest {
  /** When it arrived, or, once it runs, when it was admitted. */
  since: number;
  admitted: PromiseWithResolvers<void>;
}

/** The oldest requests first. In arrays, as in on-close.ts. */
interface TenantRequests {
  running: PendingRequest[];
  waiting: PendingRequest[];
  inFlight: number;
  /** When the newest request arrived or ended. */
  lastActive: number;
}

class Admission {
  private readonly options: AdmissionOptions;
  private readonly tenants = new Map<number, TenantRequests>();
  private limit = USUAL_LIMIT;
  private timer: NodeJS.Timeout | undefined;
  private sampled = 0;
  private adjusted = 0;
  /** The longest since the last adjustment. */
  private delayMs = 0;

  constructor(options: AdmissionOptions) {
    this.options = options;
  }

  async admit(tenant: number, req: Request, res: Response): Promise<void> {
    const requests = this.tenants.get(tenant) ?? { running: [], waiting: [], inFlight: 0, lastActive: 0 };
    if (requests.inFlight >= MAX_REQUESTS_IN_FLIGHT)
      throw this.refuse('too many requests of this tenant are in flight: send fewer at once');
    this.tenants.set(tenant, requests);
    this.startAdjusting();
    requests.inFlight++;
    requests.lastActive = performance.now();
    const request = { since: requests.lastActive, admitted: Promise.withResolvers<void>() };
    requests.waiting.push(request);
    onClose(req, res, () => this.end(requests, request));
    this.runWaiting(requests);
    return request.admitted.promise;
  }

  private end(requests: TenantRequests, request: PendingRequest): void {
    requests.inFlight--;
    requests.lastActive = performance.now();
    remove(requests.running, request);
    if (remove(requests.waiting, request)) request.admitted.reject(unavailable('the client disconnected before the response', 1));
    this.runWaiting(requests);
  }

  private runWaiting({ running, waiting }: TenantRequests): void {
    while (waiting.length > 0 && running.length < this.limit) {
      const request = waiting.shift()!;
      request.since = performance.now();
      running.push(request);
      request.admitted.resolve();
    }
  }

  private refuse(text: string): Error {
    this.options.refused?.();
    return unavailable(text, 1);
  }

  /** Adjusts the limit from now on, until no tenant has requests. */
  private startAdjusting(): void {
    if (this.timer) return;
    this.sampled = this.adjusted = performance.now();
    this.timer = setInterval(() => this.sample(), SAMPLE_MS).unref();
  }

  private sample(): void {
    const now = performance.now();
    this.delayMs = Math.max(this.delayMs, now - this.sampled - SAMPLE_MS);
    this.sampled = now;
    if (now - this.adjusted >= ADJUST_MS) this.adjust(now);
  }

  private adjust(now: number): void {
    const { delayMs, limit, tenants } = this;
    const waiting = [...tenants.values()].reduce((sum, requests) => sum + requests.waiting.length, 0);
    this.options.waiting?.(waiting);
    this.limit = adjustLimit({ limit, delayMs, isWaiting: waiting > 0, tenants: tenants.size });
    for (const requests of tenants.values()) this.endOld(requests, now);
    for (const [tenant, { inFlight, lastActive }] of tenants) if (inFlight === 0 && now - lastActive > IDLE_MS) tenants.delete(tenant);
    this.adjusted = now;
    this.delayMs = 0;
    if (tenants.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
    this.limit = USUAL_LIMIT;
  }

  private endOld(requests: TenantRequests, now: number): void {
    const { maxRunMs = MAX_RUN_MS, maxWaitMs = MAX_WAIT_MS } = this.options;
    const { running, waiting } = requests;
    if (this.delayMs <= MAX_DELAY_MS) while (isOlder(running[0], now - maxRunMs)) running.shift();
    while (isOlder(waiting[0], now - maxWaitMs))
      waiting.shift()!.admitted.reject(this.refuse('the request waited too long for its turn: send fewer requests at once'));
    this.runWaiting(requests);
  }
}

const isOlder = (request: PendingRequest | undefined, time: number): boolean => request !== undefined && request.since < time;

/** Whether the list had the request. */
function remove(list: PendingRequest[], request: PendingRequest): boolean {
  const at = list.indexOf(request);
  if (at >= 0) list.splice(at, 1);
  return at >= 0;
}

export function createAdmission(options: AdmissionOptions = {}): AdmitRequest {
  const admission = new Admission(options);
  return (tenant, req, res) => admission.admit(tenant, req, res);
}
