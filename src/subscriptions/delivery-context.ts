// The dependencies of matching and delivery, the lease and the outbox entry of a subscription, and the callers of reads and writes.
import type { Caller, Context } from '../interactions/context.ts';
import type { AddressPolicy } from '../messaging/address-policy.ts';
import { createLease, type Lease } from '../messaging/lease.ts';
import type { SubscriptionRegistration } from '../store/queues/subscriptions.ts';
import type { Store } from '../store/store.ts';

/** All times come from `clock`, except the timeout of a request. */
export interface SubscriptionDelivery {
  store: Store;
  clock: () => Date;
  newId: () => string;
  /** 0 to 1. */
  random: () => number;
  contextOf(caller: Caller): Context;
  addressPolicy: AddressPolicy;
  /** The timeout of a request, in ms; REQUEST_TIMEOUT_MS by default. */
  callMs?: number;
  /** Whether this API key of the tenant was revoked or has expired. False for actors that are not API keys. */
  isRevoked(tenant: number, actor: string): Promise<boolean>;
  /** Receives ids and reasons: no patient data, no header, no secret. */
  log(facts: Record<string, unknown>, text: string): void;
  /** Called after each attempt to deliver a notification. */
  notified?: ((outcome: 'taken' | 'failed') => void) | undefined;
}

/** The lease of a subscription outlives its requests. After a crash another process continues within seconds. */
export const REQUEST_TIMEOUT_MS = 5000;
const LEASE_MS = 20_000;

/** The outbox topic of subscription deliveries: each subscription has one entry. */
export const NOTIFICATION_TOPIC = 'notification';
/** Notifications belong to no account at the lab network: their entries have the default of the column. */
export const NO_ACCOUNT = 0;
export const toOutboxSubject = (id: string): string => `Subscription/${id}`;
export const parseSubscriptionId = ({ subject }: { subject: string }): string => subject.slice(subject.indexOf('/') + 1);

/** Due time of an entry without pending notifications: matching a change makes it due. */
export const NEVER = '9999-12-31T00:00:00.000Z';

/** The actor of the server's own writes of Subscription.status, as history shows it. */
export const NOTIFIER_ACTOR = 'notifier';

export const toServerCaller = (tenant: number): Caller => ({ tenant, actor: NOTIFIER_ACTOR, surface: 'fhir', scopes: [] });

/** The caller that registered the subscription, with the scopes of that time. */
export const toSubscriberCaller = ({ tenant, actor, scopes }: SubscriptionRegistration): Caller => ({
  tenant,
  actor,
  surface: 'fhir',
  scopes,
});

export const createDeliveryLease = ({ clock, newId }: SubscriptionDelivery): Lease => createLease(clock(), newId(), LEASE_MS);
