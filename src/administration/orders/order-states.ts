// The states of an order as operators read them.
import { OPEN_STATES, type OutboxState } from '../../store/queues/outbox-entry.ts';

/** `is`: the meaning, after "it". `next`: the action that ends the state. `help`: a longer text for the help of the command line. */
interface OrderStateText {
  is: string;
  next?: 'release';
  help?: string;
}

export const ORDER_STATES: Record<OutboxState, OrderStateText> = {
  queued: { is: 'waits to be sent' },
  sending: { is: 'is being sent now' },
  unknown: { is: 'may have reached the laboratory network: it is looked up there before it is sent again' },
  parked: {
    is: 'waits for an operator',
    next: 'release',
    help: 'waits for an operator: after three days without confirmation, after the network failed for an hour on this order and not on others, or after facet orders park',
  },
  done: { is: 'was accepted by the laboratory network' },
  refused: { is: 'was rejected by the laboratory network' },
  cancelled: { is: 'was cancelled before it was sent' },
};

const ALL_STATES: OutboxState[] = [...OPEN_STATES, 'done', 'refused', 'cancelled'];

/** A selection of orders by its name → their states. */
export const SELECTIONS = new Map<string, OutboxState[]>([
  ['open', OPEN_STATES],
  ['all', ALL_STATES],
  ...ALL_STATES.map((state): [string, OutboxState[]] => [state, [state]]),
]);
