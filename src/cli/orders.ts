// `facet orders`: list lab orders, show one, retry, park and release it. It prints ids, times, states and reasons, and nothing about a patient.
import { DEPRECATED_ORDER_STATES, deprecationText } from '../deprecated-names.ts';
import { applyOperatorAction, type OperatorAction } from '../orders/deliver/operator-actions.ts';
import { msUntilListed } from '../orders/deliver/order-sender.ts';
import { buildKey } from '../orders/deliver/send-order.ts';
import { CANCELLATION_TOPIC } from '../orders/place/cancellation.ts';
import { readSentPhysician } from '../orders/place/junction-order.ts';
import {
  type AcceptedOrder,
  findLastSentAt,
  ORDER_TOPIC,
  type OrderPayload,
  parseOrderPayload,
  readLastRequest,
  readRequestId,
  toSubject,
} from '../orders/place/order-entry.ts';
import { findTransition } from '../orders/state-machine.ts';
import type { Database } from '../store/database/database.ts';
import { listOutbox } from '../store/queues/backlogs.ts';
import type { OutboxEntry, OutboxState } from '../store/queues/outbox-entry.ts';
import type { OutboxEvent } from '../store/queues/outbox-events.ts';
import { type AdminContext, AdminError, type AdminOperation, type DefineCommands, type Options } from './admin-command.ts';
import { FAILING_POLLS, failingPollLines, networkOrderLines } from './order-polls.ts';
import {
  describeState,
  eventLines,
  type FoundEntry,
  findEntry,
  formatDuration,
  nextAttempt,
  OPEN_STATES,
  parseDuration,
  parseLimit,
  type StateText,
  stateHelp,
  tenantNames,
} from './outbox-output.ts';
import { textTable } from './text-table.ts';

/** Topic of the outbox → its name for operators. */
const TOPICS: Record<string, string> = { [ORDER_TOPIC]: 'order', [CANCELLATION_TOPIC]: 'cancellation' };

const ORDER_STATES: Record<OutboxState, StateText> = {
  queued: { is: 'waits to be sent' },
  sending: { is: 'is being sent now' },
  unknown: { is: 'may have reached the laboratory network: it is looked up there before it is sent again' },
  parked: {
    is: 'waits for an operator',
    next: 'facet orders release',
    help: 'waits for an operator: after three days without confirmation, after the network failed for an hour on this order and not on others, or after facet orders park',
  },
  done: { is: 'was accepted by the laboratory network' },
  refused: { is: 'was rejected by the laboratory network' },
  cancelled: { is: 'was cancelled before it was sent' },
};

const ALL: OutboxState[] = [...OPEN_STATES, 'done', 'refused', 'cancelled'];
/** Value of --state → states of entries. */
const STATES = new Map<string, OutboxState[]>([
  ['open', OPEN_STATES],
  ['all', ALL],
  ...ALL.map((state): [string, OutboxState[]] => [state, [state]]),
]);

async function listOrders(database: Database, options: Options, { now }: AdminContext): Promise<string[]> {
  const { tenant, state = 'open', older, limit = '50' } = options;
  const states = STATES.get(state);
  if (!states && state !== FAILING_POLLS) throw new AdminError(`--state must be one of ${[...STATES.keys(), FAILING_POLLS].join(', ')}`);
  const maxEntries = parseLimit(limit);
  const tenants = await tenantNames(database, tenant);
  const of = tenant === undefined ? undefined : [...tenants.keys()][0]!;
  const at = now();
  if (!states) return failingPollLines(database, { tenants, tenant: of, limit: maxEntries, at });
  const found = await listOutbox(database, {
    topic: Object.keys(TOPICS),
    states,
    limit: maxEntries + 1,
    ...(of !== undefined && { tenant: of }),
    ...(older !== undefined && { before: new Date(at.getTime() - parseDuration(older)).toISOString() }),
  });
  if (found.length === 0) return [state === 'all' ? 'no orders' : `no orders in state ${state}`];
  const rows = found
    .slice(0, maxEntries)
    .map((entry) => [
      tenants.get(entry.tenant) ?? String(entry.tenant),
      readRequestId(entry),
      TOPICS[entry.topic]!,
      entry.state,
      formatDuration(at.getTime() - Date.parse(entry.createdAt)),
      String(entry.attempts),
      nextAttempt(entry, at),
      (entry.lastError ?? '').slice(0, 60),
    ]);
  const more = found.length > maxEntries ? [`more than ${limit}: --limit shows more of them`] : [];
  return [...textTable(['tenant', 'order', 'message', 'state', 'age', 'attempts', 'next', 'reason'], rows), ...more];
}

async function showOrder(database: Database, options: Options, { now, contextOf }: AdminContext): Promise<string[]> {
  const { entry, tenant, context } = await findOrder(database, options, contextOf);
  const at = now();
  const payload = parseOrderPayload(entry);
  const { task, version } = payload;
  const lastRequest = readLastRequest(payload);
  const { outbox, trackedOrders } = context.store;
  const cancellation = await outbox.findNewest(entry.tenant, CANCELLATION_TOPIC, entry.subject);
  const own = cancellation && parseOrderPayload(cancellation).task === task ? cancellation : undefined;
  const events = await outbox.listEvents(entry);
  const facts: [string, string | undefined][] = [
    ['order', `${entry.subject} of tenant ${tenant}`],
    [
      'state',
      `${entry.state}: it ${isParkedByOperator(entry) ? 'was parked by an operator: facet orders release' : describeState(ORDER_STATES[entry.state])}`,
    ],
    ['task', `Task/${task}`],
    ['physician', formatPhysician(payload)],
    ['network order', payload.state === 'accepted' ? formatNetworkOrder(payload) : undefined],
    ['ordered', `${entry.createdAt}, ${formatDuration(at.getTime() - Date.parse(entry.createdAt))} ago`],
    ['first sent', entry.firstSentAt ?? 'never'],
    ['last sent', lastRequest?.lastSentAt],
    ['last key', lastRequest ? buildKey(entry, payload) : undefined],
    ['network user', lastRequest?.userId],
    ['next attempt', OPEN_STATES.includes(entry.state) ? nextAttempt(entry, at) : undefined],
    ['attempts', formatAttempts(entry, events)],
    ['cancellation', own && `${own.state}${own.lastError ? `: ${own.lastError}` : ''}`],
  ];
  const lines = facts.flatMap(([name, text]) => (text === undefined ? [] : [`${name.padEnd(13)}  ${text}`]));
  const history = [
    ...events.map((event) => ({ ...event, of: 'order' })),
    ...(own ? (await outbox.listEvents(own)).map((event) => ({ ...event, of: 'cancellation' })) : []),
  ];
  return [
    ...lines,
    ...networkOrderLines(await trackedOrders.listOfRequest({ tenant: entry.tenant, request: readRequestId(entry), version }), at),
    '',
    ...eventLines(history),
  ];
}

function formatPhysician({ text }: OrderPayload): string {
  const physician = readSentPhysician(text);
  return physician ? `${physician.name}, NPI ${physician.npi}` : 'none: a physician of the laboratory network signs the order';
}

const formatNetworkOrder = ({ orderId, transactionId }: AcceptedOrder): string =>
  `${orderId}${transactionId === null ? '' : `, transaction ${transactionId}`}`;

const isParkedByOperator = (entry: OutboxEntry): boolean => entry.state === 'parked' && parseOrderPayload(entry).isParkedByOperator;

/** Retries, parks or releases an order. */
const operateOn =
  (operation: OperatorAction): AdminOperation =>
  async (database, options, { contextOf }) => {
    const { entry, context } = await findOrder(database, options, contextOf);
    const id = readRequestId(entry);
    if (!findTransition(entry, operation))
      throw new AdminError(`order ${id} ${REFUSAL[operation]}: it ${describeState(ORDER_STATES[entry.state])}`);
    if (!(await applyOperatorAction(context, operation, entry)))
      throw new AdminError(`the state of order ${id} has just changed: see facet orders show`);
    const lag = operation === 'retry' ? msUntilListed(findLastSentAt(entry), context.clock()) : 0;
    return [`order ${id} ${lag > 0 ? lookUpText(lag) : DONE[operation]}`];
  };

/** For a retry shortly after a send: the network's list may not show the order yet, so the order is only looked up, and not sent again. */
const lookUpText = (lagMs: number): string => {
  const seconds = Math.ceil(lagMs / 1000);
  return `is looked up now, and not sent again: it was sent moments ago, and the list of the network may not show it yet. To send it before its next attempt, retry in ${seconds} s`;
};

const REFUSAL: Record<OperatorAction, string> = { retry: 'cannot be retried', park: 'cannot be parked', release: 'is not parked' };
const DONE: Record<OperatorAction, string> = {
  retry: 'is due now: a running server sends it within a second',
  park: 'is parked: it is not sent until it is released',
  release: 'is released: a running server continues with it within a second',
};

/** Finds the newest order with this id. */
async function findOrder(database: Database, { order = '', tenant }: Options, contextOf: AdminContext['contextOf']): Promise<FoundEntry> {
  const subject = toSubject(order.replace(/^ServiceRequest\//, ''));
  const found = await findEntry(database, { topic: ORDER_TOPIC, subject, tenant, what: 'an order' }, contextOf);
  if (!found) throw new AdminError('there is no order with this id: facet orders list --state all shows the ids');
  return found;
}

/** An attempt without an event is one whose process died. */
function formatAttempts({ attempts, state }: OutboxEntry, events: OutboxEvent[]): string {
  const recorded = events.filter(({ what }) => what === 'attempt').reduce((sum, { times }) => sum + times, 0);
  const unrecorded = attempts - recorded - (state === 'sending' ? 1 : 0);
  const isComplete = events.length > 0 && events.length < 50;
  return isComplete && unrecorded > 0 ? `${attempts}, ${unrecorded} of them without a recorded end` : String(attempts);
}

export const ORDER_OPERATIONS: Record<string, AdminOperation> = {
  'orders list': listOrders,
  'orders show': showOrder,
  'orders retry': operateOn('retry'),
  'orders park': operateOn('park'),
  'orders release': operateOn('release'),
};

const STATE_HELP = stateHelp({
  ...ORDER_STATES,
  open: { is: `all of ${OPEN_STATES.join(', ').replace(/, (\w+)$/, ' and $1')}` },
  all: { is: 'orders in every state' },
  [FAILING_POLLS]: { is: 'was accepted by the laboratory network, and the last poll of its status there failed' },
});

const EXAMPLES = {
  list: `
${STATE_HELP}

Examples:
  facet orders list                                  open orders, oldest first (the same as facet orders)
  facet orders list --state parked --older 1d
  facet orders list --tenant springfield --state all --limit 200`,
  show: `
Example:
  facet orders show 0193c2f4-… --tenant springfield`,
  retry: `
The order does not change: the same bytes are sent under the same idempotency key. An order that may have arrived is looked up first.

Example:
  facet orders retry 0193c2f4-…`,
  park: `
The status of its Task becomes on-hold. A parked order can still be cancelled (status revoked).

Example:
  facet orders park 0193c2f4-… --tenant springfield`,
  release: `
Example:
  facet orders release 0193c2f4-… --tenant springfield`,
};

/** The value of --state; a deprecated one is replaced, with a warning. */
function readState(state = 'open'): string {
  const current = new Map(Object.entries(DEPRECATED_ORDER_STATES)).get(state);
  if (current !== undefined) console.error(`facet: warning: ${deprecationText(`--state ${state}`, `--state ${current}`)}`);
  return current ?? state;
}

export const defineOrderCommands: DefineCommands = (orders, run) => {
  orders
    .command('list')
    .description('list orders and cancellations, oldest first')
    .option('--tenant <name>', 'of this tenant only')
    .option('--state <state>', 'in this state', 'open')
    .option('--older <time>', 'ordered at least this long ago: 30s, 10m, 2h, 3d')
    .option('--limit <number>', 'how many to show at most', '50')
    .addHelpText('after', EXAMPLES.list)
    .action(({ state, ...options }: Options) => run('orders list', { ...options, state: readState(state) }));
  const defineForOne = (name: keyof typeof EXAMPLES, description: string) =>
    orders
      .command(`${name} <order>`)
      .description(description)
      .option('--tenant <name>', 'the tenant of the order; required when several tenants have an order with this id')
      .addHelpText('after', EXAMPLES[name])
      .action((order: string, options: Record<string, string>) => run(`orders ${name}`, { order, ...options }));
  defineForOne('show', 'show one order, by the id of its ServiceRequest: its state here and at the network, its attempts and events');
  defineForOne('retry', 'try a waiting order now, before its next attempt is due');
  defineForOne('park', 'stop sending an order until it is released');
  defineForOne('release', 'continue with a parked order');
};
