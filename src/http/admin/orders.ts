// /admin/orders: what waits, what happened to one order, and what an operator does with it. No names and no values of patients.
import { checkLine } from '../../administration/line.ts';
import { listOrders } from '../../administration/orders/list-orders.ts';
import { actOnOrder, type OrderActionName } from '../../administration/orders/order-actions.ts';
import { findOrder, readOrderDetails } from '../../administration/orders/order-details.ts';
import { readOrderTimeline } from '../../administration/orders/order-timeline.ts';
import { toMessageView, toOrderView } from '../../administration/orders/order-view.ts';
import { invalidParameter } from '../../fhir/outcome.ts';
import { type AdminCall, type AdminHandler, findTenantOf, readFields, readParameters } from './admin-call.ts';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 200;

export const handleListOrders: AdminHandler = async (call) => {
  const { limit, ...parameters } = readParameters(call, ['tenant', 'state', 'limit', 'after']);
  const tenant = await findTenantOf(call, { parameters });
  const { state, after } = parameters;
  const page = await listOrders(call.administration, { tenant: tenant.id, state, after, limit: parseLimit(limit) });
  const orders = page.entries.map((entry) => toMessageView(entry, page.accounts.get(entry.account) ?? String(entry.account)));
  return { status: 200, body: { orders, ...(page.next !== undefined && { next: page.next }) } };
};

function parseLimit(text = String(DEFAULT_LIMIT)): number {
  const limit = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > MAX_LIMIT) throw invalidParameter(`limit must be a number from 1 to ${MAX_LIMIT}`, 'limit');
  return limit;
}

export const handleReadOrder: AdminHandler = async (call) => {
  const { entry, context } = await findOrderOf(call);
  const { database } = call.administration;
  const details = await readOrderDetails(database, context, entry);
  return { status: 200, body: { ...toOrderView(details), timeline: await readOrderTimeline(database, context, details) } };
};

/** 200 with a sentence that says what happens next. 409: the state of the order does not allow the action. */
export const buildOrderActionHandler =
  (name: OrderActionName): AdminHandler =>
  async (call) => {
    const { reason } = await readFields(call, ['reason']);
    if (reason !== undefined) checkLine(reason, 'reason');
    const { entry, context } = await findOrderOf(call);
    return { status: 200, body: { message: await actOnOrder(context, name, { entry, reason }) } };
  };

async function findOrderOf(call: AdminCall): ReturnType<typeof findOrder> {
  const tenant = await findTenantOf(call);
  return findOrder(call.administration, tenant, call.path.id ?? '');
}
