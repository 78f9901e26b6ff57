// The hashes that chain the batches of one writer and one tenant.
import { createHash } from 'node:crypto';

/** The hash of a batch, event by event. */
interface BatchHash {
  add(...events: string[]): void;
  end(): string;
}

/** The hash of a batch: of the hash before it (empty for the first), the time of the batch, and its events in order, each with its length before it. */
export function startBatchHash(previous: string, { recorded, count }: { recorded: string; count: number }): BatchHash {
  const digest = createHash('sha256').update(`${previous}\n${recorded}\n${count}\n`);
  return {
    add: (...events) => void digest.update(events.map((event) => `${Buffer.byteLength(event)}\n${event}`).join('')),
    end: () => digest.digest('hex'),
  };
}

/** The hash of a whole batch, whose events go to the digest at once: a call for each event costs more than its hash. */
export function chainHash(previous: string, recorded: string, events: readonly string[]): string {
  const hash = startBatchHash(previous, { recorded, count: events.length });
  hash.add(...events);
  return hash.end();
}
