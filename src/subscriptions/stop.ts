// The end of a subscription by the server: an error that its owner has to look at, or the end it was given.
// https://hl7.org/fhir/R4/subscription-definitions.html#Subscription.end

import { redactError } from '../messaging/redacted-error.ts';
import type { SubscriptionRegistration } from '../store/queues/subscriptions.ts';
import type { Store } from '../store/store.ts';
import { NOTIFICATION_TOPIC, type SubscriptionDelivery, toOutboxSubject, toServerCaller } from './delivery-context.ts';
import { cancelDelivery, writeStatus } from './status.ts';

type SubscriptionKey = Pick<SubscriptionRegistration, 'tenant' | 'id'>;

interface SubscriptionFailure extends SubscriptionKey {
  why: string;
}

/** Inside a transaction that holds it: the Subscription says what is wrong, and no changes are kept for it any more. What waits goes on waiting. */
export async function markFailed(
  { contextOf, log }: SubscriptionDelivery,
  store: Store,
  { tenant, id, why }: SubscriptionFailure,
): Promise<void> {
  await store.subscriptions.deactivate({ tenant, id });
  await writeStatus({ ...contextOf(toServerCaller(tenant)), store }, id, { status: 'error', error: why });
  log({ tenant, subscription: id, why }, 'a subscription is in error');
}

/** The same, for who does not deliver; who delivers at this moment finds it so. */
export async function failSubscription(notifying: SubscriptionDelivery, { tenant, id, why }: SubscriptionFailure): Promise<void> {
  const at = notifying.clock().toISOString();
  await notifying.store.transaction(async (store) => {
    await store.readForUpdate(tenant, [{ type: 'Subscription', id }]);
    await markFailed(notifying, store, { tenant, id, why });
    const entry = await store.outbox.findNewest(tenant, NOTIFICATION_TOPIC, toOutboxSubject(id));
    if (entry) await store.outbox.changeState(entry, { from: ['queued', 'unknown'], to: 'parked', at, what: 'error', reason: why });
  });
}

/** Those whose end has come are turned off; answers how many these are. One that cannot be is left for the next time. */
export async function endExpiredSubscriptions(notifying: SubscriptionDelivery): Promise<number> {
  const { store, clock, log } = notifying;
  const ended = await store.subscriptions.listExpired(clock().toISOString());
  for (const { tenant, id } of ended) {
    await endSubscription(notifying, { tenant, id }).then(
      () => log({ tenant, subscription: id }, 'a subscription has come to its end'),
      (error: unknown) => log({ tenant, subscription: id, error: redactError(error) }, 'a subscription could not be ended'),
    );
  }
  return ended.length;
}

async function endSubscription({ store, clock, contextOf }: SubscriptionDelivery, { tenant, id }: SubscriptionKey): Promise<void> {
  const at = clock().toISOString();
  await store.transaction(async (inside) => {
    await inside.readForUpdate(tenant, [{ type: 'Subscription', id }]);
    const now = await inside.subscriptions.find(tenant, id);
    if (!now?.active || now.endsAt === null || now.endsAt > at) return;
    await writeStatus({ ...contextOf(toServerCaller(tenant)), store: inside }, id, { status: 'off' });
    await cancelDelivery(inside, { tenant, id, at });
  });
}
