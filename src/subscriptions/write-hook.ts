// What a write of a Subscription brings with it, in its transaction: it is checked, put into force and made active, or called off.
// https://hl7.org/fhir/R4/subscription.html
import { rule } from '../fhir/outcome.ts';
import type { Resource } from '../fhir/types.ts';
import type { Context, WriteHook } from '../interactions/context.ts';
import type { AddressPolicy } from './address-policy.ts';
import { parseChannel } from './channel.ts';
import { parseCriteria, requireReadScope } from './criteria.ts';
import { generateSecret } from './signature.ts';
import { cancelDelivery, checkClientStatus, isServerCaller, queueDelivery, writeStatus } from './status.ts';

/** The write hook of writes of Subscription. */
export function createSubscriptionWriteHook(reach: AddressPolicy): WriteHook {
  return {
    check(context, { resource, previous }) {
      if (!resource || isServerCaller(context)) return;
      checkClientStatus(resource, previous?.body ? (JSON.parse(previous.body) as Resource) : undefined);
      const { type } = parseCriteria(context, resource.criteria as string);
      if (parseChannel(resource, reach).payload) requireReadScope(context.caller, type);
      const end = toEndInstant(resource);
      if (resource.status === 'requested' && end && Date.parse(end) <= context.clock().getTime())
        throw rule('its end has come already', 'Subscription.end');
    },
    async after(context, { id, resource }) {
      if (isServerCaller(context)) return;
      if (!resource) return unregister(context, id);
      if (resource.status === 'requested' || resource.status === 'active') await activate(context, id, resource);
      if (resource.status === 'off') await cancelDelivery(context.store, { ...toTenantAndTime(context), id });
    },
  };
}

const toTenantAndTime = ({ caller, clock }: Context): { tenant: number; at: string } => ({
  tenant: caller.tenant,
  at: clock().toISOString(),
});

/** As an instant in UTC. */
const toEndInstant = ({ end }: Resource): string | null => (typeof end === 'string' ? new Date(end).toISOString() : null);

async function activate(context: Context, id: string, resource: Resource): Promise<void> {
  const { store, caller, newId } = context;
  const { tenant, at } = toTenantAndTime(context);
  const { type } = parseCriteria(context, resource.criteria as string);
  const { actor, scopes } = caller;
  await store.subscriptions.register({ tenant, id, type, actor, scopes, secret: generateSecret(), endsAt: toEndInstant(resource) });
  await store.subscriptions.makeAllDue({ tenant, id }, at);
  await queueDelivery(store, { tenant, id, at, key: newId() });
  if (resource.status === 'requested') await writeStatus(context, id, { status: 'active' });
}

async function unregister(context: Context, id: string): Promise<void> {
  await cancelDelivery(context.store, { ...toTenantAndTime(context), id });
  await context.store.subscriptions.remove({ tenant: context.caller.tenant, id });
}
