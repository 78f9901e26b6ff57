// Follows the orders that stand at the network, as long as it runs: works through the inbox, looks at orders that are due, sweeps for changes that nobody told
// of. Several processes may do so at once. It stops when what it has begun is finished.
import { backOffWhileIdle, startPollLoop } from '../messaging/poll-loop.ts';
import { redactError } from '../messaging/redacted-error.ts';
import { pollOrder } from './poll-order.ts';
import { createPollLease, type OrderTracker } from './track/order-tracker.ts';
import { runSweep } from './track/reconciliation-sweep.ts';
import { processInbox, pruneInbox } from './webhooks/inbox.ts';

/** How many orders are looked at at once, and how long it rests when there is nothing to do, in ms. */
const MAX_CONCURRENT_POLLS = 4;
const IDLE_MS = 500;
/** What is done from time to time, and how often it is asked for, in ms: whether it is time is decided there, for all processes. */
const PERIODIC_TASKS: { every: number; run(tracker: OrderTracker): Promise<unknown> }[] = [
  { every: 10_000, run: runSweep },
  { every: 3_600_000, run: pruneInbox },
];

/** Starts it; call the answer to stop. A chore that takes long keeps nobody's news waiting. */
export function startTrackingWorker(tracker: OrderTracker): () => Promise<void> {
  const again = (work: () => Promise<number>, dear: () => boolean) => {
    const pause = backOffWhileIdle(IDLE_MS, dear);
    return startPollLoop(async ({ rest }) => {
      const done = await work();
      const poll = pause(done);
      if (done === 0) await rest(poll);
    });
  };
  const rounds = () =>
    runTrackingRound(tracker).catch((error: unknown) => {
      tracker.log({ error: redactError(error) }, 'orders cannot be followed');
      return 0;
    });
  const stops = [again(rounds, () => tracker.store.isDistributed()), again(runPeriodicTasks(tracker), () => false)];
  return async () => void (await Promise.all(stops.map((stop) => stop())));
}

/** Does those chores whose time has come since it was last called; answers 0: what is left waits for its time. */
function runPeriodicTasks(tracker: OrderTracker): () => Promise<number> {
  const last = new Map<(typeof PERIODIC_TASKS)[number], number>();
  return async () => {
    const now = tracker.clock().getTime();
    const due = PERIODIC_TASKS.filter((chore) => now - (last.get(chore) ?? Number.NEGATIVE_INFINITY) >= chore.every);
    for (const chore of due) {
      last.set(chore, now);
      await chore.run(tracker).catch((error: unknown) => tracker.log({ error: redactError(error) }, 'a chore of following orders failed'));
    }
    return 0;
  };
}

/** Does what is due, once; answers how much there was. */
export async function runTrackingRound(tracker: OrderTracker): Promise<number> {
  return (await processInbox(tracker)) + (await pollDueOrders(tracker));
}

/** One that throws keeps its lease until that runs out, and is then looked at again. */
async function pollDueOrders(tracker: OrderTracker): Promise<number> {
  const limit = Math.min(tracker.breaker.allows(tracker.clock()), MAX_CONCURRENT_POLLS);
  if (limit === 0) return 0;
  const mine = createPollLease(tracker);
  const due = await tracker.store.trackedOrders.claim({ ...mine, limit });
  await Promise.all(
    due.map((placed) =>
      pollOrder(tracker, { placed, by: mine.by }).catch((error: unknown) =>
        tracker.log({ tenant: placed.tenant, order: placed.orderId, error: redactError(error) }, 'an order could not be followed'),
      ),
    ),
  );
  return due.length;
}
