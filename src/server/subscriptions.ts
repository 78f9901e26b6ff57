// Subscriptions, put together: what writes of Subscription bring with them, and what tells subscribers.
import type { WriteHook } from '../interactions/context.ts';
import type { Reach } from '../subscriptions/addresses.ts';
import { startNotifying } from '../subscriptions/delivery-worker.ts';
import type { Notifying } from '../subscriptions/notifying.ts';
import { subscriptionWriteHook } from '../subscriptions/registration.ts';

/** What the roof has to give. */
export type SubscribingParts = Omit<Notifying, 'reach' | 'random'>;

interface Subscribing {
  writeHooks: Record<'Subscription', WriteHook>;
  /** Starts to tell subscribers; call the answer to stop. */
  start(): () => Promise<void>;
}

export function buildSubscriptions(reach: Reach, parts: SubscribingParts): Subscribing {
  return {
    writeHooks: { Subscription: subscriptionWriteHook(reach) },
    start: () => startNotifying({ random: Math.random, ...parts, reach }),
  };
}
