// Builds subscriptions: the write hook of Subscription, and the parts of background delivery.
import type { ServedType } from '../fhir/types.ts';
import type { WriteHook } from '../interactions/context.ts';
import type { AddressPolicy } from '../subscriptions/address-policy.ts';
import type { SubscriptionDelivery } from '../subscriptions/delivery-context.ts';
import { createSubscriptionWriteHook } from '../subscriptions/write-hook.ts';

/** What the server provides. */
export type SubscribingParts = Omit<SubscriptionDelivery, 'addressPolicy' | 'random'>;

interface Subscribing {
  writeHooks: [ServedType, WriteHook][];
  /** For the background work. */
  delivery: SubscriptionDelivery;
}

export const buildSubscriptions = (addressPolicy: AddressPolicy, parts: SubscribingParts): Subscribing => ({
  writeHooks: [['Subscription', createSubscriptionWriteHook(addressPolicy)]],
  delivery: { random: Math.random, ...parts, addressPolicy },
});
