// The transition tables of orders: for each state and event, the next state and the action. All code that changes the state of an order uses them.
// docs/order-states.md shows them as diagrams.
import type { OutboxEntry } from '../store/queues/outbox-entry.ts';

/** `sent`: the order may have reached the lab network. */
type Sent = 'unsent' | 'sent';

/** The start of a state diagram. */
const NEW = '[*]';

interface Transition<From extends string, Event extends string, To extends string, Action extends string> {
  from: From;
  event: Event;
  to: To;
  action: Action;
  /** The transition applies only in this case; undefined: in both. */
  when: Sent | undefined;
}

const toTable = <const From extends string, const Event extends string, const To extends string, const Action extends string>(
  rows: readonly (readonly [from: From, event: Event, to: To, action: Action, when?: Sent])[],
): readonly Transition<From, Event, To, Action>[] => rows.map(([from, event, to, action, when]) => ({ from, event, to, action, when }));

/** The states of the order's outbox entry. */
export const ORDER_TRANSITIONS = toTable([
  [NEW, 'accept', 'queued', 'storeOrder'],
  // a worker, or the request of a waiting caller, leases the entry
  ['queued', 'claim', 'sending', 'attempt'],
  ['unknown', 'claim', 'sending', 'attempt'],
  ['parked', 'claim', 'sending', 'attempt'],
  ['sending', 'lease-expired', 'sending', 'attempt'],
  // the outcome of an attempt
  ['sending', 'accepted', 'done', 'startTracking'],
  ['sending', 'refused', 'refused', 'rejectRequest'],
  ['sending', 'not-wanted', 'cancelled', 'endOrder'],
  ['sending', 'in-doubt', 'queued', 'retryLater', 'unsent'],
  ['sending', 'in-doubt', 'unknown', 'retryLater', 'sent'],
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
  // a user revokes the request, or cancels its Task
  ['queued', 'revoke', 'cancelled', 'endOrder'],
  ['sending', 'revoke', 'sending', 'leaveToSender'],
  ['unknown', 'revoke', 'unknown', 'lookUpNow'],
  ['parked', 'revoke', 'cancelled', 'endOrder', 'unsent'],
  ['parked', 'revoke', 'unknown', 'lookUpNow', 'sent'],
  ['done', 'revoke', 'done', 'queueCancellation'],
  // a user writes the request as active again
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
  // a webhook or the reconciliation sweep finds an order at the lab network with this order's idempotency key
  ['queued', 'found', 'done', 'recordAcceptance'],
  ['sending', 'found', 'done', 'recordAcceptance'],
  ['unknown', 'found', 'done', 'recordAcceptance'],
  ['parked', 'found', 'done', 'recordAcceptance'],
  ['done', 'found', 'done', 'trackAnotherOrder'],
  ['refused', 'found', 'done', 'trackContradictingOrder'],
  ['cancelled', 'found', 'done', 'trackContradictingOrder'],
]);

/** The outbox entry that cancels an accepted order at the lab network. */
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

/** The tracking of an accepted order. `changed`: a webhook, the reconciliation sweep or a user reports a change. */
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

/** Undefined: the event cannot occur in this state, or has no effect. */
export const findTransition = (
  { state, firstSentAt }: Pick<OutboxEntry, 'state' | 'firstSentAt'>,
  event: OrderTransition['event'],
): OrderTransition | undefined =>
  ORDER_TRANSITIONS.find(
    ({ from, event: named, when }) =>
      from === state && named === event && (when === undefined || when === (firstSentAt === null ? 'unsent' : 'sent')),
  );

type CancellationTransition = (typeof CANCELLATION_TRANSITIONS)[number];

/** Undefined: the event cannot occur in this state. */
export const findCancellationTransition = (
  state: OutboxEntry['state'],
  event: CancellationTransition['event'],
): CancellationTransition | undefined => CANCELLATION_TRANSITIONS.find(({ from, event: named }) => from === state && named === event);

type TrackingTransition = (typeof TRACKING_TRANSITIONS)[number];
export type TrackingAction = TrackingTransition['action'];

/** Undefined: the event cannot occur in this state. */
export const findTrackingTransition = (
  state: TrackingTransition['from'],
  event: TrackingTransition['event'],
): TrackingTransition | undefined => TRACKING_TRANSITIONS.find(({ from, event: named }) => from === state && named === event);
