// What came of an attempt: the entry's next state, and what the ServiceRequest and its Task say of it, in one transaction.
import type { Resource } from '../../fhir/types.ts';
import { readModifyWriteMany } from '../../interactions/read-modify-write-many.ts';
import type { JunctionOrder } from '../../junction/client.ts';
import { type Outcome, retryAfterSeconds, toHealthSignal } from '../../messaging/outcome.ts';
import type { LeasedEntry, OutboxEntry, OutboxState } from '../../store/queues/outbox-entry.ts';
import type { Store } from '../../store/store.ts';
import { callOff } from '../place/cancellation.ts';
import { type OrderPayload, orderedIn, payloadOf, requestId } from '../place/order-entry.ts';
import { abandoned, accepted, type Change, calledOff, type Edit, refused } from '../place/record.ts';
import { systemContext } from '../system-actor.ts';
import { follow } from './follow.ts';
import { isAbandoned, MOST_FAILURES, retryAt } from './retry-time.ts';
import type { Sending } from './sending.ts';

export interface Result {
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
  edit?: Edit;
}

/** Answers the entry's state; `sending` when the lease had passed to somebody else, whose word then counts. */
export async function settleOrder(sending: Sending, leased: LeasedEntry, result: Result): Promise<OutboxState> {
  const { entry, by } = leased;
  const now = sending.clock();
  const { outcome: came } = result;
  if (came.kind !== 'called-off' && came.kind !== 'on-hold' && came.kind !== 'looked-for')
    sending.gate.breaker.record(toHealthSignal('order', came), now, retryAfterSeconds(came), entry.id);
  const settled = await sending.store.transaction(async (store) => {
    // held first, as whoever takes it back does: then one of the two sees the other
    const stands = await standing(store, entry, result.payload);
    const conclusion = await concluded({ ...sending, store }, leased, { ...result, wanted: !isTakenBack(stands) });
    const { state, payload, nextAt, error, edit } = conclusion;
    const outcome = { state, at: now.toISOString(), payload: JSON.stringify(payload), ...(nextAt && { nextAt }), ...(error && { error }) };
    if (!(await store.outbox.recordOutcome(entry, by, outcome))) return { state: undefined, error };
    if (!edit) return conclusion;
    const context = systemContext(sending, entry.tenant, store);
    await readModifyWriteMany(context, [
      ...(stands.request ? [{ type: 'ServiceRequest' as const, id: requestId(entry), edit: changing(edit.request) }] : []),
      { type: 'Task', id: payload.task, edit: changing(edit.task) },
    ]);
    if (result.outcome.kind === 'accepted') await follow(context, entry, payload, result.outcome.value);
    if (state === 'done' && isTakenBack(stands)) await callOff(context, entry, payload);
    return conclusion;
  });
  const { state, error } = settled;
  sending.log({ tenant: entry.tenant, subject: entry.subject, attempt: entry.attempts, state: state ?? 'lost', error }, 'order');
  return state ?? 'sending';
}

/** How the request that was ordered and its Task stand; undefined: deleted. Nobody else writes them before the transaction ends. */
interface Standing {
  request: Resource | undefined;
  task: Resource | undefined;
}

async function standing(store: Store, entry: OutboxEntry, { task }: OrderPayload): Promise<Standing> {
  const held = await store.readForUpdate(entry.tenant, [
    { type: 'ServiceRequest', id: requestId(entry) },
    { type: 'Task', id: task },
  ]);
  const [request, fulfilment] = (['ServiceRequest', 'Task'] as const).map((wanted) => held.find(({ type }) => type === wanted));
  return {
    request: await orderedIn(store, entry, request),
    task: fulfilment?.body ? (JSON.parse(fulfilment.body) as Resource) : undefined,
  };
}

const changing =
  (edit: Change) =>
  (resource: Resource | undefined): Resource | undefined =>
    resource && edit(resource);

/** Whether the request was revoked or deleted, or the Task cancelled, while nobody knew whether the order had arrived. */
const isTakenBack = ({ request, task }: Standing): boolean =>
  !request || request.status === 'revoked' || request.status === 'entered-in-error' || task?.status === 'cancelled';

/** `wanted`: nobody has taken it back. */
type Given = Result & { wanted: boolean };

async function concluded(sending: Sending, leased: LeasedEntry, { payload, sent, outcome, wanted }: Given): Promise<Conclusion> {
  const at = sending.clock().toISOString();
  if (outcome.kind === 'accepted') {
    const { id, transactionId } = outcome.value;
    return { state: 'done', payload: { ...payload, orderId: id, transactionId }, edit: accepted(sending.systems, outcome.value, at) };
  }
  if (outcome.kind === 'refused') return { state: 'refused', payload, error: outcome.why, edit: refused(outcome.why, at) };
  if (outcome.kind === 'called-off') return { state: 'cancelled', payload, edit: calledOff(at) };
  if (outcome.kind === 'on-hold') return { state: sent ? 'unknown' : 'queued', payload, error: 'on hold', nextAt: later(sending, leased) };
  return waiting(sending, leased, { payload, sent, outcome, wanted });
}

type Waiting = Omit<Given, 'outcome'> & {
  outcome: Extract<Result['outcome'], { kind: 'unknown' | 'throttled' | 'unauthorised' | 'looked-for' }>;
};

/** Neither yes nor no: again, later. A key that is refused is no reason to give an order up, and one that was taken back is only looked for: for ever. */
async function waiting(sending: Sending, leased: LeasedEntry, { payload, sent, outcome, wanted }: Waiting): Promise<Conclusion> {
  const now = sending.clock();
  const next = { error: outcome.why, payload };
  const tried = wanted && outcome.kind !== 'unauthorised' && outcome.kind !== 'looked-for';
  if (tried && (isAbandoned(leased.entry.firstSentAt, now) || (await isOneOfItsOwn(sending, leased, payload))))
    return { state: 'parked', edit: abandoned(outcome.why, now.toISOString()), ...next };
  const told = outcome.kind === 'throttled' ? outcome.retryAfter : undefined;
  const nextAt = told === undefined ? later(sending, leased) : new Date(now.getTime() + told * 1000).toISOString();
  return { state: sent ? 'unknown' : 'queued', nextAt, ...next };
}

/**
 * The network has just failed at it again, as often as it may, and has taken another order that was made since the time before: the reason is likely to be in
 * this one. Asked of the outbox, so that it is the same for every process, and for one that has just begun.
 */
async function isOneOfItsOwn({ store }: Sending, { entry }: LeasedEntry, { failures = 0 }: OrderPayload): Promise<boolean> {
  const before = payloadOf(entry);
  if (failures < MOST_FAILURES || failures === before.failures || before.sentAt === undefined) return false;
  return store.outbox.hasDoneSince(entry.topic, before.sentAt);
}

const later = ({ clock, random }: Sending, { entry }: LeasedEntry): string => retryAt(entry.createdAt, clock(), random());
