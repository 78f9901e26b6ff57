// An order in the outbox: which topic and subject it has, and what its payload holds.
import type { Resource } from '../../fhir/types.ts';
import type { OutboxEntry, OutboxState } from '../../store/queues/outbox-entry.ts';
import type { ResourceRow } from '../../store/resources/resource-row.ts';
import type { Store } from '../../store/store.ts';

/** The topic of orders. One entry per ServiceRequest, for good: that is what makes an order happen once. */
export const ORDER_TOPIC = 'order';

export interface OrderPayload {
  /** The Task that tells how far it got. */
  task: string;
  /** Our name for the patient. */
  clientUserId: string;
  /** The exact text of the order without its user, as accepted. */
  text: string;
  /** Whom the network knows the patient as; the same in every attempt once it is known. */
  userId?: string;
  /** The last request was answered with a failure that its key may hold: none is sent under this key any more. */
  failed?: boolean;
  /** How many of its keys the network itself failed under. */
  failures?: number;
  /** How often the order took another key: its user turned out to be gone, or the key holds a failure that would be answered for a day. */
  renewed?: number;
  /** When its present key was first used, if it is not the first. */
  renewedAt?: string;
  userWasGone?: boolean;
  /** The version of the request that was ordered. */
  version?: number;
  /** When it was last sent: from then on a request of ours may be at work there. */
  sentAt?: string;
  /** An operator has put it aside: nobody else lets it go on. */
  isParkedByOperator?: boolean;
  /** What the network calls the order, once it is accepted. */
  orderId?: string;
  transactionId?: string | undefined;
}

export const parseOrderPayload = (entry: OutboxEntry): OrderPayload => JSON.parse(entry.payload) as OrderPayload;

/** What an order goes on with, whoever put it aside. */
export const letGo = ({ isParkedByOperator: _kept, ...payload }: OrderPayload): OrderPayload => payload;

export const toSubject = (serviceRequestId: string): string => `ServiceRequest/${serviceRequestId}`;

/** The id of the ServiceRequest that an entry is about. */
export const readRequestId = ({ subject }: OutboxEntry): string => subject.slice(subject.indexOf('/') + 1);

/** The state of an entry that is to go on: whether it may be there already is for the sender to find out. */
export const waiting = ({ firstSentAt }: OutboxEntry): OutboxState => (firstSentAt === null ? 'queued' : 'unknown');

/** States of an order that the network does not have. */
export const NEVER_SENT: ReadonlySet<OutboxState> = new Set(['refused', 'cancelled']);

/** The newest entry under this id, if there was ever one to send. */
export const findOrderEntry = (store: Store, tenant: number, serviceRequestId: string): Promise<OutboxEntry | undefined> =>
  store.outbox.findNewest(tenant, ORDER_TOPIC, toSubject(serviceRequestId));

/** The entry of the request that stands under this id, if it was ever one to send. What was ordered before a deletion belongs to another one. */
export async function findPresentEntry(store: Store, tenant: number, serviceRequestId: string): Promise<OutboxEntry | undefined> {
  const entry = await findOrderEntry(store, tenant, serviceRequestId);
  return entry && (await isRequestPresent(store, entry)) ? entry : undefined;
}

/** The request that was ordered, as it stands; undefined when it was deleted, whatever was made again under its id. */
export const readOrderedRequest = async (store: Store, entry: OutboxEntry): Promise<Resource | undefined> =>
  parseOrderedRequest(store, entry, await store.read(entry.tenant, 'ServiceRequest', readRequestId(entry)));

/** The same, from the row that stands under its id. */
export async function parseOrderedRequest(store: Store, entry: OutboxEntry, row: ResourceRow | undefined): Promise<Resource | undefined> {
  if (!row?.body || (row.version !== parseOrderPayload(entry).version && !(await isRequestPresent(store, entry)))) return undefined;
  return JSON.parse(row.body) as Resource;
}

async function isRequestPresent(store: Store, entry: OutboxEntry): Promise<boolean> {
  const { version } = parseOrderPayload(entry);
  return version === undefined || !(await store.wasDeletedSince(entry.tenant, 'ServiceRequest', readRequestId(entry), version));
}
