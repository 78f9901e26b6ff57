// Keeps the index in step with the rules of this program while the server works: walks when something is to be made again, and looks now and then
// whether a process of older rules has written meanwhile.
import type { IndexState } from '../../interactions/index-state.ts';
import { type ReindexOptions, reindexAll } from '../../interactions/reindex.ts';
import { type PollLoop, startPollLoop } from '../../messaging/poll-loop.ts';
import type { ReindexProgress, TargetRules } from '../../store/reindexing.ts';

type Log = (facts: object, text: string) => void;

/** How often it is looked at what other processes have done, in ms. */
const POLL_MS = 30_000;
const BUSY_MS = 2000;
/** After a start, or after everything was made again, processes of the version before may go on for a while: these are walked for. In ms. */
const LATER_MS = [60_000, 600_000, 3_600_000];
const TOLD_MS = 10_000;

/** Starts it; call the answer to stop. */
export function startIndexWorker(state: IndexState, walking: ReindexOptions, log: Log): () => Promise<void> {
  const pause = halfSpeed(log);
  let later = LATER_MS.map((ms) => Date.now() + ms);
  return startPollLoop(async (loop) => {
    const due = later.filter((at) => at <= Date.now()).length > 0;
    later = later.filter((at) => at > Date.now());
    const walk = { ...walking, onBatch: pause(loop), isStopped: () => loop.signal.aborted };
    const worked = await step(state, walk, { due, log }).catch((error: Error) => {
      log({ error: error.name }, 'the index cannot be kept now');
      return false;
    });
    if (worked) later = LATER_MS.map((ms) => Date.now() + ms);
    await loop.rest(state.listUnready().size ? BUSY_MS : POLL_MS);
  });
}

/** Walks, if there is something to walk for; answers whether something had to be made again. */
async function step(state: IndexState, walking: ReindexOptions, { due, log }: { due: boolean; log: Log }): Promise<boolean> {
  await state.refresh();
  const behind = state.findTarget();
  const target: TargetRules | undefined = behind ?? (due ? state.listNewest() : undefined);
  if (!target?.size) return false;
  if (behind) log({ unready: Object.fromEntries(state.listUnready()) }, 'index rows have to be made again');
  const end = await reindexAll(walking, target);
  await state.refresh();
  if (behind && end === 'done') log({}, 'the index is whole');
  return behind !== undefined && end === 'done';
}

/** As long a rest as the work took, so that requests have half of everything. */
function halfSpeed(log: Log): (loop: PollLoop) => (walk: ReindexProgress) => Promise<void> {
  let began = performance.now();
  let told = Date.now();
  return ({ rest }) =>
    async ({ scanned, total, reindexed }) => {
      const took = Math.min(performance.now() - began, 5000);
      if (Date.now() - told >= TOLD_MS) {
        told = Date.now();
        log({ scanned, total, reindexed }, 'index rows are being made again');
      }
      if (reindexed) await rest(took);
      began = performance.now();
    };
}
