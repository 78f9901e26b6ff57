// `facet orders`: list lab orders and show one. order-actions.ts changes them. It prints ids, times, states and reasons, and nothing about a patient.
import { isParkedByOperator, type OrderEvent, readOrderDetails } from '../administration/orders/order-details.ts';
import { ORDER_STATES, SELECTIONS } from '../administration/orders/order-states.ts';
import { DEPRECATED_ORDER_STATES, deprecationText } from '../deprecated-names.ts';
import { buildKey } from '../orders/deliver/send-order.ts';
import { CANCELLATION_TOPIC } from '../orders/place/cancellation.ts';
import { readSentPhysician } from '../orders/place/junction-order.ts';
import { readPayor } from '../orders/place/network-user.ts';
import { type AcceptedOrder, ORDER_TOPIC, type OrderPayload, readLastRequest, readRequestId } from '../orders/place/order-entry.ts';
import type { Database } from '../store/database/database.ts';
import { listOutbox } from '../store/queues/backlogs.ts';
import { OPEN_STATES, type OutboxEntry } from '../store/queues/outbox-entry.ts';
import { type AdminContext, AdminError, type AdminOperation, type DefineCommands, type Options } from './admin-command.ts';
import { findOrder } from './find-orders.ts';
import { defineOrderActions, ORDER_ACTION_OPERATIONS } from './order-actions.ts';
import { FAILING_POLLS, failingPollLines, networkOrderLines } from './order-polls.ts';
import { findAccountId, showOrderStatus } from './order-status.ts';
import {
  describeState,
  eventLines,
  formatDuration,
  nextAttempt,
  parseDuration,
  parseLimit,
  stateHelp,
  tenantNames,
} from './outbox-output.ts';
import { textTable } from './text-table.ts';

/** Topic of the outbox → its name for operators. */
const TOPICS: Record<string, string> = { [ORDER_TOPIC]: 'order', [CANCELLATION_TOPIC]: 'cancellation' };

async function listOrders(database: Database, options: Options, { now }: AdminContext): Promise<string[]> {
  const { tenant, account, state = 'open', older, limit = '50' } = options;
  const states = SELECTIONS.get(state);
  if (!states && state !== FAILING_POLLS)
    throw new AdminError(`--state must be one of ${[...SELECTIONS.keys(), FAILING_POLLS].join(', ')}`);
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
    ...(account !== undefined && { account: await findAccountId(database, account) }),
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
  const { payload, account, cancellation, events, trackedOrders } = await readOrderDetails(database, context, entry);
  const lastRequest = readLastRequest(payload);
  const facts: [string, string | undefined][] = [
    ['order', `${entry.subject} of tenant ${tenant}`],
    ['state', `${entry.state}: it ${describeOrderState(entry)}`],
    ['account', account],
    ['task', `Task/${payload.task}`],
    ['physician', formatPhysician(payload)],
    ['billing', payload.insurance ? `insurance, payor code ${readPayor(payload.insurance)}` : "the lab account's default"],
    ['network order', payload.state === 'accepted' ? formatNetworkOrder(payload) : undefined],
    ['ordered', `${entry.createdAt}, ${formatDuration(at.getTime() - Date.parse(entry.createdAt))} ago`],
    ['first sent', entry.firstSentAt ?? 'never'],
    ['last sent', lastRequest?.lastSentAt],
    ['last key', lastRequest ? buildKey(entry, payload) : undefined],
    ['passthrough', entry.key],
    ['network user', lastRequest?.userId ?? (payload.insurance && `client_user_id ${payload.clientUserId}`)],
    ['last error', entry.lastError ?? undefined],
    ['next attempt', OPEN_STATES.includes(entry.state) ? nextAttempt(entry, at) : undefined],
    ['attempts', formatAttempts(entry, events)],
    ['cancellation', cancellation && `${cancellation.state}${cancellation.lastError ? `: ${cancellation.lastError}` : ''}`],
  ];
  const lines = facts.flatMap(([name, text]) => (text === undefined ? [] : [`${name.padEnd(13)}  ${text}`]));
  return [...lines, ...networkOrderLines(trackedOrders, at), '', ...eventLines(events)];
}

function describeOrderState(entry: OutboxEntry): string {
  if (isParkedByOperator(entry)) return 'was parked by an operator: facet orders release';
  const { is, next } = ORDER_STATES[entry.state];
  return describeState({ is, ...(next && { next: `facet orders ${next}` }) });
}

function formatPhysician({ text }: OrderPayload): string {
  const physician = readSentPhysician(text);
  return physician ? `${physician.name}, NPI ${physician.npi}` : 'none: a physician of the laboratory network signs the order';
}

const formatNetworkOrder = ({ orderId, transactionId }: AcceptedOrder): string =>
  `${orderId}${transactionId === null ? '' : `, transaction ${transactionId}`}`;

/** An attempt without an event is one whose process died. */
function formatAttempts({ attempts, state }: OutboxEntry, all: OrderEvent[]): string {
  const events = all.filter(({ of }) => of === 'order');
  const recorded = events.filter(({ what }) => what === 'attempt').reduce((sum, { times }) => sum + times, 0);
  const unrecorded = attempts - recorded - (state === 'sending' ? 1 : 0);
  const isComplete = events.length > 0 && events.length < 50;
  return isComplete && unrecorded > 0 ? `${attempts}, ${unrecorded} of them without a recorded end` : String(attempts);
}

export const ORDER_OPERATIONS: Record<string, AdminOperation> = {
  'orders list': listOrders,
  'orders status': showOrderStatus,
  'orders show': showOrder,
  ...ORDER_ACTION_OPERATIONS,
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
  status: `
flowing: orders are sent, or none waits. held back: messages failed, and the network has accepted none since the first of these failures; "since" is the age
of that failure. paused: facet accounts pause. The reason is the most frequent one.

Example:
  facet orders status`,
  show: `
Example:
  facet orders show 0193c2f4-… --tenant springfield`,
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
    .option('--account <name>', 'of this account at the laboratory network only')
    .option('--state <state>', 'in this state', 'open')
    .option('--older <time>', 'ordered at least this long ago: 30s, 10m, 2h, 3d')
    .option('--limit <number>', 'how many to show at most', '50')
    .addHelpText('after', EXAMPLES.list)
    .action(({ state, ...options }: Options) => run('orders list', { ...options, state: readState(state) }));
  orders
    .command('status')
    .description('show whether orders flow or are held back, one line for each account at the laboratory network')
    .addHelpText('after', EXAMPLES.status)
    .action(() => run('orders status', {}));
  orders
    .command('show <order>')
    .description('show one order, by the id of its ServiceRequest: its state here and at the network, its attempts and events')
    .option('--tenant <name>', 'the tenant of the order; required when several tenants have an order with this id')
    .addHelpText('after', EXAMPLES.show)
    .action((order: string, options: Record<string, string>) => run('orders show', { order, ...options }));
  defineOrderActions(orders, run);
};
