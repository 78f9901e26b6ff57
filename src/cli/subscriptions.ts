// What an operator sees of Subscriptions and does with them: ids, times, states and reasons. Criteria may name patients, and endpoints and headers may hold
// credentials: none of them is shown.

import type { Database } from '../store/database/database.ts';
import type { OutboxEntry, OutboxState } from '../store/queues/outbox-entry.ts';
import { listOutbox } from '../store/queues/outbox-view.ts';
import type { Registration } from '../store/queues/subscriptions.ts';
import { storeOf } from '../store/sql-store.ts';
import { NOTIFICATION_TOPIC, parseSubscriptionId, toOutboxSubject } from '../subscriptions/delivery-context.ts';
import { retrySubscription, rotateSecret } from '../subscriptions/operator-actions.ts';
import type { AdminFacts, Options } from './admin-command.ts';
import { AdminError } from './admin-error.ts';
import { type One, oneEntry } from './one-entry.ts';
import { eventLines, limitOf, namesOf, nextOf, spanOf } from './outbox-words.ts';
import { meaningOf, OPEN, SUBSCRIPTION_STATES, type SubscriptionState } from './states.ts';
import { textTable } from './text-table.ts';

/** How deliveries stand in the outbox, in the words of people. */
const WORDS: Partial<Record<OutboxState, SubscriptionState>> = { unknown: 'failing', parked: 'error', cancelled: 'off' };
const wordOf = (state: OutboxState): SubscriptionState => WORDS[state] ?? 'active';

/** What can be asked for, and which states of entries that is. */
const STATES = new Map<string, OutboxState[]>([
  ['active', ['queued', 'sending']],
  ['failing', ['unknown']],
  ['error', ['parked']],
  ['open', OPEN],
]);

export async function subscriptionsList(database: Database, options: Options, { now }: AdminFacts): Promise<string[]> {
  const { tenant, state = 'open', limit = '50' } = options;
  const states = STATES.get(state);
  if (!states) throw new AdminError(`--state must be one of ${[...STATES.keys()].join(', ')}`);
  const most = limitOf(limit);
  const tenants = await namesOf(database, tenant);
  const named = tenant === undefined ? {} : { tenant: [...tenants.keys()][0]! };
  const found = await listOutbox(database, { topic: NOTIFICATION_TOPIC, states, limit: most + 1, ...named });
  if (!found.length) return [`no subscriptions${state === 'open' ? '' : ` that are ${state}`}`];
  const rows = await Promise.all(found.slice(0, most).map((entry) => rowOf(database, tenants, entry, now())));
  const more = found.length > most ? [`more than ${most}: --limit shows more of them`] : [];
  return [...textTable(['tenant', 'subscription', 'state', 'waiting', 'oldest', 'next', 'reason'], rows), ...more];
}

async function rowOf(database: Database, tenants: Map<number, string>, entry: OutboxEntry, at: Date): Promise<string[]> {
  const { tenant, lastError } = entry;
  const id = parseSubscriptionId(entry);
  const { count, oldest } = await storeOf(database).subscriptions.backlog({ tenant, id });
  const age = oldest === null ? '' : spanOf(at.getTime() - Date.parse(oldest));
  const next = count === 0 ? '' : nextOf(entry, at);
  return [tenants.get(tenant) ?? String(tenant), id, wordOf(entry.state), String(count), age, next, (lastError ?? '').slice(0, 60)];
}

export async function subscriptionsShow(database: Database, options: Options, { now, contextOf }: AdminFacts): Promise<string[]> {
  const { registration, entry, tenant, context } = await one(database, options, contextOf);
  const at = now();
  const { id, type, actor, endsAt, formerUntil } = registration;
  const { count, oldest, failingSince } = await context.store.subscriptions.backlog(registration);
  const events = await context.store.outbox.events(entry);
  const facts: [string, string | null][] = [
    ['subscription', `Subscription/${id} of tenant ${tenant}`],
    ['state', `${wordOf(entry.state)}: it ${meaningOf(SUBSCRIPTION_STATES[wordOf(entry.state)])}`],
    ['reason', entry.lastError],
    ['watches', `${type}, with the scopes of ${actor}`],
    ['ends', endsAt],
    ['waiting', oldest === null ? '0' : `${count}, the oldest for ${spanOf(at.getTime() - Date.parse(oldest))}`],
    ['failing since', failingSince],
    ['next attempt', count === 0 ? null : nextOf(entry, at) || null],
    ['old secret', formerUntil !== null && Date.parse(formerUntil) > at.getTime() ? `signs beside the new one until ${formerUntil}` : null],
  ];
  return [...facts.flatMap(([name, text]) => (text === null ? [] : [`${name.padEnd(13)}  ${text}`])), '', ...eventLines(events, wordOf)];
}

export async function subscriptionsRetry(database: Database, options: Options, { contextOf }: AdminFacts): Promise<string[]> {
  const { registration, context } = await one(database, options, contextOf);
  if (!(await retrySubscription(context, registration.id)))
    throw new AdminError(`subscription ${registration.id} is off: its owner may ask for it again`);
  return [`subscription ${registration.id} is active, and what waits is due now: a running server sends it within a second`];
}

export async function subscriptionsSecret(database: Database, options: Options, { contextOf }: AdminFacts): Promise<string[]> {
  const { registration, context } = await one(database, options, contextOf);
  if (options.new === undefined) return [registration.secret];
  const { secret, formerUntil } = await rotateSecret(context, registration.id);
  return [secret, `messages are signed with this one and the one before until ${formerUntil}, and with this one alone from then on`];
}

interface Subscribed extends One {
  registration: Registration;
}

async function one(database: Database, { subscription = '', tenant }: Options, contextOf: AdminFacts['contextOf']): Promise<Subscribed> {
  const id = subscription.replace(/^Subscription\//, '');
  const sought = { topic: NOTIFICATION_TOPIC, subject: toOutboxSubject(id), tenant, what: 'a subscription' };
  const found = await oneEntry(database, sought, contextOf);
  const registration = found && (await found.context.store.subscriptions.find(found.entry.tenant, id));
  if (!registration) throw new AdminError('there is no subscription of this id: facet subscriptions list shows them');
  return { ...found, registration };
}
