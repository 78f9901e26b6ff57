// The ids of resources and audit events: UUIDs of version 7, whose order keeps the indexes of ids compact. Random bytes come from a supply, because the system call
// for each id costs more than the rest of an audit event.
import { randomFillSync } from 'node:crypto';
import { v7 } from 'uuid';

const RANDOM_BYTES = 16;

/** A function that creates ids. */
export function createIds(): () => string {
  const supply = new Uint8Array(256 * RANDOM_BYTES);
  let used = supply.length;
  return () => {
    if (used === supply.length) {
      randomFillSync(supply);
      used = 0;
    }
    const random = supply.subarray(used, used + RANDOM_BYTES);
    used += RANDOM_BYTES;
    return v7({ random });
  };
}
