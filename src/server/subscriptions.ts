// Builds subscriptions: the hook for writes of Subscription, and the background delivery.
import type { WriteHook } from '../interactions/context.ts';
import { startPollLoop } from '../messaging/poll-loop.ts';
import type { AddressPolicy } from '../subscriptions/address-policy.ts';
import type { SubscriptionDelivery } from '../subscriptions/delivery-context.ts';
import { createDeliveryWork } from '../subscriptions/delivery-worker.ts';
import { createSubscriptionWriteHook } from '../subscriptions/write-hook.ts';

/** What the roof has to give. */
export type SubscribingParts = Omit<SubscriptionDelivery, 'addressPolicy' | 'random'>;

interface Subscribing {
  writeHooks: Record<'Subscription', WriteHook>;
  /** Starts to tell subscribers; call the answer to stop. */
  start(): () => Promise<void>;
}

export function buildSubscriptions(addressPolicy: AddressPolicy, parts: SubscribingParts): Subscribing {
  return {
    writeHooks: { Subscription: createSubscriptionWriteHook(addressPolicy) },
    start() {
      const { work, finish } = createDeliveryWork({ random: Math.random, ...parts, addressPolicy });
      const stop = startPollLoop(work);
      return async () => {
        await stop();
        await finish();
      };
    },
  };
}
