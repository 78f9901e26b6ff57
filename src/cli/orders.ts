// What an operator sees of lab orders and does with them: ids, times, states and reasons, nothing of a patient.

import { ORDER, payloadOf, requestId, subjectOf } from '../outbound/ordering/order-entry.ts';
import { CANCELLATION } from '../outbound/sending/cancel.ts';
import { MAY, type Operation, operate } from '../outbound/sending/operate.ts';
import type { Context } from '../resource/context.ts';
import type { Database } from '../store/database.ts';
import { listOutbox } from '../store/outbox-view.ts';
import type { OutboxEntry, OutboxEvent, OutboxState } from '../store/store.ts';
import type { AdminFacts, Options } from './admin-command.ts';
import { AdminError } from './admin-error.ts';
import { limitOf, millisecondsOf, namesOf, nextOf, spanOf } from './outbox-words.ts';
import { placedLines, UNREAD, unreadLines } from './placed-orders.ts';
import { textTable } from './text-table.ts';

/** What each state means to a person. */
const MEANING: Record<OutboxState, string> = {
  queued: 'waits to be sent',
  sending: 'is being sent at this moment',
  unknown: 'may have arrived, nobody knows yet: it is looked for before it is sent again',
  parked: 'waits for a person: facet orders release',
  done: 'stands at the laboratory network',
  refused: 'was refused by the laboratory network, for good',
  cancelled: 'was called off before it was sent',
};
/** What is sent about an order. */
const TOPICS: Record<string, string> = { [ORDER]: 'ordering', [CANCELLATION]: 'calling off' };
const STATES = Object.keys(MEANING) as OutboxState[];
/** Names for several states at once. */
const GROUPS: Record<string, OutboxState[]> = { open: ['queued', 'sending', 'unknown', 'parked'], all: STATES };

export async function ordersList(database: Database, options: Options, { now, contextOf: _ }: AdminFacts): Promise<string[]> {
  const { tenant, state = 'open', older, limit = '50' } = options;
  const states = GROUPS[state] ?? (STATES.includes(state as OutboxState) ? [state as OutboxState] : undefined);
  if (!states && state !== UNREAD) throw new AdminError(`--state must be one of ${[...Object.keys(GROUPS), ...STATES, UNREAD].join(', ')}`);
  const most = limitOf(limit);
  const tenants = await namesOf(database, tenant);
  const of = tenant === undefined ? undefined : [...tenants.keys()][0]!;
  const at = now();
  if (!states) return unreadLines(database, { tenants, tenant: of, limit: most, at });
  const found = await listOutbox(database, {
    topic: Object.keys(TOPICS),
    states,
    limit: most + 1,
    ...(of !== undefined && { tenant: of }),
    ...(older !== undefined && { before: new Date(at.getTime() - millisecondsOf(older)).toISOString() }),
  });
  if (found.length === 0) return [`no orders${state === 'all' ? '' : ` that are ${state}`}`];
  const rows = found
    .slice(0, most)
    .map((entry) => [
      tenants.get(entry.tenant) ?? String(entry.tenant),
      requestId(entry),
      TOPICS[entry.topic]!,
      entry.state,
      spanOf(at.getTime() - Date.parse(entry.createdAt)),
      String(entry.attempts),
      nextOf(entry, at),
      (entry.lastError ?? '').slice(0, 60),
    ]);
  const more = found.length > most ? [`more than ${limit}: --limit shows more of them`] : [];
  return [...textTable(['tenant', 'order', 'what', 'state', 'age', 'attempts', 'next', 'reason'], rows), ...more];
}

export async function ordersShow(database: Database, options: Options, { now, contextOf }: AdminFacts): Promise<string[]> {
  const { entry, tenant, context } = await one(database, options, contextOf);
  const at = now();
  const { task, orderId, transactionId, version = null } = payloadOf(entry);
  const { outbox, placedOrders } = context.store;
  const cancellation = await outbox.find(entry.tenant, CANCELLATION, entry.subject);
  const own = cancellation && payloadOf(cancellation).task === task ? cancellation : undefined;
  const events = await outbox.events(entry);
  const facts: [string, string | undefined][] = [
    ['order', `${entry.subject} of tenant ${tenant}`],
    ['state', `${entry.state}: it ${isPutAside(entry) ? 'was put aside by an operator: facet orders release' : MEANING[entry.state]}`],
    ['task', `Task/${task}`],
    ['network order', orderId && `${orderId}${transactionId ? `, journey ${transactionId}` : ''}`],
    ['ordered', `${entry.createdAt}, ${spanOf(at.getTime() - Date.parse(entry.createdAt))} ago`],
    ['first sent', entry.firstSentAt ?? 'never'],
    ['next attempt', OPEN.has(entry.state) ? nextOf(entry, at) : undefined],
    ['attempts', attemptsOf(entry, events)],
    ['calling off', own && `${own.state}${own.lastError ? `: ${own.lastError}` : ''}`],
  ];
  const lines = facts.flatMap(([name, text]) => (text === undefined ? [] : [`${name.padEnd(13)}  ${text}`]));
  const past = [
    ...events.map((event) => rowOf('order', event)),
    ...(own ? (await outbox.events(own)).map((event) => rowOf('calling off', event)) : []),
  ];
  return [
    ...lines,
    ...placedLines(await placedOrders.ofRequest({ tenant: entry.tenant, request: requestId(entry), version }), at),
    '',
    ...(past.length ? textTable(['when', 'until', 'times', 'of', 'what', 'then', 'reason'], past) : ['nothing has happened to it yet']),
  ];
}

const isPutAside = (entry: OutboxEntry): boolean => entry.state === 'parked' && payloadOf(entry).kept === true;

/** The three that change something. */
export const ordersOperation =
  (operation: Operation) =>
  async (database: Database, options: Options, { contextOf }: AdminFacts): Promise<string[]> => {
    const { entry, context } = await one(database, options, contextOf);
    const id = requestId(entry);
    if (!MAY[operation].includes(entry.state)) throw new AdminError(`order ${id} ${REFUSAL[operation]}: it ${MEANING[entry.state]}`);
    if (!(await operate(context, operation, entry)))
      throw new AdminError(`order ${id} has just gone on: look at it again with facet orders show`);
    return [`order ${id} ${DONE[operation]}`];
  };

const REFUSAL: Record<Operation, string> = { retry: 'cannot be tried now', park: 'cannot be put aside', release: 'is not put aside' };
const DONE: Record<Operation, string> = {
  retry: 'is due now: a running server sends it within a second',
  park: 'is put aside: nobody sends it until it is released',
  release: 'goes on: a running server takes it up within a second',
};
const OPEN: ReadonlySet<OutboxState> = new Set(GROUPS.open);

interface One {
  entry: OutboxEntry;
  /** Its name. */
  tenant: string;
  /** Of that tenant, as an operator. */
  context: Context;
}

/** The newest order under this id; of which tenant must be said when several have one. */
async function one(database: Database, { order = '', tenant }: Options, contextOf: AdminFacts['contextOf']): Promise<One> {
  const tenants = await namesOf(database, tenant);
  const found = await listOutbox(database, {
    topic: ORDER,
    subject: subjectOf(order.replace(/^ServiceRequest\//, '')),
    limit: 1000,
    ...(tenant !== undefined && { tenant: [...tenants.keys()][0]! }),
  });
  const owners = new Set(found.map((entry) => entry.tenant));
  if (owners.size > 1)
    throw new AdminError(
      `several tenants have an order of this id: name one with --tenant (${[...owners].map((id) => tenants.get(id)).join(', ')})`,
    );
  const entry = found.at(-1);
  if (!entry) throw new AdminError('there is no order of this id: facet orders list --state all shows them');
  return {
    entry,
    tenant: tenants.get(entry.tenant) ?? String(entry.tenant),
    context: contextOf({ tenant: entry.tenant, actor: 'operator', surface: 'fhir', scopes: [] }),
  };
}

/** Attempts of which nothing was written down: their processes died. */
function attemptsOf({ attempts, state }: OutboxEntry, events: OutboxEvent[]): string {
  const told = events.filter(({ what }) => what === 'attempt').reduce((sum, { times }) => sum + times, 0);
  const silent = attempts - told - (state === 'sending' ? 1 : 0);
  const whole = events.length > 0 && events.length < 50;
  return whole && silent > 0 ? `${attempts}, of which ${silent} ended without a word` : String(attempts);
}

const rowOf = (of: string, { at, lastAt, times, what, state, reason }: OutboxEvent): string[] => [
  at,
  times > 1 ? lastAt : '',
  String(times),
  of,
  what,
  state,
  reason ?? '',
];
