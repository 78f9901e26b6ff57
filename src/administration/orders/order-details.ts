// One order as an operator sees it: its message, its cancellation, their events, and the orders at the laboratory network. Nothing about a patient.
import type { Context } from '../../interactions/context.ts';
import { ENVIRONMENT_ACCOUNT } from '../../orders/accounts/account-identity.ts';
import { CANCELLATION_TOPIC } from '../../orders/place/cancellation.ts';
import { findOrderEntry, type OrderPayload, parseOrderPayload, readRequestId } from '../../orders/place/order-entry.ts';
import type { Database } from '../../store/database/database.ts';
import { listLabAccounts } from '../../store/lab-accounts.ts';
import type { OutboxEntry } from '../../store/queues/outbox-entry.ts';
import type { OutboxEvent } from '../../store/queues/outbox-events.ts';
import type { TrackedOrder } from '../../store/queues/tracked-orders.ts';
import type { Tenant } from '../../store/tenants.ts';
import type { Administration } from '../administration.ts';
import { AdministrationError } from '../administration-error.ts';

/** `of`: the message that the event is about. */
export type OrderEvent = OutboxEvent & { of: 'order' | 'cancellation' };

export interface OrderDetails {
  entry: OutboxEntry;
  payload: OrderPayload;
  /** The name of the account at the laboratory network. */
  account: string;
  /** The message that cancels the order at the laboratory network; undefined: there is none. */
  cancellation: OutboxEntry | undefined;
  /** The stored events of both messages, each oldest first. */
  events: OrderEvent[];
  trackedOrders: TrackedOrder[];
}

interface FoundOrder {
  entry: OutboxEntry;
  /** For writes to its tenant by the administrator. */
  context: Context;
}

/** The newest order of a tenant with this id of a ServiceRequest. An order of another tenant does not exist. */
export async function findOrder({ contextOf, by }: Administration, tenant: Tenant, id: string): Promise<FoundOrder> {
  const context = contextOf({ tenant: tenant.id, actor: by.actor, surface: 'fhir', scopes: [] });
  const entry = await findOrderEntry(context.store, tenant.id, id);
  if (!entry) throw new AdministrationError('not-found', 'there is no order with this id: the list of orders with state=all shows the ids');
  return { entry, context };
}

export async function readOrderDetails(database: Database, { store }: Context, entry: OutboxEntry): Promise<OrderDetails> {
  const { outbox, trackedOrders } = store;
  const payload = parseOrderPayload(entry);
  const { task, version } = payload;
  const newest = await outbox.findNewest(entry.tenant, CANCELLATION_TOPIC, entry.subject);
  const cancellation = newest && parseOrderPayload(newest).task === task ? newest : undefined;
  const events: OrderEvent[] = [
    ...(await outbox.listEvents(entry)).map((event) => ({ ...event, of: 'order' as const })),
    ...(cancellation ? (await outbox.listEvents(cancellation)).map((event) => ({ ...event, of: 'cancellation' as const })) : []),
  ];
  return {
    entry,
    payload,
    account: (await readAccountNames(database, [entry.account])).get(entry.account) ?? String(entry.account),
    cancellation,
    events,
    trackedOrders: await trackedOrders.listOfRequest({ tenant: entry.tenant, request: readRequestId(entry), version }),
  };
}

/** Id → name. */
export async function readAccountNames(database: Database, ids: number[]): Promise<Map<number, string>> {
  const stored = [...new Set(ids)].filter((id) => id !== ENVIRONMENT_ACCOUNT.id);
  const accounts = [ENVIRONMENT_ACCOUNT, ...(stored.length ? await listLabAccounts(database, stored) : [])];
  return new Map(accounts.map(({ id, name }) => [id, name]));
}

export const isParkedByOperator = (entry: OutboxEntry): boolean => entry.state === 'parked' && parseOrderPayload(entry).isParkedByOperator;
