// The background work that tracks orders at the lab network, each account by itself: processes the webhooks in the inbox, and polls the orders that are due. Several
// processes may run it.
import { createKeyedRuns } from '../messaging/keyed-runs.ts';
import { backOffWhileIdle, type PollLoop } from '../messaging/poll-loop.ts';
import { redactError } from '../messaging/redacted-error.ts';
import type { TrackedOrder } from '../store/queues/tracked-orders.ts';
import { inSpan, type SpanStart } from '../tracing/span.ts';
import { toOrderFields } from './log-fields.ts';
import { pollOrder } from './poll-order.ts';
import { createPollLease, type OrderTracker } from './track/order-tracker.ts';
import { INBOX_SOURCE, processInbox } from './webhooks/inbox.ts';

interface TrackingWorkParts extends Pick<OrderTracker, 'store' | 'clock' | 'log'> {
  /** The accounts whose orders can be read. Called in each round. */
  listTrackers(): Promise<OrderTracker[]>;
}

const MAX_CONCURRENT_POLLS = 4;
/** The pause between rounds, in ms. */
const IDLE_MS = 500;

interface TrackingWork {
  /** One round and the pause after it. */
  work(loop: PollLoop): Promise<void>;
  /** Resolves when the polls under way have ended. */
  finish(): Promise<unknown>;
}

/** A round asks in two statements which accounts have due events or orders. Each of these accounts then continues until nothing is due. */
export function createTrackingWork(parts: TrackingWorkParts): TrackingWork {
  const { store, log } = parts;
  const runs = createKeyedRuns();
  const toRest = backOffWhileIdle(IDLE_MS, () => store.isDistributed());
  const track = async (tracker: OrderTracker, signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      const done = await runTrackingRound(tracker).catch((error: unknown) => {
        tracker.log({ error: redactError(error) }, 'orders cannot be tracked');
        return 0;
      });
      if (done === 0) return;
    }
  };
  return {
    async work({ signal, rest }) {
      const due = await findDueTrackers(parts, ({ account }) => !runs.isRunning(account.id)).catch((error: unknown) => {
        log({ error: redactError(error) }, 'orders cannot be tracked');
        return [];
      });
      for (const tracker of due) runs.start(tracker.account.id, () => track(tracker, signal));
      await rest(toRest(due.length));
    },
    finish: () => runs.finish(),
  };
}

async function findDueTrackers(
  { store, clock, listTrackers }: TrackingWorkParts,
  isIdle: (tracker: OrderTracker) => boolean,
): Promise<OrderTracker[]> {
  const now = clock();
  const at = now.toISOString();
  const trackers = (await listTrackers()).filter(isIdle);
  const readable = trackers.filter(({ breaker }) => breaker.allows(now) > 0);
  const [tenants, accounts] = await Promise.all([
    store.inbox.findDueTenants(
      trackers.map(({ account }) => account.tenant),
      INBOX_SOURCE,
      at,
    ),
    store.trackedOrders.findDueAccounts(
      readable.map(({ account }) => account.id),
      at,
    ),
  ]);
  return trackers.filter(({ account }) => tenants.includes(account.tenant) || accounts.includes(account.id));
}

/** Processes all due events and orders of an account once, and returns their number. */
export async function runTrackingRound(tracker: OrderTracker): Promise<number> {
  return (await processInbox(tracker)) + (await pollDueOrders(tracker));
}

const toSpanStart = ({ tenant, account }: TrackedOrder): SpanStart => ({
  name: 'poll order',
  kind: 'background',
  attributes: { 'facet.tenant.id': tenant, 'facet.account.id': account },
});

/** An order whose poll throws keeps its lease until the lease expires, and is then polled again. */
async function pollDueOrders(tracker: OrderTracker): Promise<number> {
  const limit = Math.min(tracker.breaker.allows(tracker.clock()), MAX_CONCURRENT_POLLS);
  if (limit === 0) return 0;
  const lease = createPollLease(tracker);
  const due = await tracker.store.trackedOrders.claim({ ...lease, account: tracker.account.id, limit });
  await Promise.all(
    due.map((trackedOrder) =>
      inSpan(toSpanStart(trackedOrder), () => pollOrder(tracker, { trackedOrder, by: lease.by })).catch((error: unknown) =>
        tracker.log({ ...toOrderFields(trackedOrder), error: redactError(error) }, 'an order could not be polled'),
      ),
    ),
  );
  return due.length;
}
