// The ids of resources and audit events: UUIDs of version 7, each greater than the one before, also when the clock is set back. Random bytes come from a supply, because
// the system call for each id costs more than the rest of an audit event.
import { randomFillSync } from 'node:crypto';
import { v7 } from 'uuid';

const RANDOM_BYTES = 16;
/** Where in them the number begins that orders the ids of a millisecond. https://www.rfc-editor.org/rfc/rfc9562#section-6.2 (method 1) */
const SEQUENCE_AT = 6;
/** The first number of a millisecond leaves room for two billion further ones. */
const FIRST_SEQUENCE_BITS = 0x7fff_ffff;

/** A function that creates ids. `now`: the time in ms. */
export function createIds(now: () => number = Date.now): () => string {
  const supply = new Uint8Array(256 * RANDOM_BYTES);
  const numbers = new DataView(supply.buffer);
  let used = supply.length;
  let [msecs, seq] = [0, 0];
  return () => {
    if (used === supply.length) {
      randomFillSync(supply);
      used = 0;
    }
    const random = supply.subarray(used, used + RANDOM_BYTES);
    const time = now();
    if (time > msecs) [msecs, seq] = [time, numbers.getUint32(used + SEQUENCE_AT) & FIRST_SEQUENCE_BITS];
    else seq++;
    used += RANDOM_BYTES;
    return v7({ random, msecs, seq });
  };
}
