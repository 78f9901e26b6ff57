// What the outbox entry of an order holds, as a union by how far the order has come, and its JSON form.
import type { OutboxEntry } from '../../store/queues/outbox-entry.ts';

interface AcceptedRequest {
  /** The id of the Task that shows the progress. */
  task: string;
  /** Our name for the patient at the network. */
  clientUserId: string;
  /** The exact text of the order without its user, as accepted. */
  text: string;
  /** The version of the request that was ordered; null: not known. */
  version: number | null;
  /** An operator has parked it: only an operator releases it. */
  isParkedByOperator: boolean;
}

/** How the idempotency keys of the order were used. */
interface KeyUse {
  /** How often the order took another key; 0: it has the key of its entry. */
  keyRenewals: number;
  /** When its present key was first used; null: when the order was first sent. */
  keyUsedSince: string | null;
  /** How many requests the network itself failed at. */
  serverFailures: number;
  /** The network did not know the user of an earlier request, and another user was made. This happens once. */
  isUserReplaced: boolean;
}

/** No byte has left. */
interface UnsentOrder extends AcceptedRequest {
  state: 'unsent';
}

/** A request was sent. `key-failed`: the network may keep a failure under the key, so nothing more is sent under it. */
export interface SentOrder extends AcceptedRequest, KeyUse {
  state: 'sent' | 'key-failed';
  /** The network's id of the user; the same in every request under a key. */
  userId: string;
  /** From then on a request may be at work at the network. */
  lastSentAt: string;
}

/** The network did not know the user of the last request, so that it made nothing. */
export interface OrderWithoutUser extends AcceptedRequest, KeyUse {
  state: 'user-missing';
}

export interface AcceptedOrder extends AcceptedRequest {
  state: 'accepted';
  /** The network's id of the order. */
  orderId: string;
  /** The network's id of the transaction that the order belongs to. */
  transactionId: string | null;
}

export type OrderPayload = UnsentOrder | SentOrder | OrderWithoutUser | AcceptedOrder;

/** The JSON form. Its names stay as earlier versions wrote them, so that processes of both versions read the entries of the other. */
interface StoredPayload {
  task: string;
  clientUserId: string;
  text: string;
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
  // only this file writes payloads of orders
  const stored = JSON.parse(payload) as StoredPayload;
  const { task, clientUserId, text, version = null, kept: isParkedByOperator = false } = stored;
  const request = { task, clientUserId, text, version, isParkedByOperator };
  if (stored.orderId !== undefined)
    return { ...request, state: 'accepted', orderId: stored.orderId, transactionId: stored.transactionId ?? null };
  if (firstSentAt === null) return { ...request, state: 'unsent' };
  const sent = {
    ...request,
    keyRenewals: stored.renewed ?? 0,
    keyUsedSince: stored.renewedAt ?? null,
    serverFailures: stored.failures ?? 0,
    isUserReplaced: stored.userWasGone ?? false,
  };
  if (stored.userId === undefined) return { ...sent, state: 'user-missing' };
  return { ...sent, state: stored.failed ? 'key-failed' : 'sent', userId: stored.userId, lastSentAt: stored.sentAt ?? firstSentAt };
}

/** For entries that are `done`, and for cancellations. */
export function parseAcceptedOrder(entry: OutboxEntry): AcceptedOrder {
  const payload = parseOrderPayload(entry);
  if (payload.state !== 'accepted') throw new Error('the outbox entry names no order of the network');
  return payload;
}

export function formatOrderPayload(payload: OrderPayload): string {
  const { task, clientUserId, text, version, isParkedByOperator, state } = payload;
  const request = { task, clientUserId, text, version: version ?? undefined, kept: isParkedByOperator || undefined };
  const stored: StoredPayload =
    state === 'unsent'
      ? request
      : state === 'accepted'
        ? { ...request, orderId: payload.orderId, transactionId: payload.transactionId ?? undefined }
        : {
            ...request,
            renewed: payload.keyRenewals || undefined,
            renewedAt: payload.keyUsedSince ?? undefined,
            failures: payload.serverFailures || undefined,
            userWasGone: payload.isUserReplaced || undefined,
            ...(state !== 'user-missing' && {
              userId: payload.userId,
              sentAt: payload.lastSentAt,
              failed: state === 'key-failed' || undefined,
            }),
          };
  return JSON.stringify(stored);
}

export const toAcceptedOrder = (
  { task, clientUserId, text, version, isParkedByOperator }: OrderPayload,
  { id, transactionId }: { id: string; transactionId?: string | undefined },
): AcceptedOrder => ({
  task,
  clientUserId,
  text,
  version,
  isParkedByOperator,
  state: 'accepted',
  orderId: id,
  transactionId: transactionId ?? null,
});

/** When the last request that may still be at work was sent; null: none was. */
export function findLastSentAt(entry: OutboxEntry): string | null {
  const payload = parseOrderPayload(entry);
  return 'lastSentAt' in payload ? payload.lastSentAt : entry.firstSentAt;
}
