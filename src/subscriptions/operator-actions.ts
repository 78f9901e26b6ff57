// What an operator may do with a Subscription: have it tried now, whatever it waits for, and give it another secret.
import type { Resource } from '../fhir/types.ts';
import type { Context } from '../interactions/context.ts';
import { generateSecret } from './signature.ts';
import { queueDelivery, writeStatus } from './status.ts';

/** How long the secret before signs beside a new one, in ms. */
const SECRET_OVERLAP_MS = 24 * 3_600_000;

/** One that is in error is active again, and what waits is due now. False: it is turned off, or there is none. */
export async function retrySubscription(context: Context, id: string): Promise<boolean> {
  const { tenant } = context.caller;
  return context.store.transaction(async (store) => {
    const [held] = await store.readForUpdate(tenant, [{ type: 'Subscription', id }]);
    const registration = await store.subscriptions.find(tenant, id);
    const status = held?.body ? (JSON.parse(held.body) as Resource).status : undefined;
    if (!registration || (status !== 'active' && status !== 'error')) return false;
    const at = context.clock().toISOString();
    if (status === 'error') {
      await store.subscriptions.register(registration);
      await writeStatus({ ...context, store }, id, { status: 'active' });
    }
    await store.subscriptions.makeAllDue({ tenant, id }, at);
    await queueDelivery(store, { tenant, id, at, key: context.newId(), what: 'retry' });
    return true;
  });
}

/** The new secret, and until when the one before signs beside it. */
export async function rotateSecret({ store, caller, clock }: Context, id: string): Promise<{ secret: string; formerUntil: string }> {
  const change = { secret: generateSecret(), formerUntil: new Date(clock().getTime() + SECRET_OVERLAP_MS).toISOString() };
  await store.subscriptions.rotateSecret({ tenant: caller.tenant, id }, change);
  return change;
}
