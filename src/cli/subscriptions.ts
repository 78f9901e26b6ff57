// `facet subscriptions`: list Subscriptions, show one, retry its delivery, show or renew its secret. Criteria may name patients, and endpoints and headers may
// contain credentials: none of these is printed.
import type { Database } from '../store/database/database.ts';
import { listOutbox } from '../store/queues/backlogs.ts';
import { OPEN_STATES, type OutboxEntry, type OutboxState } from '../store/queues/outbox-entry.ts';
import type { SubscriptionRegistration } from '../store/queues/subscriptions.ts';
import { createStore } from '../store/sql-store.ts';
import { NOTIFICATION_TOPIC, parseSubscriptionId, toOutboxSubject } from '../subscriptions/delivery-context.ts';
import { retrySubscription, rotateSecret } from '../subscriptions/operator-actions.ts';
import { type AdminContext, AdminError, type AdminOperation, type DefineCommands, type Options } from './admin-command.ts';
import {
  describeState,
  eventLines,
  type FoundEntry,
  findEntry,
  formatDuration,
  nextAttempt,
  parseLimit,
  type StateText,
  stateHelp,
  tenantNames,
} from './outbox-output.ts';
import { textTable } from './text-table.ts';

const SUBSCRIPTION_STATES = {
  active: { is: 'receives notifications' },
  failing: {
    is: 'does not accept its notifications; they are retried',
    help: 'does not accept its notifications; they are retried, for three days',
  },
  error: {
    is: 'receives nothing until it is retried',
    next: 'facet subscriptions retry',
    help: 'receives nothing until an operator retries it, or its owner writes the status "requested"',
  },
  off: { is: 'is switched off' },
} satisfies Record<string, StateText>;
type SubscriptionState = keyof typeof SUBSCRIPTION_STATES;

/** State of the outbox entry → state of the Subscription; every other state is `active`. */
const STATES_BY_ENTRY: Partial<Record<OutboxState, SubscriptionState>> = { unknown: 'failing', parked: 'error', cancelled: 'off' };
const toSubscriptionState = (state: OutboxState): SubscriptionState => STATES_BY_ENTRY[state] ?? 'active';

/** Value of --state → states of entries. */
const STATES = new Map<string, OutboxState[]>([
  ['active', ['queued', 'sending']],
  ['failing', ['unknown']],
  ['error', ['parked']],
  ['open', OPEN_STATES],
]);

async function listSubscriptions(database: Database, options: Options, { now }: AdminContext): Promise<string[]> {
  const { tenant, state = 'open', limit = '50' } = options;
  const states = STATES.get(state);
  if (!states) throw new AdminError(`--state must be one of ${[...STATES.keys()].join(', ')}`);
  const maxEntries = parseLimit(limit);
  const tenants = await tenantNames(database, tenant);
  const named = tenant === undefined ? {} : { tenant: [...tenants.keys()][0]! };
  const found = await listOutbox(database, { topic: NOTIFICATION_TOPIC, states, limit: maxEntries + 1, ...named });
  if (!found.length) return [state === 'open' ? 'no subscriptions' : `no subscriptions in state ${state}`];
  const rows = await Promise.all(found.slice(0, maxEntries).map((entry) => toRow(database, tenants, entry, now())));
  const more = found.length > maxEntries ? [`more than ${maxEntries}: --limit shows more of them`] : [];
  return [...textTable(['tenant', 'subscription', 'state', 'waiting', 'oldest', 'next', 'reason'], rows), ...more];
}

async function toRow(database: Database, tenants: Map<number, string>, entry: OutboxEntry, at: Date): Promise<string[]> {
  const { tenant, lastError } = entry;
  const id = parseSubscriptionId(entry);
  const { count, oldest } = await createStore(database).subscriptions.readBacklog({ tenant, id });
  const age = oldest === null ? '' : formatDuration(at.getTime() - Date.parse(oldest));
  const next = count === 0 ? '' : nextAttempt(entry, at);
  return [
    tenants.get(tenant) ?? String(tenant),
    id,
    toSubscriptionState(entry.state),
    String(count),
    age,
    next,
    (lastError ?? '').slice(0, 60),
  ];
}

async function showSubscription(database: Database, options: Options, { now, contextOf }: AdminContext): Promise<string[]> {
  const { registration, entry, tenant, context } = await findSubscription(database, options, contextOf);
  const at = now();
  const { id, type, actor, endsAt, formerUntil } = registration;
  const { count, oldest, failingSince } = await context.store.subscriptions.readBacklog(registration);
  const events = await context.store.outbox.listEvents(entry);
  const facts: [string, string | null][] = [
    ['subscription', `Subscription/${id} of tenant ${tenant}`],
    ['state', `${toSubscriptionState(entry.state)}: it ${describeState(SUBSCRIPTION_STATES[toSubscriptionState(entry.state)])}`],
    ['reason', entry.lastError],
    ['watches', `${type}, with the scopes of ${actor}`],
    ['ends', endsAt],
    ['waiting', oldest === null ? '0' : `${count}, the oldest for ${formatDuration(at.getTime() - Date.parse(oldest))}`],
    ['failing since', failingSince],
    ['next attempt', count === 0 ? null : nextAttempt(entry, at) || null],
    [
      'old secret',
      formerUntil !== null && Date.parse(formerUntil) > at.getTime() ? `valid until ${formerUntil}, beside the new one` : null,
    ],
  ];
  return [
    ...facts.flatMap(([name, text]) => (text === null ? [] : [`${name.padEnd(13)}  ${text}`])),
    '',
    ...eventLines(events, toSubscriptionState),
  ];
}

async function retryDelivery(database: Database, options: Options, { contextOf }: AdminContext): Promise<string[]> {
  const { registration, context } = await findSubscription(database, options, contextOf);
  if (!(await retrySubscription(context, registration.id)))
    throw new AdminError(`subscription ${registration.id} is off: only its owner can switch it on, with the status "requested"`);
  return [`subscription ${registration.id} is active: a running server sends its notifications within a second`];
}

async function showSecret(database: Database, options: Options, { contextOf }: AdminContext): Promise<string[]> {
  const { registration, context } = await findSubscription(database, options, contextOf);
  if (options.new === undefined) return [registration.secret];
  const { secret, formerUntil } = await rotateSecret(context, registration.id);
  return [secret, `notifications are signed with this secret and the former one until ${formerUntil}, and with this one alone after that`];
}

interface FoundSubscription extends FoundEntry {
  registration: SubscriptionRegistration;
}

async function findSubscription(
  database: Database,
  { subscription = '', tenant }: Options,
  contextOf: AdminContext['contextOf'],
): Promise<FoundSubscription> {
  const id = subscription.replace(/^Subscription\//, '');
  const filter = { topic: NOTIFICATION_TOPIC, subject: toOutboxSubject(id), tenant, what: 'a subscription' };
  const found = await findEntry(database, filter, contextOf);
  const registration = found && (await found.context.store.subscriptions.find(found.entry.tenant, id));
  if (!registration) throw new AdminError('there is no subscription with this id: facet subscriptions list shows the ids');
  return { ...found, registration };
}

export const SUBSCRIPTION_OPERATIONS: Record<string, AdminOperation> = {
  'subscriptions list': listSubscriptions,
  'subscriptions show': showSubscription,
  'subscriptions retry': retryDelivery,
  'subscriptions secret': showSecret,
};

const { active, failing, error } = SUBSCRIPTION_STATES;
const STATE_HELP = stateHelp({ active, failing, error, open: { is: 'all of them; Subscriptions that are off are not listed' } });

const EXAMPLES = {
  list: `
${STATE_HELP}

Examples:
  facet subscriptions list                     all that are not off, oldest first (the same as facet subscriptions)
  facet subscriptions list --state error --tenant springfield`,
  show: `
Example:
  facet subscriptions show 0193c2f4-… --tenant springfield`,
  retry: `
Example:
  facet subscriptions retry 0193c2f4-…`,
  secret: `
Notifications are signed with it as Standard Webhooks describe. Give it to the subscriber, and treat it like a key.

Examples:
  facet subscriptions secret 0193c2f4-… --tenant springfield
  facet subscriptions secret 0193c2f4-… --new       the former secret stays valid for a day`,
};

export const defineSubscriptionCommands: DefineCommands = (subscriptions, run) => {
  subscriptions
    .command('list')
    .description('list Subscriptions with their state and the number of waiting notifications')
    .option('--tenant <name>', 'of this tenant only')
    .option('--state <state>', 'active, failing, error or open', 'open')
    .option('--limit <number>', 'how many to show at most', '50')
    .addHelpText('after', EXAMPLES.list)
    .action((options: Record<string, string>) => run('subscriptions list', options));
  const defineForOne = (name: keyof typeof EXAMPLES, description: string) =>
    subscriptions
      .command(`${name} <subscription>`)
      .description(description)
      .option('--tenant <name>', 'the tenant of the Subscription; required when several tenants have one with this id')
      .addHelpText('after', EXAMPLES[name]);
  defineForOne('show', 'show one Subscription: its state, its waiting notifications, its attempts').action(
    (subscription: string, options: Options) => run('subscriptions show', { subscription, ...options }),
  );
  defineForOne('retry', 'send the waiting notifications now; a Subscription in error becomes active again').action(
    (subscription: string, options: Options) => run('subscriptions retry', { subscription, ...options }),
  );
  defineForOne('secret', 'show the secret that notifications are signed with')
    .option('--new', 'replace it by a new one')
    .action((subscription: string, { tenant, new: isNew }: { tenant?: string; new?: true }) =>
      run('subscriptions secret', { subscription, tenant, ...(isNew && { new: 'yes' }) }),
    );
};
