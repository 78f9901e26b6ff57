// Work of one tenant that arrives while other work of the tenant is under way is done together: a statement for several costs much less than a statement for each.
// Work that finds fewer statements under way than the limit is done at once, so grouping adds no wait of its own. docs/decisions/0056-groups.md
import { AsyncLocalStorage } from 'node:async_hooks';
import { unavailable } from '../../fhir/outcome.ts';

/** How long work waits for the statements before it, in ms: as long as for a connection. */
const MAX_WAIT_MS = 10_000;

/** A part of the work, for one request. */
export interface Work<Item, Result> {
  item: Item;
  resolve(result: Result): void;
  reject(error: unknown): void;
  /** Runs in the asynchronous context of the request, so that a trace shows the statement. */
  inContext<T>(work: () => T): T;
}

interface Waiting<Item, Result> extends Work<Item, Result> {
  /** Ends the wait. */
  timer?: NodeJS.Timeout;
}

interface TenantWork<Item, Result> {
  /** The number of statements. */
  underWay: number;
  /** The oldest first. */
  waiting: Waiting<Item, Result>[];
}

interface GroupOptions<Item, Result> {
  /** The most statements of a tenant at once. */
  limit: number;
  /** How many of these, from the first on, are done together: at least one. */
  countGroup(items: readonly Work<Item, Result>[]): number;
  /** Settles each. Does not fail. */
  run(tenant: number, group: Work<Item, Result>[]): Promise<void>;
}

export class Groups<Item, Result> {
  private readonly options: GroupOptions<Item, Result>;
  /** Of tenants with statements under way. */
  private readonly tenants = new Map<number, TenantWork<Item, Result>>();

  constructor(options: GroupOptions<Item, Result>) {
    this.options = options;
  }

  add(tenant: number, item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      const work: Waiting<Item, Result> = { item, resolve, reject, inContext: AsyncLocalStorage.snapshot() };
      const own = this.tenants.get(tenant) ?? { underWay: 0, waiting: [] };
      if (own.underWay === 0) this.tenants.set(tenant, own);
      own.waiting.push(work);
      if (own.underWay < this.options.limit) void this.runWaiting(tenant, own);
      else work.timer = setTimeout(() => giveUp(own.waiting, work), MAX_WAIT_MS);
    });
  }

  private async runWaiting(tenant: number, own: TenantWork<Item, Result>): Promise<void> {
    own.underWay++;
    while (own.waiting.length) {
      const group = own.waiting.splice(0, this.options.countGroup(own.waiting));
      for (const { timer } of group) clearTimeout(timer);
      await group[0]!.inContext(() => this.options.run(tenant, group));
    }
    own.underWay--;
    if (own.underWay === 0) this.tenants.delete(tenant);
  }
}

function giveUp<Item, Result>(waiting: Waiting<Item, Result>[], work: Waiting<Item, Result>): void {
  waiting.splice(waiting.indexOf(work), 1);
  work.reject(unavailable('the database did not respond in time', 1));
}
