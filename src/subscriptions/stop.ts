// The end of a subscription by the server: an error that its owner has to look at, or the end it was given.
// https://hl7.org/fhir/R4/subscription-definitions.html#Subscription.end

import { redactError } from '../messaging/redacted-error.ts';
import type { Registration } from '../store/queues/subscriptions.ts';
import type { Store } from '../store/store.ts';
import { NOTIFICATION, type Notifying, notifierOf, subjectOf } from './notifying.ts';
import { callOff, declare } from './status.ts';

type Named = Pick<Registration, 'tenant' | 'id'>;

interface Failed extends Named {
  why: string;
}

/** Inside a transaction that holds it: the Subscription says what is wrong, and no changes are kept for it any more. What waits goes on waiting. */
export async function declareError({ contextOf, log }: Notifying, store: Store, { tenant, id, why }: Failed): Promise<void> {
  await store.subscriptions.rest({ tenant, id });
  await declare({ ...contextOf(notifierOf(tenant)), store }, id, { status: 'error', error: why });
  log({ tenant, subscription: id, why }, 'a subscription is in error');
}

/** The same, for who does not deliver; who delivers at this moment finds it so. */
export async function fail(notifying: Notifying, { tenant, id, why }: Failed): Promise<void> {
  const at = notifying.clock().toISOString();
  await notifying.store.transaction(async (store) => {
    await store.hold(tenant, [{ type: 'Subscription', id }]);
    await declareError(notifying, store, { tenant, id, why });
    const entry = await store.outbox.find(tenant, NOTIFICATION, subjectOf(id));
    if (entry) await store.outbox.move(entry, { from: ['queued', 'unknown'], to: 'parked', at, what: 'error', reason: why });
  });
}

/** Those whose end has come are turned off; answers how many these are. One that cannot be is left for the next time. */
export async function endThose(notifying: Notifying): Promise<number> {
  const { store, clock, log } = notifying;
  const ended = await store.subscriptions.ended(clock().toISOString());
  for (const { tenant, id } of ended) {
    await end(notifying, { tenant, id }).then(
      () => log({ tenant, subscription: id }, 'a subscription has come to its end'),
      (error: unknown) => log({ tenant, subscription: id, error: redactError(error) }, 'a subscription could not be ended'),
    );
  }
  return ended.length;
}

async function end({ store, clock, contextOf }: Notifying, { tenant, id }: Named): Promise<void> {
  const at = clock().toISOString();
  await store.transaction(async (inside) => {
    await inside.hold(tenant, [{ type: 'Subscription', id }]);
    const now = await inside.subscriptions.find(tenant, id);
    if (!now?.active || now.endsAt === null || now.endsAt > at) return;
    await declare({ ...contextOf(notifierOf(tenant)), store: inside }, id, { status: 'off' });
    await callOff(inside, { tenant, id, at });
  });
}
