// The states that an operator sees of lab orders and of Subscriptions, in words: the help, the refusals and what `show` says are made from these tables.
import type { OutboxState } from '../store/queues/outbox-entry.ts';
import { broken } from './text-table.ts';

/** `is`: what the state means to a person, after "it". `next`: what brings it out of it. `help`: what the help says in its place. */
interface State {
  is: string;
  next?: string;
  help?: string;
}

export const ORDER_STATES: Record<OutboxState, State> = {
  queued: { is: 'waits to be sent' },
  sending: { is: 'is being sent at this moment' },
  unknown: { is: 'may have arrived, nobody knows yet: it is looked for before it is sent again' },
  parked: {
    is: 'waits for a person',
    next: 'facet orders release',
    help: 'waits for a person: after three days without confirmation, after an hour in which the network failed at this order and not at others, or put aside',
  },
  done: { is: 'stands at the laboratory network' },
  refused: { is: 'was refused by the laboratory network, for good' },
  cancelled: { is: 'was called off before it was sent' },
};
/** The orders that are not settled yet. */
export const OPEN: OutboxState[] = ['queued', 'sending', 'unknown', 'parked'];
/** The name, among the states of orders, of those at the network that cannot be looked at. */
export const UNREAD = 'unread';

export const SUBSCRIPTION_STATES = {
  active: { is: 'is told of what is written' },
  failing: {
    is: 'does not take what it is sent; it is tried again',
    help: 'does not take what it is sent; it is tried again, for three days',
  },
  error: {
    is: 'is given up until somebody asks for it again',
    next: 'facet subscriptions retry',
    help: 'was given up: retry it, or let its owner write "requested"',
  },
  off: { is: 'is told of nothing' },
} satisfies Record<string, State>;
export type SubscriptionState = keyof typeof SUBSCRIPTION_STATES;

/** What `show` and the refusals say. */
export const meaningOf = ({ is, next }: State): string => (next === undefined ? is : `${is}: ${next}`);

const { active, failing, error } = SUBSCRIPTION_STATES;

export const ORDER_STATES_HELP = helpOf({
  ...ORDER_STATES,
  open: { is: `all of ${OPEN.join(', ').replace(/, (\w+)$/, ' and $1')}` },
  all: { is: 'all of them' },
  [UNREAD]: { is: 'stands at the laboratory network, and the last look at it came to nothing' },
});
export const SUBSCRIPTION_STATES_HELP = helpOf({ active, failing, error, open: { is: 'all of them; those that are off are not listed' } });

/** A table of states, as help shows it. */
function helpOf(states: Record<string, State>): string {
  const width = Math.max(...Object.keys(states).map((name) => name.length));
  const lines = Object.entries(states).flatMap(([name, { is, help = is }]) =>
    broken(help, 84).map((line, nth) => `  ${(nth ? '' : name).padEnd(width)}  ${line}`),
  );
  return ['States:', ...lines].join('\n');
}
