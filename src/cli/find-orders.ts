// Finds the orders that a command is about: one by its id, or all that match filters.
import { ORDER_TOPIC, toSubject } from '../orders/place/order-entry.ts';
import type { Database } from '../store/database/database.ts';
import { listOutbox } from '../store/queues/backlogs.ts';
import type { OutboxEntry, OutboxState } from '../store/queues/outbox-entry.ts';
import { type AdminContext, AdminError, type Options } from './admin-command.ts';
import { findAccountId } from './order-status.ts';
import { type FoundEntry, findEntry, parseDuration, tenantNames } from './outbox-output.ts';

/** Finds the newest order with this id. */
export async function findOrder(
  database: Database,
  { order = '', tenant }: Options,
  contextOf: AdminContext['contextOf'],
): Promise<FoundEntry> {
  const subject = toSubject(order.replace(/^ServiceRequest\//, ''));
  const found = await findEntry(database, { topic: ORDER_TOPIC, subject, tenant, what: 'an order' }, contextOf);
  if (!found) throw new AdminError('there is no order with this id: facet orders list --state all shows the ids');
  return found;
}

/** The most orders that one command changes. */
export const MAX_SELECTED = 10_000;

interface SelectedOrders {
  entries: OutboxEntry[];
  /** Id → name. */
  tenants: Map<number, string>;
  /** Others match too. */
  more: boolean;
}

/** The orders in these states, oldest first. `state`: narrows them; `tenant`, `account`, `older`: filters as of the list. */
export async function selectOrders(
  database: Database,
  { tenant, account, state, older }: Options,
  { states, now }: { states: OutboxState[]; now: Date },
): Promise<SelectedOrders> {
  const chosen = states.filter((one) => state === undefined || one === state);
  if (chosen.length === 0) throw new AdminError(`--state must be one of ${states.join(', ')}`);
  const tenants = await tenantNames(database, tenant);
  const entries = await listOutbox(database, {
    topic: ORDER_TOPIC,
    states: chosen,
    limit: MAX_SELECTED + 1,
    ...(tenant !== undefined && { tenant: [...tenants.keys()][0]! }),
    ...(account !== undefined && { account: await findAccountId(database, account) }),
    ...(older !== undefined && { before: new Date(now.getTime() - parseDuration(older)).toISOString() }),
  });
  return { entries: entries.slice(0, MAX_SELECTED), tenants, more: entries.length > MAX_SELECTED };
}
