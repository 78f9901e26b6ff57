// Keeps the search index up to date with the index rules of this version: reindexes resources when rules have changed, and checks for a while whether a process
// with older rules has written. docs/decisions/0010-index-maintenance.md
import type { IndexState } from '../../interactions/index-state.ts';
import { type ReindexOptions, reindexAll } from '../../interactions/reindex.ts';
import type { PollLoop } from '../../messaging/poll-loop.ts';
import { redactError } from '../../messaging/redacted-error.ts';
import type { ReindexProgress } from '../../store/reindexing.ts';

type Log = (facts: Record<string, unknown>, text: string) => void;

export interface IndexWorkParts {
  state: IndexState;
  options: ReindexOptions;
  log: Log;
}

/** Interval between checks of what other processes have done, in ms; shorter while a search parameter is not ready. */
const POLL_MS = 30_000;
const UNREADY_POLL_MS = 2000;
const PROGRESS_LOG_MS = 10_000;

export function createIndexWork({ state, options, log }: IndexWorkParts): (loop: PollLoop) => Promise<void> {
  return async (loop) => {
    const round = { ...options, onBatch: limitSpeed(loop, log), isStopped: () => loop.signal.aborted };
    await reindexIfNeeded(state, round, log).catch((error: unknown) =>
      log({ error: redactError(error) }, 'the search index cannot be maintained'),
    );
    await loop.rest(state.listUnready().size ? UNREADY_POLL_MS : POLL_MS);
  };
}

async function reindexIfNeeded(state: IndexState, options: ReindexOptions, log: Log): Promise<void> {
  await state.refresh();
  const changed = state.findTarget();
  const target = changed ?? state.listDueChecks(options.clock());
  if (!target.size) return;
  if (changed) log({ unready: Object.fromEntries(state.listUnready()) }, 'resources have to be indexed again');
  const end = await reindexAll(options, target);
  await state.refresh();
  if (changed && end === 'done') log({}, 'the search index is complete');
}

/** For one round: pauses after each batch for as long as the batch took, so that half of the database's time is left to requests. A long round says how far it is. */
function limitSpeed(loop: PollLoop, log: Log): (progress: ReindexProgress) => Promise<void> {
  let batchStart = performance.now();
  let loggedAt = Date.now();
  return async ({ scanned, total, reindexed }) => {
    const batchMs = Math.min(performance.now() - batchStart, 5000);
    if (Date.now() - loggedAt >= PROGRESS_LOG_MS) {
      loggedAt = Date.now();
      log({ scanned, total, reindexed }, 'the search index is being checked');
    }
    if (reindexed) await loop.rest(batchMs);
    batchStart = performance.now();
  };
}
