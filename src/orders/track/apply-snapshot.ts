// Applies the snapshot of an order to its Task, to the request if this order is authoritative, and to the redraws of its order transaction. It runs in one database
// transaction under the order's lease, and ignores an outdated snapshot.
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

/** Returns the updated order; undefined: the lease was lost. `old`: the snapshot is older than the one that was applied last. */
export async function applySnapshot(
  tracker: OrderTracker,
  leased: LeasedOrder,
  order: OrderSnapshot,
): Promise<{ lease: LeasedOrder; old: boolean } | undefined> {
  const { placed } = leased;
  if (isOutdated(placed, order)) return { lease: leased, old: true };
  const last = findLastEvent(order);
  if (last && !isKnownPhase(last.status))
    tracker.log({ tenant: placed.tenant, order: order.id, status: last.status }, 'an order has an unknown status');
  return tracker.store.transaction(async (store) => {
    const context = systemContext(tracker, placed.tenant, store);
    const telling = await buildRequestReport(context, placed, order);
    const renewed = await recordSnapshot(context, leased, { order, telling });
    if (!renewed) return undefined;
    await trackSiblings(tracker, context, { placed, order, orders: telling.orders });
    await writeStatus(tracker, context, { placed, order, telling });
    // a new status of the transaction may change which transaction is authoritative
    if (parseTrackedState(placed).transaction !== order.transaction?.status)
      await store.trackedOrders.wake(listOrdersOfOtherTransactions(order, telling.orders), telling.now.toISOString());
    return { lease: renewed, old: false };
  });
}

/** The input for the update of the request by this order. */
interface RequestReport extends StatusReport {
  /** All tracked orders of the request. */
  orders: TrackedOrder[];
  /** The current request, if this order is authoritative. The request is locked before the order, so that no revocation runs at the same time. */
  request: { is: Resource; version: number } | undefined;
  /** A user has withdrawn the order: the lab network's status does not make the request active again. */
  calledOff: boolean;
}

async function buildRequestReport(context: Context, placed: TrackedOrder, order: OrderSnapshot): Promise<RequestReport> {
  const { store, clock } = context;
  const [row] = await store.readForUpdate(placed.tenant, [{ type: 'ServiceRequest', id: placed.request }]);
  const orders = await store.trackedOrders.listOfRequest(placed);
  const isSpeaker = row?.body && isAuthoritative(order, orders) && (await isRequestPresent(context, placed));
  const request = isSpeaker ? { is: toTyped('ServiceRequest', JSON.parse(row.body!)), version: row.version } : undefined;
  const calledOff = await isCancellationRequested(store, placed);
  return { order, networkStatus: calledOff ? undefined : findLastNetworkStatus(orders), now: clock(), orders, request, calledOff };
}

/** The status that the lab network last gave the request, by any of its orders. */
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

/** Stores the tracked state before all other writes: this locks the row, and a process that has lost the lease writes nothing. */
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
  const editRequest = telling.request && buildRequestEdit(systems, telling);
  const request =
    editRequest && ((stands: Resource) => withSampleIdentifier(editRequest(stands), systems.sample, toReportedText(order.sampleId)));
  await readModifyWriteMany(context, [
    { type: 'Task', id: placed.task, edit: (stands) => stands && task(stands) },
    ...(request ? [{ type: 'ServiceRequest' as const, id: placed.request, edit: (stands?: Resource) => stands && request(stands) }] : []),
  ]);
}

/** Whether the ordered request still exists: a request that was deleted and created again under its id is a different one. */
export const isRequestPresent = async ({ store }: Context, { tenant, request, version }: TrackedOrder): Promise<boolean> =>
  version === null || !(await store.wasDeletedSince(tenant, 'ServiceRequest', request, version));

/** Whether the snapshot is older than the applied one: by its newest event, then by its update time, then by an order transaction that had already ended. */
function isOutdated(placed: TrackedOrder, order: OrderSnapshot): boolean {
  const { updatedAt, transaction } = parseTrackedState(placed);
  const event = findLastEvent(order)?.id ?? 0;
  if (event !== placed.eventId) return event < placed.eventId;
  const [before, now] = [updatedAt, order.updatedAt].map((text) => Date.parse(text ?? ''));
  if (before !== now && before! > now!) return true;
  return transaction !== undefined && transaction !== 'active' && order.transaction?.status === 'active';
}

interface Applied {
  /** As stored before. */
  placed: TrackedOrder;
  order: OrderSnapshot;
  orders: TrackedOrder[];
}

/** Tracks the redraws of the order transaction that are not tracked yet. */
async function trackSiblings({ systems }: OrderTracker, context: Context, { placed, order, orders }: Applied): Promise<void> {
  for (const sibling of order.transaction?.orders ?? []) {
    if (orders.some(({ orderId }) => orderId === sibling.id)) continue;
    const before = orders.find(({ orderId }) => orderId === sibling.parentId) ?? orders[0] ?? placed;
    const origin = { request: placed.request, version: placed.version, before: before.task };
    await trackFurtherOrder(context, { ...sibling, transactionId: order.transaction?.id }, { origin, systems });
  }
}
