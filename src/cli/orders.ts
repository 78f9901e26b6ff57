// What an operator sees of lab orders and does with them: ids, times, states and reasons, nothing of a patient.

import { MAY, type Operation, operate } from '../orders/deliver/operate.ts';
import { listedInMs } from '../orders/deliver/retry-time.ts';
import { CANCELLATION } from '../orders/place/cancellation.ts';
import { ORDER, payloadOf, requestId, subjectOf } from '../orders/place/order-entry.ts';
import type { Database } from '../store/database/database.ts';
import type { OutboxEntry, OutboxState } from '../store/queues/outbox-entry.ts';
import type { OutboxEvent } from '../store/queues/outbox-events.ts';
import { listOutbox } from '../store/queues/outbox-view.ts';
import type { AdminFacts, Options } from './admin-command.ts';
import { AdminError } from './admin-error.ts';
import { type One, oneEntry } from './one-entry.ts';
import { eventLines, limitOf, millisecondsOf, namesOf, nextOf, spanOf } from './outbox-words.ts';
import { placedLines, unreadLines } from './placed-orders.ts';
import { meaningOf, OPEN, ORDER_STATES, UNREAD } from './states.ts';
import { textTable } from './text-table.ts';

/** What is sent about an order. */
const TOPICS: Record<string, string> = { [ORDER]: 'ordering', [CANCELLATION]: 'calling off' };

const ALL = Object.keys(ORDER_STATES) as OutboxState[];
/** What can be asked for, and which states of entries that is. */
const STATES = new Map<string, OutboxState[]>([
  ['open', OPEN],
  ['all', ALL],
  ...ALL.map((state): [string, OutboxState[]] => [state, [state]]),
]);

export async function ordersList(database: Database, options: Options, { now }: AdminFacts): Promise<string[]> {
  const { tenant, state = 'open', older, limit = '50' } = options;
  const states = STATES.get(state);
  if (!states && state !== UNREAD) throw new AdminError(`--state must be one of ${[...STATES.keys(), UNREAD].join(', ')}`);
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
    [
      'state',
      `${entry.state}: it ${isPutAside(entry) ? 'was put aside by an operator: facet orders release' : meaningOf(ORDER_STATES[entry.state])}`,
    ],
    ['task', `Task/${task}`],
    ['network order', orderId && `${orderId}${transactionId ? `, journey ${transactionId}` : ''}`],
    ['ordered', `${entry.createdAt}, ${spanOf(at.getTime() - Date.parse(entry.createdAt))} ago`],
    ['first sent', entry.firstSentAt ?? 'never'],
    ['next attempt', OPEN.includes(entry.state) ? nextOf(entry, at) : undefined],
    ['attempts', attemptsOf(entry, events)],
    ['calling off', own && `${own.state}${own.lastError ? `: ${own.lastError}` : ''}`],
  ];
  const lines = facts.flatMap(([name, text]) => (text === undefined ? [] : [`${name.padEnd(13)}  ${text}`]));
  const past = [
    ...events.map((event) => ({ ...event, of: 'order' })),
    ...(own ? (await outbox.events(own)).map((event) => ({ ...event, of: 'calling off' })) : []),
  ];
  return [
    ...lines,
    ...placedLines(await placedOrders.ofRequest({ tenant: entry.tenant, request: requestId(entry), version }), at),
    '',
    ...eventLines(past),
  ];
}

const isPutAside = (entry: OutboxEntry): boolean => entry.state === 'parked' && payloadOf(entry).kept === true;

/** The three that change something. */
export const ordersOperation =
  (operation: Operation) =>
  async (database: Database, options: Options, { contextOf }: AdminFacts): Promise<string[]> => {
    const { entry, context } = await one(database, options, contextOf);
    const id = requestId(entry);
    if (!MAY[operation].includes(entry.state))
      throw new AdminError(`order ${id} ${REFUSAL[operation]}: it ${meaningOf(ORDER_STATES[entry.state])}`);
    if (!(await operate(context, operation, entry)))
      throw new AdminError(`order ${id} has just gone on: look at it again with facet orders show`);
    const lag = operation === 'retry' ? listedInMs(payloadOf(entry).sentAt ?? entry.firstSentAt, context.clock()) : 0;
    return [`order ${id} ${lag > 0 ? lookedUp(lag) : DONE[operation]}`];
  };

/** An order that was just sent is not sent again before the network's list must show it, whoever asks. */
const lookedUp = (lagMs: number): string => {
  const seconds = Math.ceil(lagMs / 1000);
  return `is looked up now, and not sent again: it was sent moments ago, and may not be in the network's list yet. To send it before its next attempt, retry in ${seconds} s`;
};

const REFUSAL: Record<Operation, string> = { retry: 'cannot be tried now', park: 'cannot be put aside', release: 'is not put aside' };
const DONE: Record<Operation, string> = {
  retry: 'is due now: a running server sends it within a second',
  park: 'is put aside: nobody sends it until it is released',
  release: 'goes on: a running server takes it up within a second',
};

/** The newest order under this id. */
async function one(database: Database, { order = '', tenant }: Options, contextOf: AdminFacts['contextOf']): Promise<One> {
  const subject = subjectOf(order.replace(/^ServiceRequest\//, ''));
  const found = await oneEntry(database, { topic: ORDER, subject, tenant, what: 'an order' }, contextOf);
  if (!found) throw new AdminError('there is no order of this id: facet orders list --state all shows them');
  return found;
}

/** Attempts of which nothing was written down: their processes died. */
function attemptsOf({ attempts, state }: OutboxEntry, events: OutboxEvent[]): string {
  const told = events.filter(({ what }) => what === 'attempt').reduce((sum, { times }) => sum + times, 0);
  const silent = attempts - told - (state === 'sending' ? 1 : 0);
  const whole = events.length > 0 && events.length < 50;
  return whole && silent > 0 ? `${attempts}, of which ${silent} ended without a word` : String(attempts);
}
