// When a message that was not taken is sent again, and when its subscription is given up until somebody looks at it.
import { nextRetryAt } from '../messaging/retry-delays.ts';

const LONGEST_MS = 10 * 60_000;
/** A message that was not taken for so long puts its subscription into error. */
const GIVEN_UP_MS = 72 * 3_600_000;

/** A tenth of the time for which it has failed, a second at least and ten minutes at most, and somewhere between half of that and all of it (`random`: 0 to 1). */
export const againAt = (failingSince: Date, now: Date, random: number): Date =>
  nextRetryAt(failingSince.getTime(), now, { longest: LONGEST_MS, random });

export const isGivenUp = (failingSince: Date, now: Date): boolean => now.getTime() - failingSince.getTime() >= GIVEN_UP_MS;
