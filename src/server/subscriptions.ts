// Subscriptions, put together: what writes of Subscription bring with them, and what tells subscribers.
import type { WriteHook } from '../interactions/context.ts';
import type { AddressPolicy } from '../subscriptions/address-policy.ts';
import type { SubscriptionDelivery } from '../subscriptions/delivery-context.ts';
import { startSubscriptionDelivery } from '../subscriptions/delivery-worker.ts';
import { createSubscriptionWriteHook } from '../subscriptions/write-hook.ts';

/** What the roof has to give. */
export type SubscribingParts = Omit<SubscriptionDelivery, 'addressPolicy' | 'random'>;

interface Subscribing {
  writeHooks: Record<'Subscription', WriteHook>;
  /** Starts to tell subscribers; call the answer to stop. */
  start(): () => Promise<void>;
}

export function buildSubscriptions(reach: AddressPolicy, parts: SubscribingParts): Subscribing {
  return {
    writeHooks: { Subscription: createSubscriptionWriteHook(reach) },
    start: () => startSubscriptionDelivery({ random: Math.random, ...parts, addressPolicy: reach }),
  };
}
