// Removes what has run out while the server works: the answers kept for requests that may be repeated, which show people's data, are gone a day later.
import { looped } from './resource/looped.ts';
import type { IdempotencyKeys } from './store/idempotency.ts';

/** What it works with. `log` is told how many were removed, and of a failure by the name of its kind. */
interface Expiring {
  idempotency: IdempotencyKeys;
  clock: () => Date;
  log: (facts: object, text: string) => void;
}

/** In ms. Every process of an installation does it: removing twice removes nothing more. */
const EVERY_MS = 3_600_000;
/** At a time, so that nobody who takes one of these keys again waits for all the others. */
const MOST = 1000;

/** Starts it, at once; call the answer to stop. */
export const startExpiryWorker = (expiring: Expiring): (() => Promise<void>) =>
  looped(async ({ signal, rest }) => {
    await removed(expiring, signal).catch((error: Error) => expiring.log({ error: error.name }, 'what has run out cannot be removed now'));
    await rest(EVERY_MS);
  });

/** Until nothing is left that has run out. */
async function removed({ idempotency, clock, log }: Expiring, signal: AbortSignal): Promise<void> {
  let all = 0;
  for (let some = MOST; some === MOST && !signal.aborted; all += some) some = await idempotency.prune(clock().toISOString(), MOST);
  if (all) log({ removed: all }, 'answers kept for repeated requests have run out');
}
