// The dependencies of tracking orders: those of sending, and the read operations. All times come from `clock`, except the timeout of a request.

import { findLastEvent, type OrderSnapshot } from '../../junction/order-snapshot.ts';
import type { JunctionReader } from '../../junction/reader.ts';
import type { InboundMapping } from '../../mapping/load/inbound-mapping.ts';
import type { CircuitBreaker } from '../../messaging/circuit-breaker.ts';
import { createLease, type Lease } from '../../messaging/lease.ts';
import type { TrackedOrder } from '../../store/queues/tracked-orders.ts';
import { toLeaseName } from '../accounts/account-identity.ts';
import type { OrderSender } from '../deliver/order-sender.ts';

export interface OrderTracker extends OrderSender {
  reads: JunctionReader;
  /** Stops polls while the lab network does not respond. */
  breaker: CircuitBreaker;
  results: ResultMappings;
  webhook?: WebhookMetrics | undefined;
}

/** Receives figures about every webhook. */
export interface WebhookMetrics {
  /** Called on arrival, with the state of the event and the name of the account in whose path it arrived. */
  arrived(outcome: string, account: string): void;
  /** How many seconds this server's clock is ahead of the sender's, by the timestamp of a message with a valid signature. */
  clockAhead(seconds: number): void;
  /** Called after processing, with the outcome and the seconds since the arrival. */
  applied(outcome: string, seconds: number): void;
}

/** The mappings from results to resources (mappings/junction), the units, and the systems of results. */
export interface ResultMappings {
  biomarker: InboundMapping;
  report: InboundMapping;
  sample: InboundMapping;
  /** Laboratory's unit, normalized → UCUM. */
  units: ReadonlyMap<string, string>;
  /** The beginning of the code systems of laboratories' own test codes. The laboratory's short name follows it. */
  providerSystem: string;
  /** Code system of the lab network's names of markers. */
  markerSystem: string;
  /** System of the tag that assigns a resource to a part of the tenant's data. */
  partSystem: string;
}

/** An order under a lease of `by`. */
export interface LeasedOrder {
  trackedOrder: TrackedOrder;
  by: string;
}

/** The timeouts of a read and of a document, and the length of a lease, in ms. A lease is longer than all requests of one poll. */
export const READ_MS = 8000;
export const DOCUMENT_READ_MS = 25_000;
export const POLL_LEASE_MS = 60_000;

/** A lease on an order or on a webhook event. It begins now and lasts POLL_LEASE_MS. */
export const createPollLease = ({ account, clock, newId }: OrderTracker): Lease =>
  createLease(clock(), toLeaseName(account, newId()), POLL_LEASE_MS);

/** The applied state of an order, in addition to its newest event. It is stored with the tracked order as JSON. */
export interface TrackedState {
  /** The lab network's update time of the order. */
  updatedAt?: string | undefined;
  /** The status of its order transaction. */
  transaction?: string | undefined;
  /** The status that the lab network gave the request by this order, and the version of the request before. Of several orders the latest counts. */
  told?: string | undefined;
  toldAt?: number | undefined;
  result?: TrackedResult | undefined;
}

/** The result that was applied: the event and the update time at which it was read, whether it was final, and whether its document is stored. */
export interface TrackedResult {
  event: number;
  updatedAt?: string | undefined;
  final: boolean;
  document: boolean;
  /** A hash of the result (results/correction.ts), and whether the result was applied as a correction. */
  digest?: string;
  corrected?: boolean;
  /** The document that was stored last: the event at which it was read, and its SHA-1. */
  read?: { event: number; hash: string } | undefined;
  /** The order has critical values, or the lab network marks it as critical. */
  critical?: boolean;
  /** The event count of the tracked order when the result was read. */
  wakes: number;
}

/** Whether the result was read at the present state of the order. */
export const isReadAt = (result: TrackedResult, order: OrderSnapshot): boolean =>
  result.event === (findLastEvent(order)?.id ?? 0) && result.updatedAt === order.updatedAt;

/** Type assertion: only recordTrackedState and startTracking write this JSON. */
export const parseTrackedState = ({ snapshot }: TrackedOrder): TrackedState => JSON.parse(snapshot) as TrackedState;
