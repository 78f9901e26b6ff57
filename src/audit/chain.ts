// The hashes that chain the batches of one writer and one tenant.
import { createHash } from 'node:crypto';

/** The hash of a batch, event by event. */
interface BatchHash {
  add(event: string): void;
  end(): string;
}

/** The hash of a batch: of the hash before it (empty for the first), the time of the batch, and its events in order, each with its length before it. */
export function startBatchHash(previous: string, { recorded, count }: { recorded: string; count: number }): BatchHash {
  const digest = createHash('sha256').update(`${previous}\n${recorded}\n${count}\n`);
  return {
    add: (event) => void digest.update(`${Buffer.byteLength(event)}\n`).update(event),
    end: () => digest.digest('hex'),
  };
}

/** The hash of a whole batch. */
export function chainHash(previous: string, recorded: string, events: readonly string[]): string {
  const hash = startBatchHash(previous, { recorded, count: events.length });
  for (const event of events) hash.add(event);
  return hash.end();
}
