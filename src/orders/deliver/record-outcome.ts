// What came of an attempt: the entry's next state, and what the ServiceRequest and its Task say of it, in one transaction.
import type { Resource } from '../../fhir/types.ts';
import { readModifyWriteMany } from '../../interactions/read-modify-write-many.ts';
import type { JunctionOrder } from '../../junction/client.ts';
import { type Outcome, retryAfterSeconds, toHealthSignal } from '../../messaging/outcome.ts';
import type { LeasedEntry, OutboxEntry, OutboxState } from '../../store/queues/outbox-entry.ts';
import type { Store } from '../../store/store.ts';
import { queueCancellation } from '../place/cancellation.ts';
import {
  buildAcceptedEdit,
  buildCancelledEdit,
  buildRefusedEdit,
  buildUnconfirmedEdit,
  type OrderEdit,
  type ResourceEdit,
} from '../place/order-edits.ts';
import { type OrderPayload, parseOrderedRequest, parseOrderPayload, readRequestId } from '../place/order-entry.ts';
import { systemContext } from '../system-actor.ts';
import { isUnconfirmedTooLong, MAX_SERVER_FAILURES, nextDeliveryAt } from './delivery-times.ts';
import type { OrderSender } from './order-sender.ts';
import { startTracking } from './start-tracking.ts';

export interface DeliveryResult {
  payload: OrderPayload;
  /** Whether the order may have reached the network, in this attempt or before. */
  sent: boolean;
  outcome: Outcome<JunctionOrder> | { kind: 'called-off' } | { kind: 'on-hold' } | { kind: 'looked-for'; why: string };
}

interface Conclusion {
  state: OutboxState;
  payload: OrderPayload;
  nextAt?: string;
  error?: string;
  edit?: OrderEdit;
}

/** Answers the entry's state; `sending` when the lease had passed to somebody else, whose word then counts. */
export async function recordOutcome(sender: OrderSender, leased: LeasedEntry, result: DeliveryResult): Promise<OutboxState> {
  const { entry, by } = leased;
  const now = sender.clock();
  const { outcome: came } = result;
  if (came.kind !== 'called-off' && came.kind !== 'on-hold' && came.kind !== 'looked-for')
    sender.gate.breaker.record(toHealthSignal('order', came), now, retryAfterSeconds(came), entry.id);
  const settled = await sender.store.transaction(async (store) => {
    // held first, as whoever takes it back does: then one of the two sees the other
    const stands = await standing(store, entry, result.payload);
    const conclusion = await concluded({ ...sender, store }, leased, { ...result, wanted: !isTakenBack(stands) });
    const { state, payload, nextAt, error, edit } = conclusion;
    const outcome = { state, at: now.toISOString(), payload: JSON.stringify(payload), ...(nextAt && { nextAt }), ...(error && { error }) };
    if (!(await store.outbox.recordOutcome(entry, by, outcome))) return { state: undefined, error };
    if (!edit) return conclusion;
    const context = systemContext(sender, entry.tenant, store);
    await readModifyWriteMany(context, [
      ...(stands.request ? [{ type: 'ServiceRequest' as const, id: readRequestId(entry), edit: changing(edit.request) }] : []),
      { type: 'Task', id: payload.task, edit: changing(edit.task) },
    ]);
    if (result.outcome.kind === 'accepted') await startTracking(context, entry, payload, result.outcome.value);
    if (state === 'done' && isTakenBack(stands)) await queueCancellation(context, entry, payload);
    return conclusion;
  });
  const { state, error } = settled;
  sender.log({ tenant: entry.tenant, subject: entry.subject, attempt: entry.attempts, state: state ?? 'lost', error }, 'order');
  return state ?? 'sending';
}

/** How the request that was ordered and its Task stand; undefined: deleted. Nobody else writes them before the transaction ends. */
interface Standing {
  request: Resource | undefined;
  task: Resource | undefined;
}

async function standing(store: Store, entry: OutboxEntry, { task }: OrderPayload): Promise<Standing> {
  const held = await store.readForUpdate(entry.tenant, [
    { type: 'ServiceRequest', id: readRequestId(entry) },
    { type: 'Task', id: task },
  ]);
  const [request, fulfilment] = (['ServiceRequest', 'Task'] as const).map((wanted) => held.find(({ type }) => type === wanted));
  return {
    request: await parseOrderedRequest(store, entry, request),
    task: fulfilment?.body ? (JSON.parse(fulfilment.body) as Resource) : undefined,
  };
}

const changing =
  (edit: ResourceEdit) =>
  (resource: Resource | undefined): Resource | undefined =>
    resource && edit(resource);

/** Whether the request was revoked or deleted, or the Task cancelled, while nobody knew whether the order had arrived. */
const isTakenBack = ({ request, task }: Standing): boolean =>
  !request || request.status === 'revoked' || request.status === 'entered-in-error' || task?.status === 'cancelled';

/** `wanted`: nobody has taken it back. */
type Given = DeliveryResult & { wanted: boolean };

async function concluded(sender: OrderSender, leased: LeasedEntry, { payload, sent, outcome, wanted }: Given): Promise<Conclusion> {
  const at = sender.clock().toISOString();
  if (outcome.kind === 'accepted') {
    const { id, transactionId } = outcome.value;
    return {
      state: 'done',
      payload: { ...payload, orderId: id, transactionId },
      edit: buildAcceptedEdit(sender.systems, outcome.value, at),
    };
  }
  if (outcome.kind === 'refused') return { state: 'refused', payload, error: outcome.why, edit: buildRefusedEdit(outcome.why, at) };
  if (outcome.kind === 'called-off') return { state: 'cancelled', payload, edit: buildCancelledEdit(at) };
  if (outcome.kind === 'on-hold') return { state: sent ? 'unknown' : 'queued', payload, error: 'on hold', nextAt: later(sender, leased) };
  return waiting(sender, leased, { payload, sent, outcome, wanted });
}

type Waiting = Omit<Given, 'outcome'> & {
  outcome: Extract<DeliveryResult['outcome'], { kind: 'unknown' | 'throttled' | 'unauthorised' | 'looked-for' }>;
};

/** Neither yes nor no: again, later. A key that is refused is no reason to give an order up, and one that was taken back is only looked for: for ever. */
async function waiting(sender: OrderSender, leased: LeasedEntry, { payload, sent, outcome, wanted }: Waiting): Promise<Conclusion> {
  const now = sender.clock();
  const next = { error: outcome.why, payload };
  const tried = wanted && outcome.kind !== 'unauthorised' && outcome.kind !== 'looked-for';
  if (tried && (isUnconfirmedTooLong(leased.entry.firstSentAt, now) || (await isOneOfItsOwn(sender, leased, payload))))
    return { state: 'parked', edit: buildUnconfirmedEdit(outcome.why, now.toISOString()), ...next };
  const told = outcome.kind === 'throttled' ? outcome.retryAfter : undefined;
  const nextAt = told === undefined ? later(sender, leased) : new Date(now.getTime() + told * 1000).toISOString();
  return { state: sent ? 'unknown' : 'queued', nextAt, ...next };
}

/**
 * The network has just failed at it again, as often as it may, and has taken another order that was made since the time before: the reason is likely to be in
 * this one. Asked of the outbox, so that it is the same for every process, and for one that has just begun.
 */
async function isOneOfItsOwn({ store }: OrderSender, { entry }: LeasedEntry, { failures = 0 }: OrderPayload): Promise<boolean> {
  const before = parseOrderPayload(entry);
  if (failures < MAX_SERVER_FAILURES || failures === before.failures || before.sentAt === undefined) return false;
  return store.outbox.hasDoneSince(entry.topic, before.sentAt);
}

const later = ({ clock, random }: OrderSender, { entry }: LeasedEntry): string => nextDeliveryAt(entry.createdAt, clock(), random());
