// What telling subscribers is made of: its parts, its times, and the contexts in which it looks and writes.
import type { Caller, Context } from '../interactions/context.ts';
import { createLease, type Lease } from '../messaging/lease.ts';
import type { SubscriptionRegistration } from '../store/queues/subscriptions.ts';
import type { Store } from '../store/store.ts';
import type { AddressPolicy } from './address-policy.ts';

/** All times come from `clock`, but for the end of a call. */
export interface SubscriptionDelivery {
  store: Store;
  clock: () => Date;
  newId: () => string;
  /** 0 to 1. */
  random: () => number;
  contextOf(caller: Caller): Context;
  addressPolicy: AddressPolicy;
  /** How long a call takes at most, in ms; CALL_MS unless it says otherwise. */
  callMs?: number;
  /** Whether the key of this id is one of the tenant's that opens nothing any more. Other credentials are not known here, and stand. */
  isRevoked(tenant: number, actor: string): Promise<boolean>;
  /** Told of every outcome: ids and reasons, nothing of a patient, no header, no secret. */
  log(facts: Record<string, unknown>, text: string): void;
  /** Told of every message and whether it was taken. */
  notified?: ((outcome: 'taken' | 'failed') => void) | undefined;
}

/** How long a call takes at most, in ms, and for how long a subscription is one process's alone: a lease outlives its calls, and a crash costs seconds. */
export const CALL_MS = 5000;
const LEASE_MS = 20_000;

/** The topic of the outbox under which the deliveries of a subscription stand: one entry for each. */
export const NOTIFICATION_TOPIC = 'notification';
export const toOutboxSubject = (id: string): string => `Subscription/${id}`;
/** The id of the Subscription that an entry is about. */
export const parseSubscriptionId = ({ subject }: { subject: string }): string => subject.slice(subject.indexOf('/') + 1);

/** When an entry is due that has nothing to tell: when it is woken. */
export const NEVER = '9999-12-31T00:00:00.000Z';

/** Who history says moved a Subscription from requested to active, to error and off. */
export const NOTIFIER_ACTOR = 'notifier';

/** The server itself, writing Subscriptions of a tenant. */
export const toServerCaller = (tenant: number): Caller => ({ tenant, actor: NOTIFIER_ACTOR, surface: 'fhir', scopes: [] });

/** With the eyes of whoever asked for a subscription. */
export const toSubscriberCaller = ({ tenant, actor, scopes }: SubscriptionRegistration): Caller => ({
  tenant,
  actor,
  surface: 'fhir',
  scopes,
});

/** From now, for as long as all leases here. */
export const createDeliveryLease = ({ clock, newId }: SubscriptionDelivery): Lease => createLease(clock(), newId(), LEASE_MS);
