// What may happen to an order in each state, what state follows, and what is done: the tables that every room of orders asks. docs/order-states.md draws them.
import type { OutboxEntry } from '../store/queues/outbox-entry.ts';

/** Whether the order may have reached the network. */
type Sent = 'unsent' | 'sent';

/** The state before the first one. */
const NEW = '[*]';

interface Transition<From extends string, Event extends string, To extends string, Action extends string> {
  from: From;
  event: Event;
  to: To;
  action: Action;
  /** The transition holds only then; undefined: always. */
  when: Sent | undefined;
}

const toTable = <const From extends string, const Event extends string, const To extends string, const Action extends string>(
  rows: readonly (readonly [from: From, event: Event, to: To, action: Action, when?: Sent])[],
): readonly Transition<From, Event, To, Action>[] => rows.map(([from, event, to, action, when]) => ({ from, event, to, action, when }));

/** The states are those of the order's entry in the outbox. */
export const ORDER_TRANSITIONS = toTable([
  [NEW, 'accept', 'queued', 'storeOrder'],
  // a worker, or the request of a caller who waits, takes the order
  ['queued', 'claim', 'sending', 'attempt'],
  ['unknown', 'claim', 'sending', 'attempt'],
  ['parked', 'claim', 'sending', 'attempt'],
  ['sending', 'lease-expired', 'sending', 'attempt'],
  // what an attempt comes to
  ['sending', 'accepted', 'done', 'startTracking'],
  ['sending', 'refused', 'refused', 'rejectRequest'],
  ['sending', 'not-wanted', 'cancelled', 'endOrder'],
  ['sending', 'in-doubt', 'unknown', 'retryLater'],
  ['sending', 'on-hold', 'queued', 'retryLater', 'unsent'],
  ['sending', 'on-hold', 'unknown', 'retryLater', 'sent'],
  ['sending', 'unknown', 'queued', 'retryLater', 'unsent'],
  ['sending', 'unknown', 'unknown', 'retryLater', 'sent'],
  ['sending', 'throttled', 'queued', 'retryLater', 'unsent'],
  ['sending', 'throttled', 'unknown', 'retryLater', 'sent'],
  ['sending', 'unauthorised', 'queued', 'retryLater', 'unsent'],
  ['sending', 'unauthorised', 'unknown', 'retryLater', 'sent'],
  ['sending', 'unconfirmed', 'parked', 'holdTask'],
  ['sending', 'aborted', 'unknown', 'retryLater'],
  // somebody revokes the request, or cancels its Task
  ['queued', 'revoke', 'cancelled', 'endOrder'],
  ['sending', 'revoke', 'sending', 'leaveToSender'],
  ['unknown', 'revoke', 'unknown', 'lookUpNow'],
  ['parked', 'revoke', 'cancelled', 'endOrder', 'unsent'],
  ['parked', 'revoke', 'unknown', 'lookUpNow', 'sent'],
  ['done', 'revoke', 'done', 'queueCancellation'],
  // somebody writes the request as active again
  ['queued', 'resume', 'queued', 'makeDue', 'unsent'],
  ['queued', 'resume', 'unknown', 'makeDue', 'sent'],
  ['unknown', 'resume', 'queued', 'makeDue', 'unsent'],
  ['unknown', 'resume', 'unknown', 'makeDue', 'sent'],
  ['parked', 'resume', 'queued', 'makeDue', 'unsent'],
  ['parked', 'resume', 'unknown', 'makeDue', 'sent'],
  ['done', 'resume', 'done', 'wakeTracking'],
  // the operator
  ['queued', 'retry', 'queued', 'makeDueFirst'],
  ['unknown', 'retry', 'unknown', 'makeDueFirst'],
  ['queued', 'park', 'parked', 'holdTask'],
  ['unknown', 'park', 'parked', 'holdTask'],
  ['parked', 'park', 'parked', 'holdTask'],
  ['parked', 'release', 'queued', 'releaseTask', 'unsent'],
  ['parked', 'release', 'unknown', 'releaseTask', 'sent'],
  // a webhook or the reconciliation finds an order with the key of this one
  ['queued', 'found', 'done', 'recordAcceptance'],
  ['sending', 'found', 'done', 'recordAcceptance'],
  ['unknown', 'found', 'done', 'recordAcceptance'],
  ['parked', 'found', 'done', 'recordAcceptance'],
  ['done', 'found', 'done', 'trackAnotherOrder'],
  ['refused', 'found', 'done', 'trackContradictingOrder'],
  ['cancelled', 'found', 'done', 'trackContradictingOrder'],
]);

/** Of the entry that cancels an accepted order at the network. */
export const CANCELLATION_TRANSITIONS = toTable([
  [NEW, 'accept', 'queued', 'storeCancellation'],
  ['queued', 'claim', 'sending', 'attempt'],
  ['unknown', 'claim', 'sending', 'attempt'],
  ['sending', 'lease-expired', 'sending', 'attempt'],
  ['sending', 'accepted', 'done', 'endOrder'],
  ['sending', 'refused', 'refused', 'noteRefusal'],
  ['sending', 'unknown', 'unknown', 'retryLater'],
  ['sending', 'aborted', 'unknown', 'retryLater'],
]);

/** Of an accepted order. `changed`: a webhook, the reconciliation or a user says that it has changed. */
export const TRACKING_TRANSITIONS = toTable([
  [NEW, 'accept', 'scheduled', 'storeTracking'],
  ['scheduled', 'due', 'polling', 'poll'],
  ['woken', 'due', 'polling', 'poll'],
  ['polling', 'lease-expired', 'polling', 'poll'],
  ['scheduled', 'changed', 'woken', 'makeDue'],
  ['polling', 'changed', 'woken', 'makeDue'],
  ['closed', 'changed', 'woken', 'makeDue'],
  ['polling', 'open', 'scheduled', 'pollAgain'],
  ['polling', 'complete', 'closed', 'stopPolling'],
  ['polling', 'failed', 'scheduled', 'retryLater'],
]);

type OrderTransition = (typeof ORDER_TRANSITIONS)[number];
export type OrderAction = OrderTransition['action'];

/** Undefined: the event is not possible in this state, or changes nothing. */
export const findTransition = (
  { state, firstSentAt }: Pick<OutboxEntry, 'state' | 'firstSentAt'>,
  event: OrderTransition['event'],
): OrderTransition | undefined =>
  ORDER_TRANSITIONS.find(
    ({ from, event: named, when }) =>
      from === state && named === event && (when === undefined || when === (firstSentAt === null ? 'unsent' : 'sent')),
  );
