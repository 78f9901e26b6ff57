// An order in the outbox: which topic and subject it has, and what its payload holds.
import type { OutboxEntry, Store } from '../store/store.ts';

/** The topic of orders. One entry per ServiceRequest, for good: that is what makes an order happen once. */
export const ORDER = 'order';

export interface OrderPayload {
  /** The Task that tells how far it got. */
  task: string;
  /** Our name for the patient. */
  clientUserId: string;
  /** The exact text of the order without its user, as accepted. */
  text: string;
  /** Whom the network knows the patient as; the same in every attempt once it is known. */
  userId?: string;
  /** The network said that it failed: before it is asked again, the order is looked up. */
  lookFirst?: boolean;
  /** How often the user turned out to be gone: another user is another request, under another key. */
  renewed?: number;
  /** What the network calls the order, once it is accepted. */
  orderId?: string;
  transactionId?: string | undefined;
}

export const payloadOf = (entry: OutboxEntry): OrderPayload => JSON.parse(entry.payload) as OrderPayload;

export const subjectOf = (serviceRequestId: string): string => `ServiceRequest/${serviceRequestId}`;

/** The id of the ServiceRequest that an entry is about. */
export const requestId = ({ subject }: OutboxEntry): string => subject.slice(subject.indexOf('/') + 1);

/** The entry of this ServiceRequest, if it was ever one to send. */
export const orderEntry = (store: Store, tenant: number, serviceRequestId: string): Promise<OutboxEntry | undefined> =>
  store.outbox.find(tenant, ORDER, subjectOf(serviceRequestId));
