// The hashes that chain the batches of one writer and one tenant.
import { createHash } from 'node:crypto';

/** The hash of a batch: of the hash before it (empty for the first), the time of the batch, and its events in order, each with its length before it. */
export function chainHash(previous: string, recorded: string, events: readonly string[]): string {
  const digest = createHash('sha256').update(`${previous}\n${recorded}\n${events.length}\n`);
  for (const event of events) digest.update(`${Buffer.byteLength(event)}\n`).update(event);
  return digest.digest('hex');
}
