// The background work that tracks orders at the lab network: processes the webhooks in the inbox, and polls the orders that are due. Several processes may run
// it.
import { backOffWhileIdle, type PollLoop } from '../messaging/poll-loop.ts';
import { redactError } from '../messaging/redacted-error.ts';
import { pollOrder } from './poll-order.ts';
import { createPollLease, type OrderTracker } from './track/order-tracker.ts';
import { processInbox } from './webhooks/inbox.ts';

const MAX_CONCURRENT_POLLS = 4;
/** The pause after a round without work, in ms. */
const IDLE_MS = 500;

/** One round and the pause after it. */
export function createTrackingWork(tracker: OrderTracker): (loop: PollLoop) => Promise<void> {
  const toRest = backOffWhileIdle(IDLE_MS, () => tracker.store.isDistributed());
  return async ({ rest }) => {
    const done = await runTrackingRound(tracker).catch((error: unknown) => {
      tracker.log({ error: redactError(error) }, 'orders cannot be tracked');
      return 0;
    });
    const restMs = toRest(done);
    if (done === 0) await rest(restMs);
  };
}

/** Processes all due events and orders once, and returns their number. */
export async function runTrackingRound(tracker: OrderTracker): Promise<number> {
  return (await processInbox(tracker)) + (await pollDueOrders(tracker));
}

/** An order whose poll throws keeps its lease until the lease expires, and is then polled again. */
async function pollDueOrders(tracker: OrderTracker): Promise<number> {
  const limit = Math.min(tracker.breaker.allows(tracker.clock()), MAX_CONCURRENT_POLLS);
  if (limit === 0) return 0;
  const lease = createPollLease(tracker);
  const due = await tracker.store.trackedOrders.claim({ ...lease, limit });
  await Promise.all(
    due.map((trackedOrder) =>
      pollOrder(tracker, { trackedOrder, by: lease.by }).catch((error: unknown) =>
        tracker.log(
          { tenant: trackedOrder.tenant, order: trackedOrder.orderId, error: redactError(error) },
          'an order could not be polled',
        ),
      ),
    ),
  );
  return due.length;
}
