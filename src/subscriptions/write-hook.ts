// The write hook of Subscription: checks a client's write, and in the same transaction registers and activates the subscription, or cancels its delivery.
// https://hl7.org/fhir/R4/subscription.html
import type { Subscription } from '@medplum/fhirtypes';
import { hasRestrictedScope } from '../fhir/access-scope.ts';
import { businessRule, forbidden } from '../fhir/outcome.ts';
import { parseStored, toTyped } from '../fhir/typed-resource.ts';
import type { Context, WriteHook } from '../interactions/context.ts';
import type { AddressPolicy } from '../messaging/address-policy.ts';
import { generateWebhookSecret } from '../messaging/sign-webhook.ts';
import { parseChannel } from './channel.ts';
import { parseCriteria, requireReadScope } from './criteria.ts';
import { cancelDelivery, checkClientStatus, isServerCaller, queueDelivery, writeStatus } from './status.ts';

export function createSubscriptionWriteHook(policy: AddressPolicy): WriteHook {
  return {
    check(context, { resource, previous }) {
      if (!resource || isServerCaller(context)) return;
      if (context.caller.token && resource.status !== 'off') throw forbidden(NEEDS_KEY);
      if (hasRestrictedScope(context.caller.scopes) && resource.status !== 'off') throw forbidden(NEEDS_ALL);
      const subscription = toTyped('Subscription', resource);
      checkClientStatus(subscription, parseStored('Subscription', previous));
      const { type } = parseCriteria(context, subscription.criteria);
      if (parseChannel(subscription, policy).payload) requireReadScope(context.caller, type);
      const end = toEndInstant(subscription);
      if (subscription.status === 'requested' && end && Date.parse(end) <= context.clock().getTime())
        throw businessRule('the end is in the past', 'Subscription.end');
    },
    async after(context, { id, resource }) {
      if (isServerCaller(context)) return;
      if (!resource) return unregister(context, id);
      const subscription = toTyped('Subscription', resource);
      if (subscription.status === 'requested' || subscription.status === 'active') await activate(context, id, subscription);
      if (subscription.status === 'off') await cancelDelivery(context.store, { ...toTenantAndTime(context), id });
    },
  };
}

/** Notifications go on until the credential ends. An issuer does not tell when it withdraws a user's or client's access. */
const NEEDS_KEY = 'a Subscription outlives an access token: create it with an API key, which can be revoked';

const NEEDS_ALL = 'notifications do not apply the query of a scope: create a Subscription with an API key whose scopes have no query';

const toTenantAndTime = ({ caller, clock }: Context): { tenant: number; at: string } => ({
  tenant: caller.tenant,
  at: clock().toISOString(),
});

/** In UTC. */
const toEndInstant = ({ end }: Subscription): string | null => (end === undefined ? null : new Date(end).toISOString());

async function activate(context: Context, id: string, subscription: Subscription): Promise<void> {
  const { store, caller, newId } = context;
  const { tenant, at } = toTenantAndTime(context);
  const { type } = parseCriteria(context, subscription.criteria);
  const { actor, scopes } = caller;
  const endsAt = toEndInstant(subscription);
  await store.subscriptions.register({ tenant, id, type, actor, scopes, secret: generateWebhookSecret(), endsAt });
  await store.subscriptions.makeAllDue({ tenant, id }, at);
  await queueDelivery(store, { tenant, id, at, key: newId() });
  if (subscription.status === 'requested') await writeStatus(context, id, { status: 'active' });
}

async function unregister(context: Context, id: string): Promise<void> {
  await cancelDelivery(context.store, { ...toTenantAndTime(context), id });
  await context.store.subscriptions.remove({ tenant: context.caller.tenant, id });
}
