// An operator's actions on a Subscription: retry its delivery now, or replace its secret.
import { parseStored } from '../fhir/typed-resource.ts';
import type { Context } from '../interactions/context.ts';
import { generateWebhookSecret } from '../messaging/sign-webhook.ts';
import { queueDelivery, writeStatus } from './status.ts';

/** How long requests are signed with the former secret in addition to the new one, in ms. */
const SECRET_OVERLAP_MS = 24 * 3_600_000;

/** Makes pending notifications due now, and a subscription in error active again. Returns false if the subscription is off or does not exist. */
export async function retrySubscription(context: Context, id: string): Promise<boolean> {
  const { tenant } = context.caller;
  return context.store.transaction(async (store) => {
    const [row] = await store.readForUpdate(tenant, [{ type: 'Subscription', id }]);
    const registration = await store.subscriptions.find(tenant, id);
    const status = parseStored('Subscription', row)?.status;
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

/** Returns the new secret, and the time until which the former secret signs, too. */
export async function rotateSecret({ store, caller, clock }: Context, id: string): Promise<{ secret: string; formerUntil: string }> {
  const change = { secret: generateWebhookSecret(), formerUntil: new Date(clock().getTime() + SECRET_OVERLAP_MS).toISOString() };
  await store.subscriptions.rotateSecret({ tenant: caller.tenant, id }, change);
  return change;
}
