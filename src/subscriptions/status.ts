// Where a Subscription stands, and who may say so: a client asks for it or turns it off, the server makes it active, and an error of it.
// https://hl7.org/fhir/R4/subscription-definitions.html#Subscription.status
import { rule } from '../fhir/outcome.ts';
import type { Resource } from '../fhir/types.ts';
import type { Context } from '../interactions/context.ts';
import { UNCHECKED } from '../interactions/profiles.ts';
import { readModifyWrite } from '../interactions/read-modify-write.ts';
import type { Store } from '../store/store.ts';
import { NOTIFICATION, NOTIFIER, notifierOf, subjectOf } from './notifying.ts';

/** What a client may write; beside it, what stands already. */
const ASKED = new Set(['requested', 'off']);

/** Refuses (422) what only the server says. */
export function refuseForged(resource: Resource, previous: Resource | undefined): void {
  if (!ASKED.has(resource.status as string) && resource.status !== previous?.status)
    throw rule('only the server says that a Subscription is active or in error: send requested or off', 'Subscription.status');
  if (resource.error !== undefined && resource.error !== previous?.error)
    throw rule('only the server says what went wrong', 'Subscription.error');
}

type ServerStatus = 'active' | 'error' | 'off';

/** The server's word on it, as the next version. `error`: what went wrong; absent: nothing. */
export async function declare(context: Context, id: string, { status, error }: { status: ServerStatus; error?: string }): Promise<void> {
  const { tenant } = context.caller;
  await readModifyWrite(
    { ...context, caller: notifierOf(tenant), profiles: UNCHECKED },
    {
      type: 'Subscription',
      id,
      edit: ({ error: _former, ...rest }) => ({ ...(rest as Resource), status, ...(error !== undefined && { error }) }),
    },
  );
}

export const isServer = ({ caller }: Context): boolean => caller.actor === NOTIFIER;

interface Delivery {
  tenant: number;
  id: string;
  at: string;
  /** For an entry that has to be made. */
  key: string;
  /** Why it goes on. */
  what?: string;
}

/** What waits for it is delivered from now on: by an entry of the outbox, its own, which goes on or is made. */
export async function deliver(store: Store, { tenant, id, at, key, what = 'requested' }: Delivery): Promise<void> {
  const entry = await store.outbox.find(tenant, NOTIFICATION, subjectOf(id));
  // who has it under way looks again before it lets go
  if (entry?.state === 'sending') return;
  const open = entry && (await store.outbox.move(entry, { from: ['queued', 'unknown', 'parked'], to: 'queued', at, nextAt: at, what }));
  if (!open) await store.outbox.add({ tenant, topic: NOTIFICATION, subject: subjectOf(id), key, payload: '', at });
}

/** Nobody is told any more, and what waits is forgotten. */
export async function callOff(store: Store, { tenant, id, at }: { tenant: number; id: string; at: string }): Promise<void> {
  await store.subscriptions.rest({ tenant, id });
  await store.subscriptions.drop({ tenant, id });
  const entry = await store.outbox.find(tenant, NOTIFICATION, subjectOf(id));
  if (entry) await store.outbox.move(entry, { from: ['queued', 'unknown', 'parked'], to: 'cancelled', at, what: 'off' });
}
