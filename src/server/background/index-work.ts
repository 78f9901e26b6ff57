// Keeps the search index up to date with the index rules of this version: reindexes resources when rules have changed, and checks from time to time whether a
// process with older rules has written. docs/decisions/0010-index-maintenance.md
import type { IndexState } from '../../interactions/index-state.ts';
import { type ReindexOptions, reindexAll } from '../../interactions/reindex.ts';
import type { PollLoop } from '../../messaging/poll-loop.ts';
import { redactError } from '../../messaging/redacted-error.ts';
import type { ReindexProgress, TargetRules } from '../../store/reindexing.ts';

type Log = (facts: Record<string, unknown>, text: string) => void;

export interface IndexWorkParts {
  state: IndexState;
  options: ReindexOptions;
  log: Log;
}

/** Interval between checks of what other processes have done, in ms; shorter while a search parameter is not ready. */
const POLL_MS = 30_000;
const UNREADY_POLL_MS = 2000;
/** After a start or a reindex, processes of the former version may still write. The index is checked for their resources after these times, in ms. */
const RECHECK_MS = [60_000, 600_000, 3_600_000];
const PROGRESS_LOG_MS = 10_000;

export function createIndexWork({ state, options, log }: IndexWorkParts): (loop: PollLoop) => Promise<void> {
  const scheduleRechecks = () => RECHECK_MS.map((ms) => Date.now() + ms);
  let rechecks = scheduleRechecks();
  return async (loop) => {
    const isRecheckDue = rechecks.some((at) => at <= Date.now());
    rechecks = rechecks.filter((at) => at > Date.now());
    const round = { ...options, onBatch: limitSpeed(loop, log), isStopped: () => loop.signal.aborted };
    const hasReindexed = await reindexIfNeeded(state, round, { isRecheckDue, log }).catch((error: unknown) => {
      log({ error: redactError(error) }, 'the search index cannot be maintained');
      return false;
    });
    if (hasReindexed) rechecks = scheduleRechecks();
    await loop.rest(state.listUnready().size ? UNREADY_POLL_MS : POLL_MS);
  };
}

/** Resolves to true when changed rules required a reindex and it is complete. */
async function reindexIfNeeded(
  state: IndexState,
  options: ReindexOptions,
  { isRecheckDue, log }: { isRecheckDue: boolean; log: Log },
): Promise<boolean> {
  await state.refresh();
  const changed = state.findTarget();
  const target: TargetRules | undefined = changed ?? (isRecheckDue ? state.listNewest() : undefined);
  if (!target?.size) return false;
  if (changed) log({ unready: Object.fromEntries(state.listUnready()) }, 'resources have to be indexed again');
  const end = await reindexAll(options, target);
  await state.refresh();
  if (changed && end === 'done') log({}, 'the search index is complete');
  return changed !== undefined && end === 'done';
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
