// Where a Subscription stands, and who may say so: a client asks for it or turns it off, the server makes it active, and an error of it.
// https://hl7.org/fhir/R4/subscription-definitions.html#Subscription.status
import { rule } from '../fhir/outcome.ts';
import type { Resource } from '../fhir/types.ts';
import type { Context } from '../interactions/context.ts';
import { NO_PROFILE_CHECKS } from '../interactions/profiles.ts';
import { readModifyWrite } from '../interactions/read-modify-write.ts';
import type { Store } from '../store/store.ts';
import { NOTIFICATION_TOPIC, NOTIFIER_ACTOR, toOutboxSubject, toServerCaller } from './delivery-context.ts';

/** What a client may write; beside it, what stands already. */
const CLIENT_STATUSES = new Set(['requested', 'off']);

/** Refuses (422) what only the server says. */
export function checkClientStatus(resource: Resource, previous: Resource | undefined): void {
  if (!CLIENT_STATUSES.has(resource.status as string) && resource.status !== previous?.status)
    throw rule('only the server says that a Subscription is active or in error: send requested or off', 'Subscription.status');
  if (resource.error !== undefined && resource.error !== previous?.error)
    throw rule('only the server says what went wrong', 'Subscription.error');
}

type ServerStatus = 'active' | 'error' | 'off';

/** The server's word on it, as the next version. `error`: what went wrong; absent: nothing. */
export async function writeStatus(
  context: Context,
  id: string,
  { status, error }: { status: ServerStatus; error?: string },
): Promise<void> {
  const { tenant } = context.caller;
  await readModifyWrite(
    { ...context, caller: toServerCaller(tenant), profiles: NO_PROFILE_CHECKS },
    {
      type: 'Subscription',
      id,
      edit: ({ error: _former, ...rest }) => ({ ...(rest as Resource), status, ...(error !== undefined && { error }) }),
    },
  );
}

export const isServerCaller = ({ caller }: Context): boolean => caller.actor === NOTIFIER_ACTOR;

interface DeliveryRequest {
  tenant: number;
  id: string;
  at: string;
  /** For an entry that has to be made. */
  key: string;
  /** Why it goes on. */
  what?: string;
}

/** What waits for it is delivered from now on: by an entry of the outbox, its own, which goes on or is made. */
export async function queueDelivery(store: Store, { tenant, id, at, key, what = 'requested' }: DeliveryRequest): Promise<void> {
  const entry = await store.outbox.findNewest(tenant, NOTIFICATION_TOPIC, toOutboxSubject(id));
  // who has it under way looks again before it lets go
  if (entry?.state === 'sending') return;
  const open =
    entry && (await store.outbox.changeState(entry, { from: ['queued', 'unknown', 'parked'], to: 'queued', at, nextAt: at, what }));
  if (!open) await store.outbox.add({ tenant, topic: NOTIFICATION_TOPIC, subject: toOutboxSubject(id), key, payload: '', at });
}

/** Nobody is told any more, and what waits is forgotten. */
export async function cancelDelivery(store: Store, { tenant, id, at }: { tenant: number; id: string; at: string }): Promise<void> {
  await store.subscriptions.deactivate({ tenant, id });
  await store.subscriptions.deleteNotifications({ tenant, id });
  const entry = await store.outbox.findNewest(tenant, NOTIFICATION_TOPIC, toOutboxSubject(id));
  if (entry) await store.outbox.changeState(entry, { from: ['queued', 'unknown', 'parked'], to: 'cancelled', at, what: 'off' });
}
