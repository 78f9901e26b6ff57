// Subscription.status: checks the values that clients write, and changes the status together with the outbox entry of the deliveries.
// https://hl7.org/fhir/R4/subscription-definitions.html#Subscription.status
import type { Subscription } from '@medplum/fhirtypes';
import { businessRule } from '../fhir/outcome.ts';
import type { Context } from '../interactions/context.ts';
import { NO_PROFILE_CHECKS } from '../interactions/profiles.ts';
import { readModifyWrite } from '../interactions/read-modify-write.ts';
import { redactError } from '../messaging/redacted-error.ts';
import type { SubscriptionRegistration } from '../store/queues/subscriptions.ts';
import type { Store, TenantStore } from '../store/store.ts';
import {
  NO_ACCOUNT,
  NOTIFICATION_TOPIC,
  NOTIFIER_ACTOR,
  type SubscriptionDelivery,
  toOutboxSubject,
  toServerCaller,
} from './delivery-context.ts';

/** The values that a client may write. A client may also repeat the current value. */
const CLIENT_STATUSES = new Set<Subscription['status']>(['requested', 'off']);

/** Fails with 422 if the client sets a value that only the server may set. */
export function checkClientStatus(resource: Subscription, previous: Subscription | undefined): void {
  if (!CLIENT_STATUSES.has(resource.status) && resource.status !== previous?.status)
    throw businessRule('only the server sets the status active or error: send requested or off', 'Subscription.status');
  if (resource.error !== undefined && resource.error !== previous?.error)
    throw businessRule('only the server sets the error', 'Subscription.error');
}

type ServerStatus = 'active' | 'error' | 'off';

/** Stores the next version as the server, with this status and error. */
export async function writeStatus(
  context: Context,
  id: string,
  { status, error }: { status: ServerStatus; error?: string },
): Promise<void> {
  await readModifyWrite(
    { ...context, caller: toServerCaller(context.caller.tenant), profiles: NO_PROFILE_CHECKS },
    { type: 'Subscription', id, edit: ({ error: _former, ...rest }) => ({ ...rest, status, ...(error !== undefined && { error }) }) },
  );
}

export const isServerCaller = ({ caller }: Context): boolean => caller.actor === NOTIFIER_ACTOR;

type SubscriptionKey = Pick<SubscriptionRegistration, 'tenant' | 'id'>;

interface DeliveryRequest extends SubscriptionKey {
  at: string;
  /** The key of the outbox entry, if there is none yet. */
  key: string;
  /** The event in the history of the outbox entry. */
  what?: string;
}

/** Makes the outbox entry of the subscription due now. Adds an entry if the last one has ended. */
export async function queueDelivery(store: TenantStore, { tenant, id, at, key, what = 'requested' }: DeliveryRequest): Promise<void> {
  const entry = await store.outbox.findNewest(tenant, NOTIFICATION_TOPIC, toOutboxSubject(id));
  // the delivering process reads the pending notifications again before it releases the lease
  if (entry?.state === 'sending') return;
  const open =
    entry && (await store.outbox.changeState(entry, { from: ['queued', 'unknown', 'parked'], to: 'queued', at, nextAt: at, what }));
  if (!open)
    await store.outbox.add({ tenant, account: NO_ACCOUNT, topic: NOTIFICATION_TOPIC, subject: toOutboxSubject(id), key, payload: '', at });
}

/** Ends matching and delivery, and drops the pending notifications. */
export async function cancelDelivery(store: TenantStore, { tenant, id, at }: SubscriptionKey & { at: string }): Promise<void> {
  await store.subscriptions.deactivate({ tenant, id });
  await store.subscriptions.deleteNotifications({ tenant, id });
  const entry = await store.outbox.findNewest(tenant, NOTIFICATION_TOPIC, toOutboxSubject(id));
  if (entry) await store.outbox.changeState(entry, { from: ['queued', 'unknown', 'parked'], to: 'cancelled', at, what: 'off' });
}

interface SubscriptionFailure extends SubscriptionKey {
  why: string;
}

/** Sets the status to error and ends matching; pending notifications stay. Call it inside a transaction that has locked the Subscription. */
export async function markFailed(
  { contextOf, log }: SubscriptionDelivery,
  store: Store,
  { tenant, id, why }: SubscriptionFailure,
): Promise<void> {
  await store.subscriptions.deactivate({ tenant, id });
  await writeStatus({ ...contextOf(toServerCaller(tenant)), store }, id, { status: 'error', error: why });
  log({ tenant, subscription: id, why }, 'a subscription was set to error');
}

/** Like markFailed, for use outside of a delivery: changes the outbox entry, too. A running delivery finds the new status when it stores its result. */
export async function failSubscription(delivery: SubscriptionDelivery, { tenant, id, why }: SubscriptionFailure): Promise<void> {
  const at = delivery.clock().toISOString();
  await delivery.store.transaction(async (store) => {
    await store.readForUpdate(tenant, [{ type: 'Subscription', id }]);
    await markFailed(delivery, store, { tenant, id, why });
    const entry = await store.outbox.findNewest(tenant, NOTIFICATION_TOPIC, toOutboxSubject(id));
    if (entry) await store.outbox.changeState(entry, { from: ['queued', 'unknown'], to: 'parked', at, what: 'error', reason: why });
  });
}

/**
 * Sets the subscriptions whose `end` has passed to `off`, and returns their number. A subscription that fails is tried again in the next round.
 * https://hl7.org/fhir/R4/subscription-definitions.html#Subscription.end
 */
export async function endExpiredSubscriptions(delivery: SubscriptionDelivery): Promise<number> {
  const { store, clock, log } = delivery;
  const expired = await store.subscriptions.listExpired(clock().toISOString());
  for (const { tenant, id } of expired) {
    await endSubscription(delivery, { tenant, id }).then(
      () => log({ tenant, subscription: id }, 'a subscription has reached its end'),
      (error: unknown) => log({ tenant, subscription: id, error: redactError(error) }, 'a subscription could not be ended'),
    );
  }
  return expired.length;
}

async function endSubscription({ store, clock, contextOf }: SubscriptionDelivery, { tenant, id }: SubscriptionKey): Promise<void> {
  const at = clock().toISOString();
  await store.transaction(async (inside) => {
    await inside.readForUpdate(tenant, [{ type: 'Subscription', id }]);
    const registration = await inside.subscriptions.find(tenant, id);
    if (!registration?.active || registration.endsAt === null || registration.endsAt > at) return;
    await writeStatus({ ...contextOf(toServerCaller(tenant)), store: inside }, id, { status: 'off' });
    await cancelDelivery(inside, { tenant, id, at });
  });
}
