// The decision after an attempt: the next state of the outbox entry, when it is due again, and the changes of its ServiceRequest and its Task.
// record-outcome.ts stores it.
import type { JunctionOrder } from '../../junction/client.ts';
import type { Outcome } from '../../messaging/outcome.ts';
import type { LeasedEntry, OutboxEntry, OutboxState } from '../../store/queues/outbox-entry.ts';
import { buildAcceptedEdit, buildCancelledEdit, buildRefusedEdit, buildUnconfirmedEdit, type OrderEdit } from '../place/order-edits.ts';
import { type OrderPayload, parseOrderPayload, toAcceptedOrder } from '../place/order-entry.ts';
import { findTransition, type OrderAction } from '../state-machine.ts';
import { isUnconfirmedTooLong, MAX_SERVER_FAILURES, nextDeliveryAt, type OrderSender } from './order-sender.ts';

/**
 * `in-doubt`: the order is not listed, but may still appear; or its insurance may still be on its way, or needs a person. `on-hold`: the request is not active. `not-wanted`: the
 * request or its Task was cancelled, and the order is not at the lab network.
 */
type DeliveryOutcome = Outcome<JunctionOrder> | { kind: 'in-doubt'; why: string } | { kind: 'on-hold' } | { kind: 'not-wanted' };

export interface DeliveryResult {
  payload: OrderPayload;
  outcome: DeliveryOutcome;
  /** The order waits for a person. */
  needsPerson?: boolean;
}

export interface Conclusion {
  state: OutboxState;
  action: OrderAction;
  payload: OrderPayload;
  nextAt?: string;
  error?: string;
  edit?: OrderEdit;
}

/** `isWanted`: no user has withdrawn the order. */
type WantedResult = DeliveryResult & { isWanted: boolean };

export async function conclude(
  sender: OrderSender,
  leased: LeasedEntry,
  { payload, outcome, needsPerson, isWanted }: WantedResult,
): Promise<Conclusion> {
  const now = sender.clock();
  const at = now.toISOString();
  const error = 'why' in outcome ? outcome.why : outcome.kind === 'on-hold' ? 'on hold' : undefined;
  const waits = needsPerson || (await isUnconfirmed(sender, leased, { payload, outcome }));
  const event = isWanted && waits ? 'unconfirmed' : outcome.kind;
  const { to: state, action } = findTransition(toSentEntry(leased.entry, payload), event)!;
  const conclusion = { state, action, payload, ...(error !== undefined && { error }) };
  if (outcome.kind === 'accepted')
    return { ...conclusion, payload: toAcceptedOrder(payload, outcome.value), edit: buildAcceptedEdit(sender.systems, outcome.value, at) };
  if (action === 'retryLater') return { ...conclusion, nextAt: nextAttemptAt(sender, leased, outcome) };
  const edit = EDITS[action]?.(error ?? '', at);
  return { ...conclusion, ...(edit && { edit }) };
}

const EDITS: Partial<Record<OrderAction, (why: string, at: string) => OrderEdit>> = {
  rejectRequest: buildRefusedEdit,
  holdTask: buildUnconfirmedEdit,
  endOrder: (_why, at) => buildCancelledEdit(at),
};

/** The entry as first sent, if this attempt has sent a request. */
const toSentEntry = (entry: OutboxEntry, { state }: OrderPayload): OutboxEntry =>
  state === 'sent' || state === 'key-failed' ? { ...entry, firstSentAt: entry.firstSentAt ?? entry.createdAt } : entry;

function nextAttemptAt({ clock, random }: OrderSender, { entry }: LeasedEntry, outcome: DeliveryOutcome): string {
  const seconds = outcome.kind === 'throttled' ? outcome.retryAfter : undefined;
  const now = clock();
  return seconds === undefined ? nextDeliveryAt(entry.createdAt, now, random()) : new Date(now.getTime() + seconds * 1000).toISOString();
}

/** Whether the order needs a person. A rejected credential (401) does not count: it is unrelated to the order. */
async function isUnconfirmed(sender: OrderSender, leased: LeasedEntry, { payload, outcome }: DeliveryResult): Promise<boolean> {
  if (outcome.kind !== 'unknown' && outcome.kind !== 'throttled') return false;
  return isUnconfirmedTooLong(leased.entry.firstSentAt, sender.clock()) || isFailingAlone(sender, leased, payload);
}

/**
 * Whether this order has reached the limit of server failures with this attempt, while the lab network has accepted another order since the request before: the
 * cause is then likely in this order. The outbox is queried, so that all processes decide alike, also after a restart.
 */
async function isFailingAlone({ store }: OrderSender, { entry }: LeasedEntry, payload: OrderPayload): Promise<boolean> {
  const before = parseOrderPayload(entry);
  if (!('serverFailures' in payload) || payload.serverFailures < MAX_SERVER_FAILURES) return false;
  if (!('lastSentAt' in before) || before.serverFailures === payload.serverFailures) return false;
  return store.outbox.hasDoneSince(entry.account, entry.topic, before.lastSentAt);
}
