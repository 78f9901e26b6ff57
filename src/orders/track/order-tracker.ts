// What the following of orders is made of: everything that sending needs, and what reads. All times come from `clock`, but for the end of an exchange.

import { findLastEvent, type OrderSnapshot } from '../../junction/order-snapshot.ts';
import type { JunctionReader } from '../../junction/reader.ts';
import type { InboundMapping } from '../../mapping/load/inbound-mapping.ts';
import type { CircuitBreaker } from '../../messaging/circuit-breaker.ts';
import { createLease, type Lease } from '../../messaging/lease.ts';
import type { TrackedOrder } from '../../store/queues/tracked-orders.ts';
import type { OrderSender } from '../deliver/order-sender.ts';

export interface OrderTracker extends OrderSender {
  reads: JunctionReader;
  /** Holds looks back while the network does not answer. */
  breaker: CircuitBreaker;
  results: ResultMappings;
  webhook?: WebhookMetrics | undefined;
}

/** Told of every webhook. */
export interface WebhookMetrics {
  /** What it was on arrival. */
  arrived(outcome: string): void;
  /** How many seconds our clock was ahead of the sender's, by a message that somebody we know has signed. */
  clockAhead(seconds: number): void;
  /** What came of it when it was worked through, and how many seconds after its arrival that was. */
  applied(outcome: string, seconds: number): void;
}

/** How results are put into resources (mappings/junction), and which units UCUM knows. */
export interface ResultMappings {
  biomarker: InboundMapping;
  report: InboundMapping;
  sample: InboundMapping;
  /** Laboratory's unit, folded → UCUM. */
  units: ReadonlyMap<string, string>;
  /** A laboratory's own test codes: its short name follows. */
  providerSystem: string;
  /** The network's own names of markers. */
  markerSystem: string;
  /** Of the tag that says to which part of a tenant's data something belongs. */
  partSystem: string;
}

/** An order under a lease of `by`. */
export interface LeasedOrder {
  placed: TrackedOrder;
  by: string;
}

/** How long one request to read takes at most, one for a document, and for how long an order is leased, in ms: a lease outlives all requests of one look. */
export const READ_MS = 8000;
export const DOCUMENT_READ_MS = 25_000;
export const POLL_LEASE_MS = 60_000;

/** A lease on an order or on a webhook event. It begins now and lasts POLL_LEASE_MS. */
export const createPollLease = ({ clock, newId }: OrderTracker): Lease => createLease(clock(), newId(), POLL_LEASE_MS);

/** What was last heard of an order, beside its newest event: kept with it as JSON text. */
export interface TrackedState {
  /** When the network last changed it. */
  updatedAt?: string | undefined;
  /** The status of its journey. */
  transaction?: string | undefined;
  /** What the network made of the request, where it made something of it, and from which version of it. Of several orders' the latest counts. */
  told?: string | undefined;
  toldAt?: number | undefined;
  result?: TrackedResult | undefined;
}

/** Which result was applied: the event and the time of change it was read at, whether it was final, whether its document is here. */
export interface TrackedResult {
  event: number;
  updatedAt?: string | undefined;
  final: boolean;
  document: boolean;
  /** What the result said (results/correction.ts), and whether it was taken for the correction that the event tells of. */
  digest?: string;
  corrected?: boolean;
  /** The document that was taken last: at which event, and its SHA-1. */
  read?: { event: number; hash: string } | undefined;
  /** This order has critical values, or the network calls it critical. */
  critical?: boolean;
  /** How much news there had been. */
  wakes: number;
}

/** Whether it was read when the order stood as it stands now. */
export const isReadAt = (result: TrackedResult, order: OrderSnapshot): boolean =>
  result.event === (findLastEvent(order)?.id ?? 0) && result.updatedAt === order.updatedAt;

export const parseTrackedState = ({ snapshot }: TrackedOrder): TrackedState => JSON.parse(snapshot) as TrackedState;
