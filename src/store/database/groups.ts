// Work of one tenant that arrives in one turn of the event loop, or while as many statements as allowed are under way, is done together: a statement for several costs
// much less than a statement for each. No work is delayed by a timer. docs/decisions/0056-groups.md
import { AsyncResource } from 'node:async_hooks';
import { unavailable } from '../../fhir/outcome.ts';
import { clientDisconnected } from './fair-queue.ts';

/** A part of the work, for one request. */
export interface Work<Item, Result> {
  item: Item;
  /** Aborted when nobody waits for it any more. Undefined: it is always done. */
  signal: AbortSignal | undefined;
  resolve(result: Result): void;
  reject(error: unknown): void;
  /** The asynchronous context of the request. A trace shows a shared statement in the first request of its group. */
  asyncContext: AsyncResource;
}

interface WaitingWork<Item, Result> extends Work<Item, Result> {
  /** Ends the wait. */
  timer?: NodeJS.Timeout;
}

interface TenantWork<Item, Result> {
  /** The number of statements. */
  underWay: number;
  /** The oldest first. */
  waiting: WaitingWork<Item, Result>[];
  /** Whether a `setImmediate` that begins groups is pending. */
  isScheduled: boolean;
}

interface GroupOptions<Item, Result> {
  /** The most statements of a tenant at once. */
  limit(): number;
  /** How long work waits for the statements before it, in ms. */
  maxWaitMs: number;
  /** Chooses one or more that are done together. The oldest comes first. */
  selectGroup<W extends Work<Item, Result>>(waiting: readonly W[]): W[];
  /** Calls `resolve` or `reject` of each. If it fails, those that are left fail with its error. */
  run(tenant: number, group: Work<Item, Result>[]): Promise<void>;
}

export class Groups<Item, Result> {
  private readonly options: GroupOptions<Item, Result>;
  /** The tenants with work. */
  private readonly tenants = new Map<number, TenantWork<Item, Result>>();

  constructor(options: GroupOptions<Item, Result>) {
    this.options = options;
  }

  /** Work whose signal is aborted before it is begun is not done. */
  add(tenant: number, item: Item, signal?: AbortSignal): Promise<Result> {
    return new Promise((resolve, reject) => {
      const ofTenant = this.tenants.get(tenant) ?? { underWay: 0, waiting: [], isScheduled: false };
      this.tenants.set(tenant, ofTenant);
      ofTenant.waiting.push({ item, signal, resolve, reject, asyncContext: new AsyncResource('GroupedWork') });
      this.beginSoon(tenant, ofTenant);
    });
  }

  /** Begins groups when everything that arrived in this turn of the event loop is there. */
  private beginSoon(tenant: number, ofTenant: TenantWork<Item, Result>): void {
    if (ofTenant.isScheduled) return;
    ofTenant.isScheduled = true;
    setImmediate(() => {
      ofTenant.isScheduled = false;
      this.beginGroups(tenant, ofTenant);
    });
  }

  private beginGroups(tenant: number, ofTenant: TenantWork<Item, Result>): void {
    dropAbandoned(ofTenant);
    while (ofTenant.waiting.length && ofTenant.underWay < this.options.limit())
      void this.runGroup(tenant, ofTenant, this.takeGroup(ofTenant));
    for (const work of ofTenant.waiting) work.timer ??= setTimeout(() => giveUp(ofTenant, work), this.options.maxWaitMs);
    if (ofTenant.underWay === 0 && !ofTenant.isScheduled) this.tenants.delete(tenant);
  }

  private async runGroup(tenant: number, ofTenant: TenantWork<Item, Result>, group: Work<Item, Result>[]): Promise<void> {
    ofTenant.underWay++;
    try {
      await group[0]!.asyncContext.runInAsyncScope(() => this.options.run(tenant, group));
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
    ofTenant.underWay--;
    this.beginGroups(tenant, ofTenant);
  }

  private takeGroup(ofTenant: TenantWork<Item, Result>): Work<Item, Result>[] {
    const group = this.options.selectGroup(ofTenant.waiting);
    for (const { timer } of group) clearTimeout(timer);
    const taken = new Set(group);
    ofTenant.waiting = ofTenant.waiting.filter((work) => !taken.has(work));
    return group;
  }
}

function dropAbandoned<Item, Result>(ofTenant: TenantWork<Item, Result>): void {
  const abandoned = ofTenant.waiting.filter(({ signal }) => signal?.aborted);
  if (abandoned.length) ofTenant.waiting = ofTenant.waiting.filter(({ signal }) => !signal?.aborted);
  for (const { timer, reject } of abandoned) {
    clearTimeout(timer);
    reject(clientDisconnected());
  }
}

function giveUp<Item, Result>(ofTenant: TenantWork<Item, Result>, work: WaitingWork<Item, Result>): void {
  ofTenant.waiting = ofTenant.waiting.filter((other) => other !== work);
  work.reject(unavailable('the database did not respond in time', 1));
}

/** The clients of a group. `allLeft` is aborted when all its clients have left. */
export function watchClients(group: readonly Pick<Work<unknown, unknown>, 'signal'>[]): { allLeft: AbortSignal; stop(): void } {
  const signals = new Set(group.map(({ signal }) => signal));
  const controller = new AbortController();
  let waiting = signals.size;
  const leave = (): void => {
    if (--waiting === 0) controller.abort();
  };
  for (const signal of signals) signal?.addEventListener('abort', leave);
  return {
    allLeft: controller.signal,
    stop: () => {
      for (const signal of signals) signal?.removeEventListener('abort', leave);
    },
  };
}
