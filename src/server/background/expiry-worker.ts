// Removes what has run out while the server works: the answers kept for requests that may be repeated, which show people's data, are gone a day later, and so
// are the rows of match keys (src/store/database/locks.ts) that nobody holds.
import { startPollLoop } from '../../messaging/poll-loop.ts';
import type { Store } from '../../store/store.ts';

/** What it works with. `log` is told how many were removed, and of a failure by the name of its kind. */
interface ExpiryParts {
  store: Pick<Store, 'idempotencyKeys' | 'pruneLocks' | 'reindexing'>;
  clock: () => Date;
  log: (facts: object, text: string) => void;
}

/** In ms. Every process of an installation does it: removing twice removes nothing more. */
const EVERY_MS = 3_600_000;
/** At a time, so that nobody who needs one of these rows again waits for all the others. */
const MOST = 1000;

/** Starts it, at once; call the answer to stop. */
export const startExpiryWorker = (expiring: ExpiryParts): (() => Promise<void>) =>
  startPollLoop(async ({ signal, rest }) => {
    for (const part of [deleteExpiredAnswers, deleteUnusedLocks])
      await part(expiring, signal).catch((error: Error) => expiring.log({ error: error.name }, 'what has run out cannot be removed now'));
    await rest(EVERY_MS);
  });

/** Until nothing is left that has run out. */
async function deleteExpiredAnswers({ store: { idempotencyKeys }, clock, log }: ExpiryParts, signal: AbortSignal): Promise<void> {
  let all = 0;
  for (let some = MOST; some === MOST && !signal.aborted; all += some)
    some = await idempotencyKeys.deleteExpired(clock().toISOString(), MOST);
  if (all) log({ removed: all }, 'answers kept for repeated requests have run out');
}

/** Each tenant's once, from the first to the last. */
async function deleteUnusedLocks({ store }: ExpiryParts, signal: AbortSignal): Promise<void> {
  const on = () => !signal.aborted;
  for (
    let tenant = await store.reindexing.findNextTenant(0);
    tenant !== undefined && on();
    tenant = await store.reindexing.findNextTenant(tenant)
  ) {
    let from = await store.pruneLocks(tenant, { limit: MOST });
    while (from !== undefined && on()) from = await store.pruneLocks(tenant, { from, limit: MOST });
  }
}
