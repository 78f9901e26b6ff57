// The times of one order's delivery: when a request is finished, when it is listed, when the order is tried again or needs a person.
// How long and how often orders are retried is the policy `order-delivery` in messaging/retry-policy.ts.
import { isGivenUp, nextRetryAt } from '../../messaging/retry-policy.ts';

/** No request runs for longer than this, whoever has given up waiting for it. Inferred: nothing is documented. */
const MAX_REQUEST_MS = 10 * 60_000;
/**
 * A list shows an order at the latest so long after the request that made it. Inferred: Junction documents nothing. An attempt ends after 8 s, so that the list
 * has 22 s at least. docs/decisions/0024-order-delivery.md, 6
 */
const LIST_DELAY_MS = 30_000;
/** At so many requests for one order, ten minutes apart and each under a key of its own, may the network itself fail before a person looks. */
export const MAX_SERVER_FAILURES = 6;

export const nextDeliveryAt = (createdAt: string, now: Date, random: number): string =>
  nextRetryAt('order-delivery', { since: Date.parse(createdAt) }, { now, random }).toISOString();

/** Whether a request sent then has surely come to its end at the other side. */
export const isRequestFinished = (sentAt: string | null, now: Date): boolean =>
  sentAt !== null && now.getTime() - Date.parse(sentAt) > MAX_REQUEST_MS;

/** How many ms from now every list must show what a request sent then has made; 0: it must by now. */
export const msUntilListed = (sentAt: string | null, now: Date): number =>
  sentAt === null ? 0 : Math.max(0, Date.parse(sentAt) + LIST_DELAY_MS - now.getTime());

/** Whether a person must look: found later still, the order might surprise whoever has ordered anew. One that was never sent only waits. */
export const isUnconfirmedTooLong = (firstSentAt: string | null, now: Date): boolean =>
  firstSentAt !== null && isGivenUp('order-delivery', Date.parse(firstSentAt), now);
