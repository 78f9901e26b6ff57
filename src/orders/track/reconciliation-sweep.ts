// Lists all orders that changed at the lab network since the last complete sweep, so that a lost webhook delays a result by minutes only. One process at a time
// sweeps, under a lease in the settings. The watermark moves only after every page of a closed window was read.
// https://docs.junction.com/api-reference/lab-testing/get-orders

import { findLastEvent, type OrderSnapshot } from '../../junction/order-snapshot.ts';
import type { SnapshotsPage } from '../../junction/reader.ts';
import { retryAfterSeconds, toHealthSignal } from '../../messaging/outcome.ts';
import { nextRetryAt } from '../../messaging/retry-policy.ts';
import type { TrackedOrder } from '../../store/queues/tracked-orders.ts';
import type { Store } from '../../store/store.ts';
import { type AccountIdentity, ENVIRONMENT_ACCOUNT } from '../accounts/account-identity.ts';
import { isJustOrdered } from '../deliver/start-tracking.ts';
import { correlate } from './correlate.ts';
import { type OrderTracker, parseTrackedState, READ_MS } from './order-tracker.ts';
import { readReconciliationWindow, type WindowResult } from './reconciliation-window.ts';

/** The name of the account's setting, whose value is a SweepState as JSON. Times are ISO 8601. */
const toSettingName = ({ id }: AccountIdentity): string => (id === ENVIRONMENT_ACCOUNT.id ? 'order-sweep' : `order-sweep/${id}`);

interface SweepState {
  /** All changes before this time were read. */
  watermark: string;
  nextAt: string;
  /** The number of consecutive sweeps that failed. */
  failures: number;
  by?: string;
  until?: string;
}

const MINUTE = 60_000;
const SWEEP_INTERVAL_MS = 15 * MINUTE;
/** The tolerated difference between the lab network's clock and this server's. Changes in the overlap of two windows are read twice. */
const OVERLAP_MS = 60 * MINUTE;
/** The lease is renewed with every page. */
const LEASE_MS = 2 * MINUTE;
/** The maximum number of readings of a window in which orders change during the reading. */
const MAX_READS = 3;

/** The numbers of orders that were read and that had changed. `nothing`: no sweep is due, or another process sweeps. */
type SweepResult = { seen: number; changed: number } | 'nothing' | 'failed';

/** The accounts whose sweep is due. One statement reads the states of all accounts. */
export async function listDueSweeps<T extends Pick<OrderTracker, 'account' | 'store' | 'clock'>>(trackers: T[]): Promise<T[]> {
  const [first] = trackers;
  if (!first) return [];
  const states = await first.store.settings.list(trackers.map(({ account }) => toSettingName(account)));
  const at = first.clock().toISOString();
  // type assertion: only this file writes the settings
  return trackers.filter(({ account }) => isDue(JSON.parse(states.get(toSettingName(account)) ?? '{}') as Partial<SweepState>, at));
}

/** No sweep is in progress, and the time of the next one has come. Without a state there was no sweep yet. */
const isDue = ({ nextAt = '', until = '' }: Partial<SweepState>, at: string): boolean => nextAt <= at && until <= at;

export async function runSweep(tracker: OrderTracker): Promise<SweepResult> {
  const lease = await beginSweep(tracker);
  if (!lease) return 'nothing';
  let until = tracker.clock().toISOString();
  for (let attempt = 0; attempt < MAX_READS; attempt++) {
    const { read, changed } = await readWindow(tracker, lease, until);
    if (read === 'lost') return 'nothing';
    if (read === 'failed') break;
    if ('seen' in read) return endSweep(tracker, lease, { until, swept: { seen: read.seen, changed } });
    // the lab network's clock may be behind: the newest change that it lists ends the next window
    until = read.unsettled ?? until;
  }
  return endSweep(tracker, lease, { until, swept: 'failed' });
}

/** The lease in the setting. A write compares with the value that this process wrote last. */
interface SweepLease {
  sweep(): SweepState;
  /** False: another process has the lease now. */
  write(next: SweepState): Promise<boolean>;
}

function createSweepLease({ settings }: Store, name: string, found: string): SweepLease {
  let text = found;
  return {
    // type assertion: only this file writes the setting
    sweep: () => JSON.parse(text) as SweepState,
    async write(next) {
      const newState = JSON.stringify(next);
      if (!(await settings.compareAndSet(name, text, newState))) return false;
      text = newState;
      return true;
    },
  };
}

async function beginSweep({ account, store, clock, newId, breaker }: OrderTracker): Promise<SweepLease | undefined> {
  const now = clock();
  const at = now.toISOString();
  const first: SweepState = { watermark: at, nextAt: at, failures: 0 };
  const name = toSettingName(account);
  const lease = createSweepLease(store, name, await store.settings.getOrCreate(name, () => JSON.stringify(first)));
  if (!isDue(lease.sweep(), at) || breaker.allows(now) === 0) return undefined;
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
  if (failures) log({ watermark, failures }, 'the changed orders at the lab network could not be listed');
  return swept;
}

/** One reading of all pages, and the number of changed orders in them. */
async function readWindow(
  tracker: OrderTracker,
  lease: SweepLease,
  until: string,
): Promise<{ read: WindowResult<'failed' | 'lost'>; changed: number }> {
  const from = toLaterInstant(new Date(lease.sweep().watermark), -OVERLAP_MS);
  let [changed, pages] = [0, 0];
  const read = await readReconciliationWindow<'failed' | 'lost'>(async (page) => {
    if (pages++ > 0 && !(await lease.write({ ...lease.sweep(), until: toLaterInstant(tracker.clock(), LEASE_MS) }))) return 'lost';
    const outcome = await tracker.reads.listUpdatedOrders({ from, until, page }, AbortSignal.timeout(READ_MS));
    tracker.breaker.record(toHealthSignal('order', outcome), tracker.clock(), retryAfterSeconds(outcome));
    if (outcome.kind !== 'accepted') return 'failed';
    changed += await applyPage(tracker, outcome.value);
    return outcome.value;
  });
  return { read, changed };
}

/** Makes the polls of changed orders due, and tracks this server's orders that are not tracked yet. Returns the number of both. */
async function applyPage(tracker: OrderTracker, { orders }: SnapshotsPage): Promise<number> {
  const { account, store, clock } = tracker;
  const trackedOrders = await store.trackedOrders.find({ account: account.id, orderIds: orders.map(({ id }) => id) });
  const known = new Map(trackedOrders.map((order) => [order.orderId, order]));
  const changed = orders.flatMap((order) => {
    const trackedOrder = known.get(order.id);
    return trackedOrder && hasChanged(order, trackedOrder) ? [trackedOrder] : [];
  });
  await store.trackedOrders.wake(changed, clock().toISOString());
  const adopted = await adoptUntrackedOrders(
    tracker,
    orders.filter(({ id }) => !known.has(id)),
  );
  return changed.length + adopted;
}

/** An order that was just accepted has not changed before its first event. */
function hasChanged(order: OrderSnapshot, trackedOrder: TrackedOrder): boolean {
  if (trackedOrder.eventId === 0 && isJustOrdered(findLastEvent(order)?.status)) return false;
  const { updatedAt, transaction } = parseTrackedState(trackedOrder);
  return (
    (findLastEvent(order)?.id ?? 0) > trackedOrder.eventId || updatedAt !== order.updatedAt || transaction !== order.transaction?.status
  );
}

/** Most untracked orders belong to other systems: only orders with a known key or transaction are correlated one by one. */
async function adoptUntrackedOrders(tracker: OrderTracker, orders: OrderSnapshot[]): Promise<number> {
  const { store } = tracker;
  const account = tracker.account.id;
  const sentKeys = orders.flatMap(({ passthrough }) => passthrough ?? []);
  const keys = new Set((await store.outbox.findByKeys(account, sentKeys)).map(({ key }) => key));
  const transactionIds = orders.flatMap(({ transaction }) => transaction?.id ?? []);
  const transactions = new Set(
    (transactionIds.length ? await store.trackedOrders.find({ account, transactionIds }) : []).map(({ transactionId }) => transactionId),
  );
  const candidates = orders.filter(
    ({ passthrough, transaction }) => keys.has(passthrough ?? '') || transactions.has(transaction?.id ?? ''),
  );
  let adopted = 0;
  for (const order of candidates) if ((await correlate(tracker, order)) === 'adopted') adopted++;
  return adopted;
}
