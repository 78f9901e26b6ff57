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
import type { TenantStore } from '../../store/store.ts';
import { toOrderFields } from '../log-fields.ts';
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
  const { trackedOrder } = leased;
  if (isOutdated(trackedOrder, order)) return { lease: leased, old: true };
  const last = findLastEvent(order);
  if (last && !isKnownPhase(last.status))
    tracker.log({ ...toOrderFields(trackedOrder), status: last.status }, 'an order has an unknown status');
  return tracker.store.transaction(async (store) => {
    const context = systemContext(tracker, trackedOrder.tenant, store);
    const report = await buildRequestReport(context, trackedOrder, order);
    const renewed = await recordSnapshot(context, leased, { order, report });
    if (!renewed) return undefined;
    await trackSiblings(tracker, context, { trackedOrder, order, orders: report.orders });
    await writeStatus(tracker, context, { trackedOrder, order, report });
    // a new status of the transaction may change which transaction is authoritative
    if (parseTrackedState(trackedOrder).transaction !== order.transaction?.status)
      await store.trackedOrders.wake(listOrdersOfOtherTransactions(order, report.orders), report.now.toISOString());
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

async function buildRequestReport(context: Context, trackedOrder: TrackedOrder, order: OrderSnapshot): Promise<RequestReport> {
  const { store, clock } = context;
  const [row] = await store.readForUpdate(trackedOrder.tenant, [{ type: 'ServiceRequest', id: trackedOrder.request }]);
  const orders = await store.trackedOrders.listOfRequest(trackedOrder);
  const isSpeaker = row?.body && isAuthoritative(order, orders) && (await isRequestPresent(context, trackedOrder));
  const request = isSpeaker ? { is: toTyped('ServiceRequest', JSON.parse(row.body!)), version: row.version } : undefined;
  const calledOff = await isCancellationRequested(store, trackedOrder);
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
  { order, report }: { order: OrderSnapshot; report: RequestReport },
): Promise<LeasedOrder | undefined> {
  const { trackedOrder } = leased;
  const { request, calledOff } = report;
  const moved = request && !calledOff ? findRequestStatusChange(request.is, report) : undefined;
  const heard: TrackedState = {
    ...parseTrackedState(trackedOrder),
    updatedAt: order.updatedAt,
    transaction: order.transaction?.status,
    ...(moved !== undefined && { told: moved, toldAt: request!.version }),
  };
  return recordTrackedState(store, leased, {
    heard,
    eventId: Math.max(findLastEvent(order)?.id ?? 0, trackedOrder.eventId),
    transactionId: order.transaction?.id,
  });
}

/** Stores the tracked state before all other writes: this locks the row, and a process that has lost the lease writes nothing. */
export async function recordTrackedState(
  store: TenantStore,
  { trackedOrder, by }: LeasedOrder,
  { heard, eventId = trackedOrder.eventId, transactionId }: { heard: TrackedState; eventId?: number; transactionId?: string | undefined },
): Promise<LeasedOrder | undefined> {
  const snapshot = JSON.stringify(heard);
  if (!(await store.trackedOrders.saveSnapshot(trackedOrder, by, { eventId, snapshot, transactionId }))) return undefined;
  return { trackedOrder: { ...trackedOrder, eventId, snapshot, transactionId: transactionId ?? trackedOrder.transactionId }, by };
}

async function writeStatus(
  { systems }: OrderTracker,
  context: Context,
  { trackedOrder, order, report }: { trackedOrder: TrackedOrder; order: OrderSnapshot; report: RequestReport },
): Promise<void> {
  const task = buildTaskEdit(systems, order, report.now);
  const editRequest = report.request && buildRequestEdit(systems, report);
  const request =
    editRequest && ((current: Resource) => withSampleIdentifier(editRequest(current), systems.sample, toReportedText(order.sampleId)));
  await readModifyWriteMany(context, [
    { type: 'Task', id: trackedOrder.task, edit: (current) => current && task(current) },
    ...(request
      ? [{ type: 'ServiceRequest' as const, id: trackedOrder.request, edit: (current?: Resource) => current && request(current) }]
      : []),
  ]);
}

/** Whether the ordered request still exists: a request that was deleted and created again under its id is a different one. */
export const isRequestPresent = async ({ store }: Context, { tenant, request, version }: TrackedOrder): Promise<boolean> =>
  version === null || !(await store.wasDeletedSince(tenant, 'ServiceRequest', request, version));

/** Whether the snapshot is older than the applied one: by its newest event, then by its update time, then by an order transaction that had already ended. */
function isOutdated(trackedOrder: TrackedOrder, order: OrderSnapshot): boolean {
  const { updatedAt, transaction } = parseTrackedState(trackedOrder);
  const event = findLastEvent(order)?.id ?? 0;
  if (event !== trackedOrder.eventId) return event < trackedOrder.eventId;
  const [before, now] = [updatedAt, order.updatedAt].map((text) => Date.parse(text ?? ''));
  if (before !== now && before! > now!) return true;
  return transaction !== undefined && transaction !== 'active' && order.transaction?.status === 'active';
}

interface Applied {
  /** As stored before. */
  trackedOrder: TrackedOrder;
  order: OrderSnapshot;
  orders: TrackedOrder[];
}

/** Tracks the redraws of the order transaction that are not tracked yet. */
async function trackSiblings({ systems }: OrderTracker, context: Context, { trackedOrder, order, orders }: Applied): Promise<void> {
  for (const sibling of order.transaction?.orders ?? []) {
    if (orders.some(({ orderId }) => orderId === sibling.id)) continue;
    const before = orders.find(({ orderId }) => orderId === sibling.parentId) ?? orders[0] ?? trackedOrder;
    const origin = { request: trackedOrder.request, version: trackedOrder.version, before: before.task };
    await trackFurtherOrder(
      context,
      { ...sibling, transactionId: order.transaction?.id },
      { origin, account: trackedOrder.account, systems },
    );
  }
}
