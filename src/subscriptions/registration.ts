// What a write of a Subscription brings with it, in its transaction: it is checked, put into force and made active, or called off.
// https://hl7.org/fhir/R4/subscription.html
import { rule } from '../fhir/outcome.ts';
import type { Resource } from '../fhir/types.ts';
import type { Context, WriteHook } from '../interactions/context.ts';
import type { Reach } from './addresses.ts';
import { channelOf } from './channel.ts';
import { criteriaOf, refuseUnreadable } from './criteria.ts';
import { newSecret } from './sign.ts';
import { callOff, declare, deliver, isServer, refuseForged } from './status.ts';

/** The write hook of writes of Subscription. */
export function subscriptionWriteHook(reach: Reach): WriteHook {
  return {
    check(context, { resource, previous }) {
      if (!resource || isServer(context)) return;
      refuseForged(resource, previous?.body ? (JSON.parse(previous.body) as Resource) : undefined);
      const { type } = criteriaOf(context, resource.criteria as string);
      if (channelOf(resource, reach).payload) refuseUnreadable(context.caller, type);
      const end = endOf(resource);
      if (resource.status === 'requested' && end && Date.parse(end) <= context.clock().getTime())
        throw rule('its end has come already', 'Subscription.end');
    },
    async after(context, { id, resource }) {
      if (isServer(context)) return;
      if (!resource) return removed(context, id);
      if (resource.status === 'requested' || resource.status === 'active') await inForce(context, id, resource);
      if (resource.status === 'off') await callOff(context.store, { ...here(context), id });
    },
  };
}

const here = ({ caller, clock }: Context): { tenant: number; at: string } => ({ tenant: caller.tenant, at: clock().toISOString() });

/** As an instant in UTC. */
const endOf = ({ end }: Resource): string | null => (typeof end === 'string' ? new Date(end).toISOString() : null);

async function inForce(context: Context, id: string, resource: Resource): Promise<void> {
  const { store, caller, newId } = context;
  const { tenant, at } = here(context);
  const { type } = criteriaOf(context, resource.criteria as string);
  const { actor, scopes } = caller;
  await store.subscriptions.register({ tenant, id, type, actor, scopes, secret: newSecret(), endsAt: endOf(resource) });
  await store.subscriptions.hurry({ tenant, id }, at);
  await deliver(store, { tenant, id, at, key: newId() });
  if (resource.status === 'requested') await declare(context, id, { status: 'active' });
}

async function removed(context: Context, id: string): Promise<void> {
  await callOff(context.store, { ...here(context), id });
  await context.store.subscriptions.remove({ tenant: context.caller.tenant, id });
}
