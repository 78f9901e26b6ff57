// What an operator does with an order that is not at the laboratory network yet: retry, park, release and drop. The command line and /admin/orders share it.
import type { Context } from '../../interactions/context.ts';
import { applyOperatorAction, dropOrder, type OperatorAction } from '../../orders/deliver/operator-actions.ts';
import { msUntilListed } from '../../orders/deliver/order-sender.ts';
import { findLastSentAt, readRequestId } from '../../orders/place/order-entry.ts';
import { findTransition } from '../../orders/state-machine.ts';
import type { OutboxEntry, OutboxState } from '../../store/queues/outbox-entry.ts';
import { AdministrationError } from '../administration-error.ts';
import { ORDER_STATES } from './order-states.ts';

export type OrderActionName = OperatorAction | 'drop';

interface OrderAction {
  /** Returns false if the order has changed since it was read. `note`: the operator's reason. */
  apply(context: Context, entry: OutboxEntry, note: string | undefined): Promise<boolean>;
  /** The same for an order of many. */
  applyToMany?(context: Context, entry: OutboxEntry, note: string): Promise<boolean>;
  isPossible(entry: OutboxEntry): boolean;
  /** The states of orders that an action on many selects; absent: the action is for one order. */
  states?: OutboxState[];
  needsReason?: true;
  /** After "order <id>". */
  refusal: string;
  done(entry: OutboxEntry, context: Context): string;
  /** After "<number> orders". */
  doneMany: string;
}

const buildAction = (operation: OperatorAction, texts: Pick<OrderAction, 'refusal' | 'done' | 'doneMany'>): OrderAction => ({
  ...texts,
  isPossible: (entry) => findTransition(entry, operation) !== undefined,
  apply: (context, entry, note) => applyOperatorAction(context, operation, entry, { note }),
});

const DROPPABLE: OutboxState[] = ['queued', 'unknown', 'parked'];

export const ORDER_ACTIONS: Record<OrderActionName, OrderAction> = {
  retry: {
    ...buildAction('retry', {
      refusal: 'cannot be retried',
      done: (entry, context) => describeRetry(msUntilListed(findLastSentAt(entry), context.clock())),
      doneMany: 'are due now: a running server sends them as fast as the laboratory network accepts them',
    }),
    applyToMany: (context, entry, note) => applyOperatorAction(context, 'retry', entry, { note, waitsItsTurn: true }),
    states: ['queued', 'unknown'],
  },
  park: buildAction('park', {
    refusal: 'cannot be parked',
    done: () => 'is parked: it is not sent until it is released',
    doneMany: 'are parked',
  }),
  release: {
    ...buildAction('release', {
      refusal: 'is not parked',
      done: () => 'is released: a running server continues with it within a second',
      doneMany: 'are released: a running server continues with them',
    }),
    states: ['parked'],
  },
  drop: {
    isPossible: ({ state }) => DROPPABLE.includes(state),
    apply: (context, entry, note = '') => dropOrder(context, entry, note),
    states: DROPPABLE,
    needsReason: true,
    refusal: 'cannot be dropped',
    done: ({ firstSentAt }) =>
      firstSentAt === null
        ? 'is dropped: it was never sent, and its request is revoked'
        : 'is dropped: its request is revoked. It may have arrived, so it is looked up at the laboratory network now, and cancelled there if it is found',
    doneMany: 'are dropped: those that may have arrived are looked up at the laboratory network, and cancelled there if they are found',
  },
};

/** For a retry shortly after a send: the network's list may not show the order yet, so the order is only looked up, and not sent again. */
function describeRetry(lagMs: number): string {
  if (lagMs <= 0) return 'is due now: a running server sends it within a second';
  const seconds = Math.ceil(lagMs / 1000);
  return `is looked up now, and not sent again: it was sent moments ago, and the list of the network may not show it yet. To send it before its next attempt, retry in ${seconds} s`;
}

/** The actions that the state of an order allows. */
export const listPossibleActions = (entry: OutboxEntry): OrderActionName[] =>
  // type assertion: the names of this table
  (Object.keys(ORDER_ACTIONS) as OrderActionName[]).filter((name) => ORDER_ACTIONS[name].isPossible(entry));

/** Refuses an action that the state of the order does not allow. */
export function checkActionPossible(name: OrderActionName, entry: OutboxEntry): void {
  const { isPossible, refusal } = ORDER_ACTIONS[name];
  if (isPossible(entry)) return;
  const { is, next } = ORDER_STATES[entry.state];
  const remedy = next === undefined ? '' : `: ${next} it`;
  throw new AdministrationError('conflict', `order ${readRequestId(entry)} ${refusal}: it ${is}${remedy}`);
}

/** Returns a sentence that says what happens next. `reason`: stored with the order, for other operators. */
export async function actOnOrder(
  context: Context,
  name: OrderActionName,
  { entry, reason }: { entry: OutboxEntry; reason: string | undefined },
): Promise<string> {
  const { apply, done, needsReason } = ORDER_ACTIONS[name];
  if (needsReason && reason === undefined)
    throw new AdministrationError('invalid', ' is missing: it is stored with the order, and must not name a patient', 'reason');
  checkActionPossible(name, entry);
  const id = readRequestId(entry);
  if (!(await apply(context, entry, reason)))
    throw new AdministrationError('conflict', `the state of order ${id} has just changed: read the order again`);
  return `order ${id} ${done(entry, context)}`;
}
