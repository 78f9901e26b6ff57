// The outbox entry of an order: its topic, its subject, and its ServiceRequest.
import { parseStored } from '../../fhir/typed-resource.ts';
import type { Resource } from '../../fhir/types.ts';
import type { OutboxEntry, OutboxState } from '../../store/queues/outbox-entry.ts';
import type { ResourceRow } from '../../store/resources/resource-row.ts';
import type { Store } from '../../store/store.ts';
import { parseOrderPayload } from './order-payload.ts';

/** The outbox topic of orders. A ServiceRequest never has a second entry, so it is ordered once. */
export const ORDER_TOPIC = 'order';

export const toSubject = (serviceRequestId: string): string => `ServiceRequest/${serviceRequestId}`;

/** The id of the entry's ServiceRequest. */
export const readRequestId = ({ subject }: OutboxEntry): string => subject.slice(subject.indexOf('/') + 1);

/** States in which the order is not at the lab network. */
export const NEVER_SENT: ReadonlySet<OutboxState> = new Set(['refused', 'cancelled']);

/** The newest entry of a request with this id; undefined: no request with this id was ever ordered. */
export const findOrderEntry = (store: Store, tenant: number, serviceRequestId: string): Promise<OutboxEntry | undefined> =>
  store.outbox.findNewest(tenant, ORDER_TOPIC, toSubject(serviceRequestId));

/** The entry of the current request with this id; undefined: it was never ordered. After a deletion, an earlier order belongs to the deleted request. */
export async function findPresentEntry(store: Store, tenant: number, serviceRequestId: string): Promise<OutboxEntry | undefined> {
  const entry = await findOrderEntry(store, tenant, serviceRequestId);
  return entry && (await isRequestPresent(store, entry)) ? entry : undefined;
}

/** The current version of the ordered request; undefined: it was deleted, even if another request has its id now. */
export const readOrderedRequest = async (store: Store, entry: OutboxEntry): Promise<Resource | undefined> =>
  parseOrderedRequest(store, entry, await store.read(entry.tenant, 'ServiceRequest', readRequestId(entry)));

/** Like readOrderedRequest, from a row that was already read. */
export async function parseOrderedRequest(store: Store, entry: OutboxEntry, row: ResourceRow | undefined): Promise<Resource | undefined> {
  if (!row?.body || (row.version !== parseOrderPayload(entry).version && !(await isRequestPresent(store, entry)))) return undefined;
  return parseStored('ServiceRequest', row);
}

async function isRequestPresent(store: Store, entry: OutboxEntry): Promise<boolean> {
  const { version } = parseOrderPayload(entry);
  return version === null || !(await store.wasDeletedSince(entry.tenant, 'ServiceRequest', readRequestId(entry), version));
}
