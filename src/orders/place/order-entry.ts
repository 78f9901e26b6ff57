// The outbox entry of an order: its topic, its subject, and the request it belongs to.
import { parseStored } from '../../fhir/typed-resource.ts';
import type { Resource } from '../../fhir/types.ts';
import type { OutboxEntry, OutboxState } from '../../store/queues/outbox-entry.ts';
import type { ResourceRow } from '../../store/resources/resource-row.ts';
import type { Store } from '../../store/store.ts';
import { parseOrderPayload } from './order-payload.ts';

/** The topic of orders. One entry per ServiceRequest, for good: that is what makes an order happen once. */
export const ORDER_TOPIC = 'order';

export const toSubject = (serviceRequestId: string): string => `ServiceRequest/${serviceRequestId}`;

/** The id of the ServiceRequest that an entry is about. */
export const readRequestId = ({ subject }: OutboxEntry): string => subject.slice(subject.indexOf('/') + 1);

/** States of an order that the network does not have. */
export const NEVER_SENT: ReadonlySet<OutboxState> = new Set(['refused', 'cancelled']);

/** The newest entry under this id, if there was ever one to send. */
export const findOrderEntry = (store: Store, tenant: number, serviceRequestId: string): Promise<OutboxEntry | undefined> =>
  store.outbox.findNewest(tenant, ORDER_TOPIC, toSubject(serviceRequestId));

/** The entry of the current request with this id, if it was ever ordered. An order from before a deletion belongs to an earlier request. */
export async function findPresentEntry(store: Store, tenant: number, serviceRequestId: string): Promise<OutboxEntry | undefined> {
  const entry = await findOrderEntry(store, tenant, serviceRequestId);
  return entry && (await isRequestPresent(store, entry)) ? entry : undefined;
}

/** The current version of the request that was ordered; undefined when it was deleted, even if another one has its id now. */
export const readOrderedRequest = async (store: Store, entry: OutboxEntry): Promise<Resource | undefined> =>
  parseOrderedRequest(store, entry, await store.read(entry.tenant, 'ServiceRequest', readRequestId(entry)));

/** The same, from the row with its id. */
export async function parseOrderedRequest(store: Store, entry: OutboxEntry, row: ResourceRow | undefined): Promise<Resource | undefined> {
  if (!row?.body || (row.version !== parseOrderPayload(entry).version && !(await isRequestPresent(store, entry)))) return undefined;
  return parseStored('ServiceRequest', row);
}

async function isRequestPresent(store: Store, entry: OutboxEntry): Promise<boolean> {
  const { version } = parseOrderPayload(entry);
  return version === null || !(await store.wasDeletedSince(entry.tenant, 'ServiceRequest', readRequestId(entry), version));
}
