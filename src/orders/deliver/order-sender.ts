// The dependencies of sending orders, the lease of an outbox entry, and the times of a delivery: the latest end of a request, the delay of lists, the next attempt, and
// when the order needs a person. messaging/retry-policy.ts defines the delays and the duration of retries as the policy 'order-delivery'.

import type { Caller, Context } from '../../interactions/context.ts';
import type { JunctionClient } from '../../junction/client.ts';
import { createLease, type Lease } from '../../messaging/lease.ts';
import { isGivenUp, nextRetryAt } from '../../messaging/retry-policy.ts';
import type { LeasedEntry, OutboxState } from '../../store/queues/outbox-entry.ts';
import type { Store } from '../../store/store.ts';
import { type AccountIdentity, toLeaseName } from '../accounts/account-identity.ts';
import type { Systems } from '../systems.ts';
import type { Gate } from './gate.ts';

/** Sends the orders of one account. All times come from `clock`, except the timeout of a request. */
export interface OrderSender {
  account: AccountIdentity;
  client: JunctionClient;
  gate: Gate;
  store: Store;
  clock: () => Date;
  newId: () => string;
  /** 0 to 1. */
  random: () => number;
  createContext(caller: Caller): Context;
  systems: Systems;
  /** The timeout of an attempt, in ms; ATTEMPT_MS by default. */
  attemptMs?: number | undefined;
  /** Receives every outcome: ids and reasons, no patient data. */
  log(facts: Record<string, unknown>, text: string): void;
  /** Called after every attempt with the new state of the entry. */
  onAttempt?: ((topic: string, state: OutboxState) => void) | undefined;
}

/** One attempt to send a leased entry. */
export interface Delivery extends LeasedEntry {
  /** The last request of the attempt has ended, and its outcome is recorded in the circuit breaker. The gate admits another one while this outcome is stored. */
  endRequest?(): void;
}

/** The timeout of an attempt and the length of a lease, in ms. A lease is longer than an attempt; after a crash another process continues within seconds. */
export const ATTEMPT_MS = 8000;
const LEASE_MS = 20_000;

export const createDeliveryLease = ({ account, clock, newId }: OrderSender): Lease =>
  createLease(clock(), toLeaseName(account, newId()), LEASE_MS);

/** A request has ended at Junction after this time, even if its client has disconnected. Inferred: Junction documents nothing. */
const MAX_REQUEST_MS = 10 * 60_000;
/**
 * A list contains an order at the latest this long after the request was sent. Inferred: Junction documents nothing. An attempt ends after 8 s, so the list has at
 * least 22 s. docs/decisions/0024-order-delivery.md, 6
 */
const LIST_DELAY_MS = 30_000;
/** After this many server failures of one order, ten minutes apart and each with its own key, the order waits for a person. */
export const MAX_SERVER_FAILURES = 6;

export const nextDeliveryAt = (createdAt: string, now: Date, random: number): string =>
  nextRetryAt('order-delivery', { since: Date.parse(createdAt) }, { now, random }).toISOString();

/** Whether a request that was sent at this time has certainly ended at Junction. */
export const isRequestFinished = (sentAt: string | null, now: Date): boolean =>
  sentAt !== null && now.getTime() - Date.parse(sentAt) > MAX_REQUEST_MS;

/** The time in ms until every list contains the order of a request that was sent at this time; 0: it must be listed now. */
export const msUntilListed = (sentAt: string | null, now: Date): number =>
  sentAt === null ? 0 : Math.max(0, Date.parse(sentAt) + LIST_DELAY_MS - now.getTime());

/** Whether the order needs a person: the user may have placed a new order by now. An order that was never sent only waits. */
export const isUnconfirmedTooLong = (firstSentAt: string | null, now: Date): boolean =>
  firstSentAt !== null && isGivenUp('order-delivery', Date.parse(firstSentAt), now);
