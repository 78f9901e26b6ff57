// Applies the snapshot of an order at the network: to its Task, to the request when this order is authoritative, and to the redraws of its transaction.
// One transaction, forward only, and only for who holds the order's lease.
import { toTyped } from '../../fhir/typed-resource.ts';
import type { Resource } from '../../fhir/types.ts';
import type { Context } from '../../interactions/context.ts';
import { readModifyWriteMany } from '../../interactions/read-modify-write-many.ts';
import { toReportedText } from '../../junction/json-fields.ts';
import { findLastEvent, type OrderSnapshot } from '../../junction/order-snapshot.ts';
import { isKnownPhase } from '../../junction/order-status.ts';
import type { TrackedOrder } from '../../store/queues/tracked-orders.ts';
import type { Store } from '../../store/store.ts';
import { isCancellationRequested } from '../place/cancellation.ts';
import { systemContext } from '../system-actor.ts';
import { buildRequestEdit, buildTaskEdit, findRequestStatusChange, type StatusReport, withSampleIdentifier } from './apply-status.ts';
import { isAuthoritative, listOrdersOfOtherTransactions } from './authoritative-order.ts';
import { trackFurtherOrder } from './further-order.ts';
import { type LeasedOrder, type OrderTracker, parseTrackedState, type TrackedState } from './order-tracker.ts';

/** The order as it is followed from here on; undefined: somebody else has it by now. `old`: what was read is older than what was applied. */
export async function applySnapshot(
  tracker: OrderTracker,
  leased: LeasedOrder,
  order: OrderSnapshot,
): Promise<{ look: LeasedOrder; old: boolean } | undefined> {
  const { placed } = leased;
  if (isOutdated(placed, order)) return { look: leased, old: true };
  const last = findLastEvent(order);
  if (last && !isKnownPhase(last.status))
    tracker.log({ tenant: placed.tenant, order: order.id, status: last.status }, 'an order has a status that is new here');
  return tracker.store.transaction(async (store) => {
    const context = systemContext(tracker, placed.tenant, store);
    const telling = await buildRequestReport(context, placed, order);
    const look = await recordSnapshot(context, leased, { order, telling });
    if (!look) return undefined;
    await trackSiblings(tracker, context, { placed, order, orders: telling.orders });
    await writeStatus(tracker, context, { placed, order, telling });
    // this may change which transaction is authoritative
    if (parseTrackedState(placed).transaction !== order.transaction?.status)
      await store.trackedOrders.wake(listOrdersOfOtherTransactions(order, telling.orders), telling.now.toISOString());
    return { look, old: false };
  });
}

/** What this order has to say of its request. */
interface RequestReport extends StatusReport {
  /** All orders of the request that are followed. */
  orders: TrackedOrder[];
  /** The current request, when this order is authoritative. It is locked before the order is: a revocation comes before this, or after. */
  request: { is: Resource; version: number } | undefined;
  /** People have taken it back: its end is theirs, whoever comes to write it down, and the network does not begin it again. */
  calledOff: boolean;
}

async function buildRequestReport(context: Context, placed: TrackedOrder, order: OrderSnapshot): Promise<RequestReport> {
  const { store, clock } = context;
  const [row] = await store.readForUpdate(placed.tenant, [{ type: 'ServiceRequest', id: placed.request }]);
  const orders = await store.trackedOrders.listOfRequest(placed);
  const isSpeaker = row?.body && isAuthoritative(order, orders) && (await isRequestPresent(context, placed));
  const request = isSpeaker ? { is: toTyped('ServiceRequest', JSON.parse(row.body!)), version: row.version } : undefined;
  const calledOff = await isCancellationRequested(store, placed);
  return { order, told: calledOff ? undefined : findLastNetworkStatus(orders), now: clock(), orders, request, calledOff };
}

/** By the latest of the orders that the network made something of the request by. */
const findLastNetworkStatus = (orders: TrackedOrder[]): string | undefined =>
  orders
    .map(parseTrackedState)
    .filter(({ told }) => told !== undefined)
    .sort((a, b) => (a.toldAt ?? 0) - (b.toldAt ?? 0))
    .at(-1)?.told;

function recordSnapshot(
  { store }: Context,
  leased: LeasedOrder,
  { order, telling }: { order: OrderSnapshot; telling: RequestReport },
): Promise<LeasedOrder | undefined> {
  const { placed } = leased;
  const { request, calledOff } = telling;
  const moved = request && !calledOff ? findRequestStatusChange(request.is, telling) : undefined;
  const heard: TrackedState = {
    ...parseTrackedState(placed),
    updatedAt: order.updatedAt,
    transaction: order.transaction?.status,
    ...(moved !== undefined && { told: moved, toldAt: request!.version }),
  };
  return recordTrackedState(store, leased, {
    heard,
    eventId: Math.max(findLastEvent(order)?.id ?? 0, placed.eventId),
    transactionId: order.transaction?.id,
  });
}

/** Records the tracked state before anything else is written: the row is locked, and a process that has lost the lease writes nothing. */
export async function recordTrackedState(
  store: Store,
  { placed, by }: LeasedOrder,
  { heard, eventId = placed.eventId, transactionId }: { heard: TrackedState; eventId?: number; transactionId?: string | undefined },
): Promise<LeasedOrder | undefined> {
  const snapshot = JSON.stringify(heard);
  if (!(await store.trackedOrders.saveSnapshot(placed, by, { eventId, snapshot, transactionId }))) return undefined;
  return { placed: { ...placed, eventId, snapshot, transactionId: transactionId ?? placed.transactionId }, by };
}

async function writeStatus(
  { systems }: OrderTracker,
  context: Context,
  { placed, order, telling }: { placed: TrackedOrder; order: OrderSnapshot; telling: RequestReport },
): Promise<void> {
  const task = buildTaskEdit(systems, order, telling.now);
  const told = telling.request && buildRequestEdit(systems, telling);
  const request = told && ((stands: Resource) => withSampleIdentifier(told(stands), systems.sample, toReportedText(order.sampleId)));
  await readModifyWriteMany(context, [
    { type: 'Task', id: placed.task, edit: (stands) => stands && task(stands) },
    ...(request ? [{ type: 'ServiceRequest' as const, id: placed.request, edit: (stands?: Resource) => stands && request(stands) }] : []),
  ]);
}

/** Whether what was ordered still stands: a request that was deleted and made again under its id is another one. */
export const isRequestPresent = async ({ store }: Context, { tenant, request, version }: TrackedOrder): Promise<boolean> =>
  version === null || !(await store.wasDeletedSince(tenant, 'ServiceRequest', request, version));

/** An older picture than the one that was applied: by its newest event, then by the time of the last change, then by a journey that was over already. */
function isOutdated(placed: TrackedOrder, order: OrderSnapshot): boolean {
  const { updatedAt, transaction } = parseTrackedState(placed);
  const event = findLastEvent(order)?.id ?? 0;
  if (event !== placed.eventId) return event < placed.eventId;
  const [before, now] = [updatedAt, order.updatedAt].map((text) => Date.parse(text ?? ''));
  if (before !== now && before! > now!) return true;
  return transaction !== undefined && transaction !== 'active' && order.transaction?.status === 'active';
}

interface Applied {
  /** As it stood before. */
  placed: TrackedOrder;
  order: OrderSnapshot;
  orders: TrackedOrder[];
}

/** Redraws that this order's journey tells of, and nobody has told us of. */
async function trackSiblings({ systems }: OrderTracker, context: Context, { placed, order, orders }: Applied): Promise<void> {
  for (const sibling of order.transaction?.orders ?? []) {
    if (orders.some(({ orderId }) => orderId === sibling.id)) continue;
    const before = orders.find(({ orderId }) => orderId === sibling.parentId) ?? orders[0] ?? placed;
    const origin = { request: placed.request, version: placed.version, before: before.task };
    await trackFurtherOrder(context, { ...sibling, transactionId: order.transaction?.id }, { origin, systems });
  }
}
