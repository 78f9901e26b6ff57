// Stores the outcome of an attempt in one transaction: the next state of the entry, its ServiceRequest and its Task, and the tracking of an accepted order.

import { parseStored } from '../../fhir/typed-resource.ts';
import type { Resource } from '../../fhir/types.ts';
import type { Context } from '../../interactions/context.ts';
import { readModifyWriteMany } from '../../interactions/read-modify-write-many.ts';
import type { JunctionOrder } from '../../junction/client.ts';
import { type Outcome, retryAfterSeconds, toHealthSignal } from '../../messaging/outcome.ts';
import type { LeasedEntry, OutboxEntry, OutboxState } from '../../store/queues/outbox-entry.ts';
import type { ResourceRow } from '../../store/resources/resource-row.ts';
import type { Store } from '../../store/store.ts';
import { toEntryFields } from '../log-fields.ts';
import { queueCancellation } from '../place/cancellation.ts';
import {
  buildAcceptedEdit,
  buildCancelledEdit,
  buildRefusedEdit,
  buildUnconfirmedEdit,
  type OrderEdit,
  type ResourceEdit,
} from '../place/order-edits.ts';
import {
  type AcceptedOrder,
  formatOrderPayload,
  type OrderPayload,
  parseOrderedRequest,
  parseOrderPayload,
  readRequestId,
  toAcceptedOrder,
} from '../place/order-entry.ts';
import { findTransition, type OrderAction } from '../state-machine.ts';
import { systemContext } from '../system-actor.ts';
import { isUnconfirmedTooLong, MAX_SERVER_FAILURES, nextDeliveryAt, type OrderSender } from './order-sender.ts';

/**
 * `in-doubt`: the order is not listed, but may still appear; or its insurance may still be on its way. `on-hold`: the request is not active. `not-wanted`: the request or its Task was cancelled, and the
 * order is not at the lab network.
 */
type DeliveryOutcome = Outcome<JunctionOrder> | { kind: 'in-doubt'; why: string } | { kind: 'on-hold' } | { kind: 'not-wanted' };

export interface DeliveryResult {
  payload: OrderPayload;
  outcome: DeliveryOutcome;
}

interface Conclusion {
  state: OutboxState;
  action: OrderAction;
  payload: OrderPayload;
  nextAt?: string;
  error?: string;
  edit?: OrderEdit;
}

/** Returns the state of the entry; `sending`: another process has the lease now, and the outcome of that process counts. */
export async function recordOutcome(sender: OrderSender, leased: LeasedEntry, result: DeliveryResult): Promise<OutboxState> {
  const { entry, by } = leased;
  const { outcome } = result;
  const now = sender.clock();
  if (outcome.kind !== 'not-wanted' && outcome.kind !== 'on-hold' && outcome.kind !== 'in-doubt')
    sender.gate.breaker.record(toHealthSignal('order', outcome), now, retryAfterSeconds(outcome), entry.id);
  const { state, error } = await sender.store.transaction(async (store) => {
    // locked first, as by a revocation: the second of the two transactions finds the changes of the first
    const current = await readCurrent(store, entry, result.payload);
    const isWanted = !isWithdrawn(current);
    const conclusion = await conclude({ ...sender, store }, leased, { ...result, isWanted });
    const { state, action, payload, nextAt, error, edit } = conclusion;
    const change = {
      state,
      at: now.toISOString(),
      payload: formatOrderPayload(payload),
      ...(nextAt && { nextAt }),
      ...(error && { error }),
    };
    if (!(await store.outbox.recordOutcome(entry, by, change))) return { state: undefined, error };
    if (!edit) return conclusion;
    const context = systemContext(sender, entry.tenant, store);
    const edits = [
      ...(current.request ? [{ type: 'ServiceRequest' as const, id: readRequestId(entry), edit: ifPresent(edit.request) }] : []),
      { type: 'Task' as const, id: payload.task, edit: ifPresent(edit.task) },
    ];
    await readModifyWriteMany(context, edits, current.rows);
    if (action === 'startTracking' && payload.state === 'accepted' && outcome.kind === 'accepted') {
      await startTracking(context, entry, payload, outcome.value);
      if (!isWanted) await queueCancellation(context, entry, payload);
    }
    return conclusion;
  });
  const fields = toEntryFields(entry, outcome.kind === 'accepted' ? outcome.value.id : undefined);
  sender.log({ ...fields, attempt: entry.attempts, state: state ?? 'lost', error }, 'order');
  return state ?? 'sending';
}

/** The request that was ordered and its Task; undefined: deleted. Both rows are locked until the transaction ends. */
interface CurrentResources {
  rows: ResourceRow[];
  request: Resource | undefined;
  task: Resource | undefined;
}

async function readCurrent(store: Store, entry: OutboxEntry, { task }: OrderPayload): Promise<CurrentResources> {
  const locked = await store.readForUpdate(entry.tenant, [
    { type: 'ServiceRequest', id: readRequestId(entry) },
    { type: 'Task', id: task },
  ]);
  const rows = new Map(locked.map((row) => [row.type, row]));
  return {
    rows: locked,
    request: await parseOrderedRequest(store, entry, rows.get('ServiceRequest')),
    task: parseStored('Task', rows.get('Task')),
  };
}

const ifPresent =
  (edit: ResourceEdit) =>
  (resource: Resource | undefined): Resource | undefined =>
    resource && edit(resource);

/** Whether the request was revoked or deleted, or the Task cancelled, during the attempt. */
const isWithdrawn = ({ request, task }: CurrentResources): boolean =>
  !request || request.status === 'revoked' || request.status === 'entered-in-error' || task?.status === 'cancelled';

/** `isWanted`: no user has withdrawn the order. */
type WantedResult = DeliveryResult & { isWanted: boolean };

async function conclude(sender: OrderSender, leased: LeasedEntry, { payload, outcome, isWanted }: WantedResult): Promise<Conclusion> {
  const now = sender.clock();
  const at = now.toISOString();
  const error = 'why' in outcome ? outcome.why : outcome.kind === 'on-hold' ? 'on hold' : undefined;
  const event = isWanted && (await isUnconfirmed(sender, leased, { payload, outcome })) ? 'unconfirmed' : outcome.kind;
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

/** The time until the first poll of a new order, in ms. A webhook makes the poll due earlier. */
const FIRST_POLL_MS = 6 * 3_600_000;
const JUST_ORDERED_STATUS = /^received(?:\.[^.]+\.ordered)?$/;

export const isJustOrdered = (status = ''): boolean => JUST_ORDERED_STATUS.test(status);

/** `status`: the lab network's status of the order. `networkStatus`: the status that the lab network last gave the request. */
interface InitialStatus {
  status?: string | undefined;
  networkStatus?: string | undefined;
}

/** Starts to track an order that the lab network has accepted, inside the transaction that stores the acceptance. An order that has progressed is polled now. */
export async function startTracking(
  { store, clock }: Context,
  entry: OutboxEntry,
  payload: AcceptedOrder,
  { status = 'received', networkStatus }: InitialStatus,
): Promise<void> {
  const now = clock();
  const first = isJustOrdered(status) ? now.getTime() + FIRST_POLL_MS : now.getTime();
  await store.trackedOrders.add({
    tenant: entry.tenant,
    account: entry.account,
    orderId: payload.orderId,
    transactionId: payload.transactionId,
    request: readRequestId(entry),
    task: payload.task,
    version: payload.version,
    orderedAt: entry.firstSentAt ?? now.toISOString(),
    snapshot: JSON.stringify({ told: networkStatus }),
    at: new Date(first).toISOString(),
  });
}
