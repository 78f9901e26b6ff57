// What an operator sees of Subscriptions and does with them: ids, times, states and reasons. Criteria may name patients, and endpoints and headers may hold
// credentials: none of them is shown.
import { NOTIFICATION, subjectOf, subscriptionId } from '../outbound/subscriptions/notifying.ts';
import { renewSecret, retry } from '../outbound/subscriptions/operate.ts';
import type { Context } from '../resource/context.ts';
import type { Database } from '../store/database.ts';
import { listOutbox } from '../store/outbox-view.ts';
import { storeOf } from '../store/sql-store.ts';
import type { OutboxEntry, OutboxState } from '../store/store.ts';
import type { Registration } from '../store/subscriptions.ts';
import type { AdminFacts, Options } from './admin-command.ts';
import { AdminError } from './admin-error.ts';
import { limitOf, namesOf, nextOf, spanOf } from './outbox-words.ts';
import { textTable } from './text-table.ts';

/** How deliveries stand in the outbox, in the words of people. */
const WORDS: Partial<Record<OutboxState, string>> = { unknown: 'failing', parked: 'error', cancelled: 'off' };
const wordOf = ({ state }: OutboxEntry): string => WORDS[state] ?? 'active';

const GROUPS: Record<string, OutboxState[]> = {
  active: ['queued', 'sending'],
  failing: ['unknown'],
  error: ['parked'],
  open: ['queued', 'sending', 'unknown', 'parked'],
};

export async function subscriptionsList(database: Database, options: Options, { now }: AdminFacts): Promise<string[]> {
  const { tenant, state = 'open', limit = '50' } = options;
  const states = GROUPS[state];
  if (!states) throw new AdminError(`--state must be one of ${Object.keys(GROUPS).join(', ')}`);
  const most = limitOf(limit);
  const tenants = await namesOf(database, tenant);
  const named = tenant === undefined ? {} : { tenant: [...tenants.keys()][0]! };
  const found = await listOutbox(database, { topic: NOTIFICATION, states, limit: most + 1, ...named });
  if (!found.length) return [`no subscriptions${state === 'open' ? '' : ` that are ${state}`}`];
  const rows = await Promise.all(found.slice(0, most).map((entry) => rowOf(database, tenants, entry, now())));
  const more = found.length > most ? [`more than ${most}: --limit shows more of them`] : [];
  return [...textTable(['tenant', 'subscription', 'state', 'waiting', 'oldest', 'next', 'reason'], rows), ...more];
}

async function rowOf(database: Database, tenants: Map<number, string>, entry: OutboxEntry, at: Date): Promise<string[]> {
  const { tenant, lastError } = entry;
  const id = subscriptionId(entry);
  const { count, oldest } = await storeOf(database).subscriptions.backlog({ tenant, id });
  const age = oldest === null ? '' : spanOf(at.getTime() - Date.parse(oldest));
  const next = count === 0 ? '' : nextOf(entry, at);
  return [tenants.get(tenant) ?? String(tenant), id, wordOf(entry), String(count), age, next, (lastError ?? '').slice(0, 60)];
}

const MEANING: Record<string, string> = {
  active: 'is told of what is written',
  failing: 'does not take what it is sent; it is tried again',
  error: 'is given up until somebody asks for it again: facet subscriptions retry',
  off: 'is told of nothing',
};

export async function subscriptionsShow(database: Database, options: Options, { now, contextOf }: AdminFacts): Promise<string[]> {
  const { registration, entry, tenant, context } = await one(database, options, contextOf);
  const at = now();
  const { id, type, actor, endsAt, formerUntil } = registration;
  const { count, oldest, failingSince } = await context.store.subscriptions.backlog(registration);
  const events = await context.store.outbox.events(entry);
  const facts: [string, string | null][] = [
    ['subscription', `Subscription/${id} of tenant ${tenant}`],
    ['state', `${wordOf(entry)}: it ${MEANING[wordOf(entry)]}`],
    ['reason', entry.lastError],
    ['watches', `${type}, with the scopes of ${actor}`],
    ['ends', endsAt],
    ['waiting', oldest === null ? '0' : `${count}, the oldest for ${spanOf(at.getTime() - Date.parse(oldest))}`],
    ['failing since', failingSince],
    ['next attempt', count === 0 ? null : nextOf(entry, at) || null],
    ['old secret', formerUntil !== null && Date.parse(formerUntil) > at.getTime() ? `signs beside the new one until ${formerUntil}` : null],
  ];
  return [
    ...facts.flatMap(([name, text]) => (text === null ? [] : [`${name.padEnd(13)}  ${text}`])),
    '',
    ...(events.length
      ? textTable(
          ['when', 'until', 'times', 'what', 'then', 'reason'],
          events.map((event) => [
            event.at,
            event.times > 1 ? event.lastAt : '',
            String(event.times),
            event.what,
            WORDS[event.state] ?? 'active',
            event.reason ?? '',
          ]),
        )
      : ['nothing has happened to it yet']),
  ];
}

export async function subscriptionsRetry(database: Database, options: Options, { contextOf }: AdminFacts): Promise<string[]> {
  const { registration, context } = await one(database, options, contextOf);
  if (!(await retry(context, registration.id)))
    throw new AdminError(`subscription ${registration.id} is off: its owner may ask for it again`);
  return [`subscription ${registration.id} is active, and what waits is due now: a running server sends it within a second`];
}

export async function subscriptionsSecret(database: Database, options: Options, { contextOf }: AdminFacts): Promise<string[]> {
  const { registration, context } = await one(database, options, contextOf);
  if (options.new === undefined) return [registration.secret];
  const { secret, formerUntil } = await renewSecret(context, registration.id);
  return [secret, `messages are signed with this one and the one before until ${formerUntil}, and with this one alone from then on`];
}

interface One {
  registration: Registration;
  entry: OutboxEntry;
  /** Its name. */
  tenant: string;
  /** Of that tenant, as an operator. */
  context: Context;
}

/** The subscription of this id; of which tenant must be said when several have one. */
async function one(database: Database, { subscription = '', tenant }: Options, contextOf: AdminFacts['contextOf']): Promise<One> {
  const id = subscription.replace(/^Subscription\//, '');
  const tenants = await namesOf(database, tenant);
  const named = tenant === undefined ? {} : { tenant: [...tenants.keys()][0]! };
  const found = await listOutbox(database, { topic: NOTIFICATION, subject: subjectOf(id), limit: 1000, ...named });
  const owners = [...new Set(found.map((entry) => entry.tenant))];
  if (owners.length > 1)
    throw new AdminError(
      `several tenants have a subscription of this id: name one with --tenant (${owners.map((one) => tenants.get(one)).join(', ')})`,
    );
  const entry = found.at(-1);
  const registration = entry && (await storeOf(database).subscriptions.find(entry.tenant, id));
  if (!registration) throw new AdminError('there is no subscription of this id: facet subscriptions list shows them');
  return {
    registration,
    entry,
    tenant: tenants.get(entry.tenant) ?? String(entry.tenant),
    context: contextOf({ tenant: entry.tenant, actor: 'operator', surface: 'fhir', scopes: [] }),
  };
}
