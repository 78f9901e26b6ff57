// Who gets the next free connection: each tenant has a queue of its own, and the tenants take turns. docs/decisions/0014-fair-queues-and-shutdown.md
import { unavailable } from '../../fhir/outcome.ts';

/** Whose work it is: a tenant's, the look-up of API keys, or the server's own. */
export type Owner = number | 'keys' | 'server';

/** `signal`: aborted when the client leaves. `bounded`: refused when the queue is full; for work that has not begun. */
interface Entering {
  signal?: AbortSignal | undefined;
  bounded?: boolean;
}

/** Why work got no connection. */
type Reason = 'queue full' | 'waited too long' | 'client left';

/** What the queue holds now, and what it has refused since the start. */
export interface QueueLoad {
  inUse: number;
  waiting: number;
  refused: Record<Reason, number>;
}

/** `longest`: how many of one owner may wait. `patience`: how long each may wait, in ms. */
interface Bounds {
  connections: number;
  longest: number;
  patience: number;
}

/** One owner's queue, oldest first, and how many connections it holds. */
interface Lane {
  held: number;
  waiting: Set<() => void>;
}

const REFUSALS: Record<Reason, () => Error> = {
  'queue full': () => unavailable('too many requests wait for the database: send fewer at once', 1),
  'waited too long': () => unavailable('the database did not answer in time', 1),
  'client left': clientLeft,
};

/** Nobody reads this answer. */
export function clientLeft(): Error {
  return unavailable('the client left before the answer', 1);
}

/** Shares the connections of a pool. Whoever has entered leaves when the connection is given back. */
export class FairQueue {
  readonly load: QueueLoad = { inUse: 0, waiting: 0, refused: { 'queue full': 0, 'waited too long': 0, 'client left': 0 } };
  private readonly bounds: Bounds;
  /** In the order of their turns: an owner that gives a connection back goes to the end. */
  private readonly lanes = new Map<Owner, Lane>();

  constructor(bounds: Bounds) {
    this.bounds = bounds;
  }

  /** Resolves when this owner may take one connection; rejects when the queue is full, the wait too long, or the client left. */
  async enter(owner: Owner, { signal, bounded = false }: Entering = {}): Promise<void> {
    if (signal?.aborted) throw this.refusal('client left');
    const lane = this.lanes.get(owner) ?? { held: 0, waiting: new Set() };
    if (lane.waiting.size === 0 && this.mayTake(owner, lane)) return this.take(owner, lane);
    if (bounded && lane.waiting.size >= this.bounds.longest) throw this.refusal('queue full');
    this.lanes.set(owner, lane);
    const refused = await this.wait(lane, signal);
    if (refused === undefined) return;
    this.forget(owner);
    throw this.refusal(refused);
  }

  leave(owner: Owner): void {
    const lane = this.lanes.get(owner)!;
    this.load.inUse--;
    lane.held--;
    this.lanes.delete(owner);
    this.lanes.set(owner, lane);
    this.forget(owner);
    for (let next = this.next(); next; next = this.next()) {
      const [nextOwner, { waiting }] = next;
      const [start] = waiting;
      this.take(nextOwner, next[1]);
      start!();
    }
  }

  /** An owner that holds a connection leaves one free for an owner that holds none. The server does not: in the background it is the only owner. */
  private mayTake(owner: Owner, { held }: Lane): boolean {
    return this.bounds.connections - this.load.inUse > (held === 0 || owner === 'server' ? 0 : 1);
  }

  private take(owner: Owner, lane: Lane): void {
    this.load.inUse++;
    lane.held++;
    this.lanes.set(owner, lane);
  }

  /** The waiting owner that holds the fewest connections; of several, the one whose last turn is longest ago. */
  private next(): [Owner, Lane] | undefined {
    let chosen: [Owner, Lane] | undefined;
    for (const entry of this.lanes) {
      const [owner, lane] = entry;
      if (lane.waiting.size && this.mayTake(owner, lane) && (!chosen || lane.held < chosen[1].held)) chosen = entry;
    }
    return chosen;
  }

  /** Answers why it was in vain; undefined when the connection is taken. */
  private wait({ waiting }: Lane, signal?: AbortSignal): Promise<Reason | undefined> {
    return new Promise((resolve) => {
      const end = (refused?: Reason): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', left);
        waiting.delete(start);
        this.load.waiting--;
        resolve(refused);
      };
      const start = () => end();
      const left = () => end('client left');
      const timer = setTimeout(end, this.bounds.patience, 'waited too long');
      signal?.addEventListener('abort', left);
      waiting.add(start);
      this.load.waiting++;
    });
  }

  private forget(owner: Owner): void {
    const lane = this.lanes.get(owner);
    if (lane?.held === 0 && lane.waiting.size === 0) this.lanes.delete(owner);
  }

  private refusal(reason: Reason): Error {
    this.load.refused[reason]++;
    return REFUSALS[reason]();
  }
}
