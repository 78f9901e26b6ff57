// Lists all orders that changed at the network since the last complete sweep, so that a lost webhook delays a result by minutes only.
// One process sweeps at a time, under a lease in the settings; the watermark moves only when every page of a closed window was read.
// https://docs.junction.com/api-reference/lab-testing/get-orders

import { findLastEvent, type OrderSnapshot } from '../../junction/order-snapshot.ts';
import type { SnapshotsPage } from '../../junction/reader.ts';
import { retryAfterSeconds, toHealthSignal } from '../../messaging/outcome.ts';
import { nextRetryAt } from '../../messaging/retry-policy.ts';
import type { TrackedOrder } from '../../store/queues/tracked-orders.ts';
import type { Store } from '../../store/store.ts';
import { isJustOrdered } from '../deliver/start-tracking.ts';
import { correlate } from './correlate.ts';
import { type OrderTracker, parseTrackedState, READ_MS } from './order-tracker.ts';
import { readReconciliationWindow, type WindowResult } from './reconciliation-window.ts';

/** The name of the setting, and what it holds as JSON. Times are ISO 8601. */
const SETTING_NAME = 'order-sweep';

interface SweepState {
  /** Everything that changed before this was seen. */
  watermark: string;
  nextAt: string;
  /** Sweeps in a row that were not completed. */
  failures: number;
  by?: string;
  until?: string;
}

const MINUTE = 60_000;
const SWEEP_INTERVAL_MS = 15 * MINUTE;
/** The network's clock may differ from ours by this much, and what changes at the edge of a window is seen twice. */
const OVERLAP_MS = 60 * MINUTE;
/** Taken again with every page. */
const LEASE_MS = 2 * MINUTE;
/** How often a window is read in which orders changed while it was read. */
const MAX_READS = 3;

/** How many orders were seen, of those how many were news; `nothing`: it is not time, or somebody else sweeps. */
type SweepResult = { seen: number; news: number } | 'nothing' | 'failed';

export async function runSweep(tracker: OrderTracker): Promise<SweepResult> {
  const lease = await beginSweep(tracker);
  if (!lease) return 'nothing';
  let until = tracker.clock().toISOString();
  for (let attempt = 0; attempt < MAX_READS; attempt++) {
    const { read, news } = await readWindow(tracker, lease, until);
    if (read === 'lost') return 'nothing';
    if (read === 'failed') break;
    if ('seen' in read) return endSweep(tracker, lease, { until, swept: { seen: read.seen, news } });
    // a network whose clock is behind ours: by its own one, the window is over at the newest change that it tells of
    until = read.unsettled ?? until;
  }
  return endSweep(tracker, lease, { until, swept: 'failed' });
}

/** The setting as this process last wrote it: whoever writes it next must know that. */
interface SweepLease {
  sweep(): SweepState;
  /** False: somebody else has it by now. */
  write(next: SweepState): Promise<boolean>;
}

function createSweepLease(store: Store, found: string): SweepLease {
  let text = found;
  return {
    sweep: () => JSON.parse(text) as SweepState,
    async write(next) {
      const wanted = JSON.stringify(next);
      if (!(await store.settings.compareAndSet(SETTING_NAME, text, wanted))) return false;
      text = wanted;
      return true;
    },
  };
}

async function beginSweep({ store, clock, newId, breaker }: OrderTracker): Promise<SweepLease | undefined> {
  const now = clock();
  const at = now.toISOString();
  const first: SweepState = { watermark: at, nextAt: at, failures: 0 };
  const lease = createSweepLease(store, await store.settings.getOrCreate(SETTING_NAME, () => JSON.stringify(first)));
  const { nextAt, until = '' } = lease.sweep();
  if (nextAt > at || until > at || breaker.allows(now) === 0) return undefined;
  return (await lease.write({ ...lease.sweep(), by: newId(), until: toLaterInstant(now, LEASE_MS) })) ? lease : undefined;
}

const toLaterInstant = (now: Date, ms: number): string => new Date(now.getTime() + ms).toISOString();

async function endSweep(
  { clock, log }: OrderTracker,
  lease: SweepLease,
  { until, swept }: { until: string; swept: SweepResult },
): Promise<SweepResult> {
  const before = lease.sweep();
  const now = clock();
  const failures = swept === 'failed' ? before.failures + 1 : 0;
  const nextAt = failures
    ? nextRetryAt('order-reconciliation', { failures: before.failures }, { now, random: 1 }).toISOString()
    : toLaterInstant(now, SWEEP_INTERVAL_MS);
  const watermark = failures || until < before.watermark ? before.watermark : until;
  await lease.write({ watermark, nextAt, failures });
  if (failures) log({ watermark, failures }, 'the orders at the network could not be looked through');
  return swept;
}

/** One reading of all pages, and how much of it was news. */
async function readWindow(
  tracker: OrderTracker,
  lease: SweepLease,
  until: string,
): Promise<{ read: WindowResult<'failed' | 'lost'>; news: number }> {
  const from = toLaterInstant(new Date(lease.sweep().watermark), -OVERLAP_MS);
  let [news, pages] = [0, 0];
  const read = await readReconciliationWindow<'failed' | 'lost'>(async (page) => {
    if (pages++ > 0 && !(await lease.write({ ...lease.sweep(), until: toLaterInstant(tracker.clock(), LEASE_MS) }))) return 'lost';
    const outcome = await tracker.reads.listUpdatedOrders({ from, until, page }, AbortSignal.timeout(READ_MS));
    tracker.breaker.record(toHealthSignal('order', outcome), tracker.clock(), retryAfterSeconds(outcome));
    if (outcome.kind !== 'accepted') return 'failed';
    news += await applyPage(tracker, outcome.value);
    return outcome.value;
  });
  return { read, news };
}

/** Wakes the orders that have changed since their last poll, and tracks those that are ours and not tracked yet. Returns how many these were. */
async function applyPage(tracker: OrderTracker, { orders }: SnapshotsPage): Promise<number> {
  const { store, clock } = tracker;
  const placed = await store.trackedOrders.find({ orderIds: orders.map(({ id }) => id) });
  const known = new Map(placed.map((one) => [one.orderId, one]));
  const changed = orders.flatMap((order) => {
    const one = known.get(order.id);
    return one && hasChanged(order, one) ? [one] : [];
  });
  await store.trackedOrders.wake(changed, clock().toISOString());
  const adopted = await adoptUntrackedOrders(
    tracker,
    orders.filter(({ id }) => !known.has(id)),
  );
  return changed.length + adopted;
}

/** One that was just accepted says nothing new as long as nothing has happened to it. */
function hasChanged(order: OrderSnapshot, placed: TrackedOrder): boolean {
  if (placed.eventId === 0 && isJustOrdered(findLastEvent(order)?.status)) return false;
  const { updatedAt, transaction } = parseTrackedState(placed);
  return (findLastEvent(order)?.id ?? 0) > placed.eventId || updatedAt !== order.updatedAt || transaction !== order.transaction?.status;
}

/** Most orders that are not tracked belong to others: only those with a known key or transaction are correlated one by one. */
async function adoptUntrackedOrders(tracker: OrderTracker, orders: OrderSnapshot[]): Promise<number> {
  const { store } = tracker;
  const keys = new Set((await store.outbox.findByKeys(orders.flatMap(({ passthrough }) => passthrough ?? []))).map(({ key }) => key));
  const transactionIds = orders.flatMap(({ transaction }) => transaction?.id ?? []);
  const transactions = new Set(
    (transactionIds.length ? await store.trackedOrders.find({ transactionIds }) : []).map(({ transactionId }) => transactionId),
  );
  const ours = orders.filter(({ passthrough, transaction }) => keys.has(passthrough ?? '') || transactions.has(transaction?.id ?? ''));
  let adopted = 0;
  for (const order of ours) if ((await correlate(tracker, order)) === 'adopted') adopted++;
  return adopted;
}
