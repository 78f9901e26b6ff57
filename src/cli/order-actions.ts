// `facet orders retry`, `park`, `release` and `drop`: what an operator does with one order, or with all that match filters.
import type { Command } from 'commander';
import { actOnOrder, checkActionPossible, ORDER_ACTIONS, type OrderActionName } from '../administration/orders/order-actions.ts';
import { ORDER_STATES } from '../administration/orders/order-states.ts';
import { OPERATOR } from '../interactions/context.ts';
import { readRequestId } from '../orders/place/order-entry.ts';
import type { Database } from '../store/database/database.ts';
import type { OutboxEntry } from '../store/queues/outbox-entry.ts';
import { type AdminContext, AdminError, type AdminOperation, type Options, type RunCommand } from './admin-command.ts';
import { findOrder, MAX_SELECTED, selectOrders } from './find-orders.ts';
import { formatDuration } from './outbox-output.ts';
import { textTable } from './text-table.ts';

const operateOn =
  (name: OrderActionName): AdminOperation =>
  async (database, options, context) => {
    const action = ORDER_ACTIONS[name];
    if (options.all === undefined && options.order === undefined)
      throw new AdminError(action.states ? 'name an order by its id, or select several with --all' : 'name an order by its id');
    if (options.all !== undefined && options.order !== undefined) throw new AdminError('name one order, or select several with --all');
    if (options.reason === undefined && options.dryRun === undefined && (action.needsReason || options.all !== undefined))
      throw new AdminError('--reason is missing: it is stored with each order, and must not name a patient');
    return options.all === undefined ? operateOnOne(name, database, options, context) : operateOnAll(name, database, options, context);
  };

async function operateOnOne(name: OrderActionName, database: Database, options: Options, { contextOf }: AdminContext): Promise<string[]> {
  const { entry, context } = await findOrder(database, options, contextOf);
  if (options.dryRun === undefined) return [await actOnOrder(context, name, { entry, reason: options.reason })];
  checkActionPossible(name, entry);
  return [`order ${readRequestId(entry)} would be changed: it ${ORDER_STATES[entry.state].is}`, NOTHING_CHANGED];
}

const NOTHING_CHANGED = 'dry run: nothing was changed';
/** Orders between two lines of progress. */
const PROGRESS_STEP = 500;

async function operateOnAll(name: OrderActionName, database: Database, options: Options, admin: AdminContext): Promise<string[]> {
  const action = ORDER_ACTIONS[name];
  const now = admin.now();
  const { entries, tenants, more } = await selectOrders(database, options, { states: action.states!, now });
  const overview = describeSelection(entries, tenants, now);
  const limit = more ? [`more than ${MAX_SELECTED} orders match: run the command again for the others`] : [];
  if (entries.length === 0) return ['no orders match'];
  if (options.dryRun !== undefined) return [...overview, ...limit, NOTHING_CHANGED];
  const apply = action.applyToMany ?? action.apply;
  let changed = 0;
  for (const [index, entry] of entries.entries()) {
    const context = admin.contextOf({ tenant: entry.tenant, actor: OPERATOR, surface: 'fhir', scopes: [] });
    if (await apply(context, entry, options.reason!)) changed++;
    if ((index + 1) % PROGRESS_STEP === 0) admin.progress(`${index + 1} of ${entries.length}`);
  }
  const left = entries.length - changed;
  return [
    ...overview,
    `${changed} orders ${action.doneMany}`,
    ...(left > 0 ? [`${left} orders changed their state meanwhile, and were left alone: see facet orders list`] : []),
    ...limit,
  ];
}

/** One line for each tenant and state. */
function describeSelection(entries: OutboxEntry[], tenants: Map<number, string>, now: Date): string[] {
  const groups = Map.groupBy(entries, ({ tenant, state }) => JSON.stringify([tenants.get(tenant) ?? tenant, state]));
  const rows = [...groups.values()].map((group) => [
    tenants.get(group[0]!.tenant) ?? String(group[0]!.tenant),
    group[0]!.state,
    String(group.length),
    formatDuration(now.getTime() - Date.parse(group[0]!.createdAt)),
  ]);
  return textTable(['tenant', 'state', 'orders', 'oldest'], rows);
}

export const ORDER_ACTION_OPERATIONS: Record<string, AdminOperation> = Object.fromEntries(
  (['retry', 'park', 'release', 'drop'] as const).map((name) => [`orders ${name}`, operateOn(name)]),
);

const HELP = {
  retry: `
The order does not change: the same bytes are sent under the same idempotency key. An order that may have arrived is looked up first.
One order is sent at once, also while sending is paused after failures; many (--all) wait for their turn.

Examples:
  facet orders retry 0193c2f4-…
  facet orders retry --all --older 1h --dry-run
  facet orders retry --all --tenant springfield --reason "network is back, ticket 4711"`,
  park: `
The status of its Task becomes on-hold. A parked order can still be cancelled (status revoked).

Example:
  facet orders park 0193c2f4-… --tenant springfield`,
  release: `
Examples:
  facet orders release 0193c2f4-… --tenant springfield
  facet orders release --all --tenant springfield --reason "confirmed with the network"`,
  drop: `
The request is revoked, and the Task gets the reason as a note. An order that was never sent is cancelled. One that may have arrived is looked up, and
cancelled at the laboratory network if it is found there. To cancel an order that the network has accepted, revoke its ServiceRequest.

Examples:
  facet orders drop 0193c2f4-… --reason "ordered twice by mistake"
  facet orders drop --all --state parked --older 7d --reason "clinic closed" --dry-run`,
};

const DESCRIPTIONS: Record<OrderActionName, string> = {
  retry: 'try waiting orders now, before their next attempt is due',
  park: 'stop sending an order until it is released',
  release: 'continue with parked orders',
  drop: 'give waiting orders up: revoke their requests',
};

export function defineOrderActions(orders: Command, run: RunCommand): void {
  for (const [name, { states }] of Object.entries(ORDER_ACTIONS)) {
    // type assertion: the names of this table
    const action = name as OrderActionName;
    const command = orders
      .command(states ? `${name} [order]` : `${name} <order>`)
      .description(DESCRIPTIONS[action])
      .option('--tenant <name>', 'the tenant of the order; required when several tenants have an order with this id')
      .option('--reason <text>', 'why: stored with the order, for other operators; without names of patients');
    if (states)
      command
        .option('--all', `all orders in the state ${states.join(' or ')}`)
        .option('--account <name>', 'with --all: of this account at the laboratory network only')
        .option('--state <state>', 'with --all: in this state only')
        .option('--older <time>', 'with --all: ordered at least this long ago: 30s, 10m, 2h, 3d')
        .option('--dry-run', 'show what would be changed, and change nothing');
    command.addHelpText('after', HELP[action]).action((order: string | undefined, options: Record<string, string | boolean>) => {
      const { all, dryRun, ...texts } = options;
      return run(`orders ${name}`, {
        ...(order !== undefined && { order }),
        ...Object.fromEntries(Object.entries(texts).map(([option, text]) => [option, String(text)])),
        ...(all === true && { all: 'true' }),
        ...(dryRun === true && { dryRun: 'true' }),
      });
    });
  }
}
