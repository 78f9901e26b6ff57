// Looks through all orders that changed at the network since the last complete sweep, so that a webhook that was never heard costs minutes, not a result.
// One process sweeps at a time, under a lease in the settings; the watermark moves only when every page of a closed window was read.
// https://docs.junction.com/api-reference/lab-testing/get-orders

import { findLastEvent, type OrderSnapshot } from '../../junction/order-snapshot.ts';
import type { SnapshotsPage } from '../../junction/reader.ts';
import { retryAfterSeconds, toHealthSignal } from '../../messaging/outcome.ts';
import { nextRetryAt } from '../../messaging/retry-policy.ts';
import type { TrackedOrder } from '../../store/queues/tracked-orders.ts';
import type { Store } from '../../store/store.ts';
import { isJustOrdered } from '../deliver/follow.ts';
import { correlate } from './correlate.ts';
import { heardOf, type OrderTracker, READ_MS } from './order-tracker.ts';
import { readReconciliationWindow, type WindowRead } from './reconciliation-window.ts';

/** The name of the setting, and what it holds as JSON. Times are ISO 8601. */
const SETTING = 'order-sweep';

interface Sweep {
  /** Everything that changed before this was seen. */
  watermark: string;
  nextAt: string;
  /** Sweeps in a row that were not completed. */
  failures: number;
  by?: string;
  until?: string;
}

const MINUTE = 60_000;
const EVERY_MS = 15 * MINUTE;
/** The network's clock may differ from ours by this much, and what changes at the edge of a window is seen twice. */
const OVERLAP_MS = 60 * MINUTE;
/** Taken again with every page. */
const LEASE_MS = 2 * MINUTE;
/** How often a window is read in which orders changed while it was read. */
const ATTEMPTS = 3;

/** How many orders were seen, of those how many were news; `nothing`: it is not time, or somebody else sweeps. */
type Swept = { seen: number; news: number } | 'nothing' | 'failed';

export async function sweep(following: OrderTracker): Promise<Swept> {
  const lease = await begun(following);
  if (!lease) return 'nothing';
  let until = following.clock().toISOString();
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const { read, news } = await windowRead(following, lease, until);
    if (read === 'lost') return 'nothing';
    if (read === 'failed') break;
    if ('seen' in read) return ended(following, lease, { until, swept: { seen: read.seen, news } });
    // a network whose clock is behind ours: by its own one, the window is over at the newest change that it tells of
    until = read.unsettled ?? until;
  }
  return ended(following, lease, { until, swept: 'failed' });
}

/** The setting as this process last wrote it: whoever writes it next must know that. */
interface Lease {
  sweep(): Sweep;
  /** False: somebody else has it by now. */
  write(next: Sweep): Promise<boolean>;
}

function leaseOf(store: Store, found: string): Lease {
  let text = found;
  return {
    sweep: () => JSON.parse(text) as Sweep,
    async write(next) {
      const wanted = JSON.stringify(next);
      if (!(await store.settings.compareAndSet(SETTING, text, wanted))) return false;
      text = wanted;
      return true;
    },
  };
}

async function begun({ store, clock, newId, pace }: OrderTracker): Promise<Lease | undefined> {
  const now = clock();
  const at = now.toISOString();
  const first: Sweep = { watermark: at, nextAt: at, failures: 0 };
  const lease = leaseOf(store, await store.settings.getOrCreate(SETTING, () => JSON.stringify(first)));
  const { nextAt, until = '' } = lease.sweep();
  if (nextAt > at || until > at || pace.allows(now) === 0) return undefined;
  return (await lease.write({ ...lease.sweep(), by: newId(), until: later(now, LEASE_MS) })) ? lease : undefined;
}

const later = (now: Date, ms: number): string => new Date(now.getTime() + ms).toISOString();

async function ended({ clock, log }: OrderTracker, lease: Lease, { until, swept }: { until: string; swept: Swept }): Promise<Swept> {
  const before = lease.sweep();
  const now = clock();
  const failures = swept === 'failed' ? before.failures + 1 : 0;
  const nextAt = failures
    ? nextRetryAt('order-reconciliation', { failures: before.failures }, { now, random: 1 }).toISOString()
    : later(now, EVERY_MS);
  const watermark = failures || until < before.watermark ? before.watermark : until;
  await lease.write({ watermark, nextAt, failures });
  if (failures) log({ watermark, failures }, 'the orders at the network could not be looked through');
  return swept;
}

/** One reading of all pages, and how much of it was news. */
async function windowRead(
  following: OrderTracker,
  lease: Lease,
  until: string,
): Promise<{ read: WindowRead<'failed' | 'lost'>; news: number }> {
  const from = later(new Date(lease.sweep().watermark), -OVERLAP_MS);
  let [news, pages] = [0, 0];
  const read = await readReconciliationWindow<'failed' | 'lost'>(async (page) => {
    if (pages++ > 0 && !(await lease.write({ ...lease.sweep(), until: later(following.clock(), LEASE_MS) }))) return 'lost';
    const outcome = await following.reads.listUpdatedOrders({ from, until, page }, AbortSignal.timeout(READ_MS));
    following.pace.record(toHealthSignal('order', outcome), following.clock(), retryAfterSeconds(outcome));
    if (outcome.kind !== 'accepted') return 'failed';
    news += await take(following, outcome.value);
    return outcome.value;
  });
  return { read, news };
}

/** Wakes what has changed since it was last looked at, and recognises what is ours and not followed; answers how much that was. */
async function take(following: OrderTracker, { orders }: SnapshotsPage): Promise<number> {
  const { store, clock } = following;
  const placed = await store.trackedOrders.find({ orderIds: orders.map(({ id }) => id) });
  const known = new Map(placed.map((one) => [one.orderId, one]));
  const changed = orders.flatMap((order) => {
    const one = known.get(order.id);
    return one && isNews(order, one) ? [one] : [];
  });
  await store.trackedOrders.wake(changed, clock().toISOString());
  const adopted = await adopt(
    following,
    orders.filter(({ id }) => !known.has(id)),
  );
  return changed.length + adopted;
}

/** One that was just accepted says nothing new as long as nothing has happened to it. */
function isNews(order: OrderSnapshot, placed: TrackedOrder): boolean {
  if (placed.eventId === 0 && isJustOrdered(findLastEvent(order)?.status)) return false;
  const { updatedAt, transaction } = heardOf(placed);
  return (findLastEvent(order)?.id ?? 0) > placed.eventId || updatedAt !== order.updatedAt || transaction !== order.transaction?.status;
}

/** Of the orders that nobody follows most are none of ours: only those that carry a name we know are looked at one by one. */
async function adopt(following: OrderTracker, orders: OrderSnapshot[]): Promise<number> {
  const { store } = following;
  const keys = new Set((await store.outbox.findByKeys(orders.flatMap(({ passthrough }) => passthrough ?? []))).map(({ key }) => key));
  const transactionIds = orders.flatMap(({ transaction }) => transaction?.id ?? []);
  const journeys = new Set(
    (transactionIds.length ? await store.trackedOrders.find({ transactionIds }) : []).map(({ transactionId }) => transactionId),
  );
  const ours = orders.filter(({ passthrough, transaction }) => keys.has(passthrough ?? '') || journeys.has(transaction?.id ?? ''));
  let adopted = 0;
  for (const order of ours) if ((await correlate(following, order)) === 'adopted') adopted++;
  return adopted;
}
