// Decides which tenant gets the next free connection. Each tenant has its own queue, and the tenants take turns.
// docs/decisions/0014-fair-queues-and-shutdown.md
import { unavailable } from '../../fhir/outcome.ts';

/** The owner of the work: a tenant (its number), or a purpose that reads the rows of several tenants: API keys, administration, the server itself. */
export type QueueOwner = number | 'keys' | `administration ${number}` | 'server';

/** `signal`: aborted when the client disconnects. `isBounded`: the entry is refused when the queue is full; set for work that has not begun. */
interface QueueEntry {
  signal?: AbortSignal | undefined;
  isBounded?: boolean;
}

type RefusalReason = 'queue full' | 'waited too long' | 'client left';

/** The current load of the queue. `refused`: how many entries were refused since the start, by reason. */
export interface QueueLoad {
  inUse: number;
  waiting: number;
  refused: Record<RefusalReason, number>;
}

/** `maxQueued`: how many entries of one owner may wait. `maxWaitMs`: how long each may wait, in ms. */
interface QueueLimits {
  connections: number;
  maxQueued: number;
  maxWaitMs: number;
}

/** One owner's queue, oldest first, and how many connections the owner uses. An array: docs/decisions/0064-memory-of-requests.md */
interface OwnerQueue {
  inUse: number;
  waiting: (() => void)[];
}

const REFUSALS: Record<RefusalReason, () => Error> = {
  'queue full': () => unavailable('too many requests wait for the database: send fewer at once', 1),
  'waited too long': () => unavailable('the database did not respond in time', 1),
  'client left': clientDisconnected,
};

/** The client does not receive this error: it has disconnected. */
export function clientDisconnected(): Error {
  return unavailable('the client disconnected before the response', 1);
}

/** Shares the connections of a pool between owners. Each entry needs one `leave`, when the connection is returned. */
export class FairQueue {
  readonly load: QueueLoad = { inUse: 0, waiting: 0, refused: { 'queue full': 0, 'waited too long': 0, 'client left': 0 } };
  private readonly limits: QueueLimits;
  /** Ordered by turn: an owner that returns a connection moves to the end. */
  private readonly queues = new Map<QueueOwner, OwnerQueue>();

  constructor(bounds: QueueLimits) {
    this.limits = bounds;
  }

  /** Resolves when this owner may use one connection. Rejects when the queue is full, the wait is too long, or the client has disconnected. */
  async enter(owner: QueueOwner, { signal, isBounded = false }: QueueEntry = {}): Promise<void> {
    if (this.tryEnter(owner, signal)) return;
    if (signal?.aborted) throw this.countRefusal('client left');
    const lane = this.queues.get(owner) ?? { inUse: 0, waiting: [] };
    if (isBounded && lane.waiting.length >= this.limits.maxQueued) throw this.countRefusal('queue full');
    this.queues.set(owner, lane);
    const refusal = await this.wait(lane, signal);
    if (refusal === undefined) return;
    this.deleteIfIdle(owner);
    throw this.countRefusal(refusal);
  }

  /** Whether this owner may use one connection at once. */
  tryEnter(owner: QueueOwner, signal?: AbortSignal): boolean {
    const lane = this.queues.get(owner) ?? { inUse: 0, waiting: [] };
    if (signal?.aborted || lane.waiting.length > 0 || !this.canTake(owner, lane)) return false;
    this.take(owner, lane);
    return true;
  }

  leave(owner: QueueOwner): void {
    const lane = this.queues.get(owner)!;
    this.load.inUse--;
    lane.inUse--;
    this.queues.delete(owner);
    this.queues.set(owner, lane);
    this.deleteIfIdle(owner);
    for (let next = this.next(); next; next = this.next()) {
      const [nextOwner, { waiting }] = next;
      const [start] = waiting;
      this.take(nextOwner, next[1]);
      start!();
    }
  }

  /**
   * An owner that already uses a connection must leave one free for an owner that uses none. The server is exempt: on the background pool it is the only
   * owner.
   */
  private canTake(owner: QueueOwner, { inUse }: OwnerQueue): boolean {
    return this.limits.connections - this.load.inUse > (inUse === 0 || owner === 'server' ? 0 : 1);
  }

  private take(owner: QueueOwner, lane: OwnerQueue): void {
    this.load.inUse++;
    lane.inUse++;
    this.queues.set(owner, lane);
  }

  /** The waiting owner that uses the fewest connections. If several do, the owner whose last turn is longest ago. */
  private next(): [QueueOwner, OwnerQueue] | undefined {
    let chosen: [QueueOwner, OwnerQueue] | undefined;
    for (const entry of this.queues) {
      const [owner, lane] = entry;
      if (lane.waiting.length && this.canTake(owner, lane) && (!chosen || lane.inUse < chosen[1].inUse)) chosen = entry;
    }
    return chosen;
  }

  /** Returns the reason for a refusal; undefined when the owner got a connection. */
  private wait({ waiting }: OwnerQueue, signal?: AbortSignal): Promise<RefusalReason | undefined> {
    return new Promise((resolve) => {
      const end = (refusal?: RefusalReason): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onClientLeft);
        waiting.splice(waiting.indexOf(start), 1);
        this.load.waiting--;
        resolve(refusal);
      };
      const start = () => end();
      const onClientLeft = () => end('client left');
      const timer = setTimeout(end, this.limits.maxWaitMs, 'waited too long');
      signal?.addEventListener('abort', onClientLeft);
      waiting.push(start);
      this.load.waiting++;
    });
  }

  private deleteIfIdle(owner: QueueOwner): void {
    const lane = this.queues.get(owner);
    if (lane?.inUse === 0 && lane.waiting.length === 0) this.queues.delete(owner);
  }

  private countRefusal(reason: RefusalReason): Error {
    this.load.refused[reason]++;
    return REFUSALS[reason]();
  }
}
