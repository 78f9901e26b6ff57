// The outbox entry of an order: its topic, its subject, its ServiceRequest, and its payload, a union by the progress of the order with its stored JSON form.

import { parseStored } from '../../fhir/typed-resource.ts';
import type { Resource } from '../../fhir/types.ts';
import type { OutboxEntry, OutboxState } from '../../store/queues/outbox-entry.ts';
import type { ResourceRow } from '../../store/resources/resource-row.ts';
import type { TenantStore } from '../../store/store.ts';
import type { UserInsurance } from './network-user.ts';

/** The outbox topic of orders. A ServiceRequest never has a second entry, so it is ordered once. */
export const ORDER_TOPIC = 'order';

export const toSubject = (serviceRequestId: string): string => `ServiceRequest/${serviceRequestId}`;

/** The id of the entry's ServiceRequest. */
export const readRequestId = ({ subject }: OutboxEntry): string => subject.slice(subject.indexOf('/') + 1);

/** States in which the order is not at the lab network. */
export const NEVER_SENT: ReadonlySet<OutboxState> = new Set(['refused', 'cancelled']);

/** The newest entry of a request with this id; undefined: no request with this id was ever ordered. */
export const findOrderEntry = (store: TenantStore, tenant: number, serviceRequestId: string): Promise<OutboxEntry | undefined> =>
  store.outbox.findNewest(tenant, ORDER_TOPIC, toSubject(serviceRequestId));

/** The entry of the current request with this id; undefined: it was never ordered. After a deletion, an earlier order belongs to the deleted request. */
export async function findPresentEntry(store: TenantStore, tenant: number, serviceRequestId: string): Promise<OutboxEntry | undefined> {
  const entry = await findOrderEntry(store, tenant, serviceRequestId);
  return entry && (await isRequestPresent(store, entry)) ? entry : undefined;
}

/** The current version of the ordered request; undefined: it was deleted, even if another request has its id now. */
export const readOrderedRequest = async (store: TenantStore, entry: OutboxEntry): Promise<Resource | undefined> =>
  parseOrderedRequest(store, entry, await store.read(entry.tenant, 'ServiceRequest', readRequestId(entry)));

/** Like readOrderedRequest, from a row that was already read. */
export async function parseOrderedRequest(
  store: TenantStore,
  entry: OutboxEntry,
  row: ResourceRow | undefined,
): Promise<Resource | undefined> {
  if (!row?.body || (row.version !== parseOrderPayload(entry).version && !(await isRequestPresent(store, entry)))) return undefined;
  return parseStored('ServiceRequest', row);
}

async function isRequestPresent(store: TenantStore, entry: OutboxEntry): Promise<boolean> {
  const { version } = parseOrderPayload(entry);
  return version === null || !(await store.wasDeletedSince(entry.tenant, 'ServiceRequest', readRequestId(entry), version));
}

interface AcceptedRequest {
  /** The id of the Task that shows the progress. */
  task: string;
  /** The name of the patient's user at the lab network. */
  clientUserId: string;
  /** The exact text of the order as accepted, without the user id. */
  text: string;
  /** What the user needs before the order; undefined: the order is not billed to an insurance. */
  insurance: UserInsurance | undefined;
  /** The failures of the calls for the insurance; undefined: none. */
  insuranceFailures: InsuranceFailures | undefined;
  /** The version of the request that was ordered; null: not known. */
  version: number | null;
  /** An operator has parked it: only an operator releases it. */
  isParkedByOperator: boolean;
}

interface InsuranceFailures {
  /** Of the failures while the lab network accepted other orders. */
  count: number;
  /** Of the last failure. */
  lastAt: string;
  /** The lab network's id of the user with the insurance; undefined: a process of an earlier release wrote the entry. */
  userId?: string | undefined;
}

/** The use of the order's idempotency keys. */
interface KeyUse {
  /** The number of changes to another key; 0: the order has the key of its entry. */
  keyRenewals: number;
  /** When the present key was first used; null: when the order was first sent. */
  keyUsedSince: string | null;
  /** The number of requests that failed at the lab network itself, not at a gateway. */
  serverFailures: number;
  /** The lab network did not know the user of an earlier request, and another user was created. This happens at most once. */
  isUserReplaced: boolean;
}

/** The last request that was sent for an order. */
interface LastRequest extends KeyUse {
  /** The lab network's id of the user; the same in every request with one key. */
  userId: string;
  /** Since this time a request may be in progress at the lab network. */
  lastSentAt: string;
}

/** No request for the order was sent. */
interface UnsentOrder extends AcceptedRequest {
  state: 'unsent';
}

/** A request was sent. `key-failed`: the lab network may have stored a failure under the key, so no other request is sent with this key. */
export interface SentOrder extends AcceptedRequest, LastRequest {
  state: 'sent' | 'key-failed';
}

/** The lab network did not know the user of the last request, and created no order. */
export interface OrderWithoutUser extends AcceptedRequest, KeyUse {
  state: 'user-missing';
}

export interface AcceptedOrder extends AcceptedRequest {
  state: 'accepted';
  /** The lab network's id of the order. */
  orderId: string;
  /** The lab network's id of the order transaction that the order belongs to. */
  transactionId: string | null;
  /** For operators; null: not known. */
  lastRequest: LastRequest | null;
}

export type OrderPayload = UnsentOrder | SentOrder | OrderWithoutUser | AcceptedOrder;

/** The stored JSON. Its field names are those of earlier releases, so that during an update processes of both releases can read all entries. */
interface StoredPayload {
  task: string;
  clientUserId: string;
  text: string;
  insurance?: UserInsurance | undefined;
  insuranceFailures?: InsuranceFailures | undefined;
  version?: number | undefined;
  kept?: boolean | undefined;
  userId?: string | undefined;
  sentAt?: string | undefined;
  failed?: boolean | undefined;
  failures?: number | undefined;
  renewed?: number | undefined;
  renewedAt?: string | undefined;
  userWasGone?: boolean | undefined;
  orderId?: string | undefined;
  transactionId?: string | undefined;
}

export function parseOrderPayload({ payload, firstSentAt }: Pick<OutboxEntry, 'payload' | 'firstSentAt'>): OrderPayload {
  // type assertion: only this file writes payloads of orders
  const stored = JSON.parse(payload) as StoredPayload;
  const { task, clientUserId, text, insurance, insuranceFailures, version = null, kept: isParkedByOperator = false } = stored;
  const request = { task, clientUserId, text, insurance, insuranceFailures, version, isParkedByOperator };
  const keyUse = {
    keyRenewals: stored.renewed ?? 0,
    keyUsedSince: stored.renewedAt ?? null,
    serverFailures: stored.failures ?? 0,
    isUserReplaced: stored.userWasGone ?? false,
  };
  const { userId, sentAt: lastSentAt = firstSentAt, orderId, transactionId = null } = stored;
  const lastRequest = userId === undefined || lastSentAt === null ? null : { ...keyUse, userId, lastSentAt };
  if (orderId !== undefined) return { ...request, state: 'accepted', orderId, transactionId, lastRequest };
  if (firstSentAt === null) return { ...request, state: 'unsent' };
  if (lastRequest === null) return { ...request, ...keyUse, state: 'user-missing' };
  return { ...request, ...lastRequest, state: stored.failed ? 'key-failed' : 'sent' };
}

/** For entries in the state `done`, and for cancellations. */
export function parseAcceptedOrder(entry: OutboxEntry): AcceptedOrder {
  const payload = parseOrderPayload(entry);
  if (payload.state !== 'accepted') throw new Error('the outbox entry names no order of the network');
  return payload;
}

export function formatOrderPayload(payload: OrderPayload): string {
  const { task, clientUserId, text, insurance, insuranceFailures, version, isParkedByOperator, state } = payload;
  const kept = isParkedByOperator || undefined;
  const request = { task, clientUserId, text, insurance, insuranceFailures, version: version ?? undefined, kept };
  const sent = state === 'accepted' ? payload.lastRequest : state === 'unsent' ? null : payload;
  const stored: StoredPayload = {
    ...request,
    ...(sent && {
      renewed: sent.keyRenewals || undefined,
      renewedAt: sent.keyUsedSince ?? undefined,
      failures: sent.serverFailures || undefined,
      userWasGone: sent.isUserReplaced || undefined,
    }),
    ...(sent && 'userId' in sent && { userId: sent.userId, sentAt: sent.lastSentAt }),
    ...(state === 'key-failed' && { failed: true }),
    ...(state === 'accepted' && { orderId: payload.orderId, transactionId: payload.transactionId ?? undefined }),
  };
  return JSON.stringify(stored);
}

export function toAcceptedOrder(
  payload: OrderPayload,
  { id, transactionId = null }: { id: string; transactionId?: string | null | undefined },
): AcceptedOrder {
  const { task, clientUserId, text, insurance, insuranceFailures, version, isParkedByOperator } = payload;
  const request = { task, clientUserId, text, insurance, insuranceFailures, version, isParkedByOperator };
  return { ...request, state: 'accepted', orderId: id, transactionId, lastRequest: readLastRequest(payload) };
}

/** The last request that was sent for the order; null: none, or not known. */
export function readLastRequest(payload: OrderPayload): LastRequest | null {
  if (payload.state === 'accepted') return payload.lastRequest;
  if (!('userId' in payload)) return null;
  const { userId, lastSentAt, keyRenewals, keyUsedSince, serverFailures, isUserReplaced } = payload;
  return { userId, lastSentAt, keyRenewals, keyUsedSince, serverFailures, isUserReplaced };
}

/** When the last request that may still be in progress was sent; null: no request was sent. */
export function findLastSentAt(entry: OutboxEntry): string | null {
  const payload = parseOrderPayload(entry);
  return 'lastSentAt' in payload ? payload.lastSentAt : entry.firstSentAt;
}
