// What came of an attempt: the entry's next state, and what the ServiceRequest and its Task say of it, in one transaction.
import type { Resource } from '../../fhir/types.ts';
import type { Context } from '../../resource/context.ts';
import type { OutboxEntry, OutboxState } from '../../store/store.ts';
import { follow } from '../following/placing.ts';
import type { JunctionOrder } from '../network/client.ts';
import type { Outcome } from '../network/outcome.ts';
import { type OrderPayload, orderedRequest, requestId } from '../ordering/order-entry.ts';
import { callOff } from './cancel.ts';
import { abandoned, accepted, calledOff, change, type Edit, refused } from './record.ts';
import { isAbandoned, retryAt } from './retry-time.ts';
import { type Leased, type Sending, senderContext } from './sending.ts';

export interface Result {
  payload: OrderPayload;
  /** Whether the order may have reached the network, in this attempt or before. */
  sent: boolean;
  outcome: Outcome<JunctionOrder> | { kind: 'called-off' } | { kind: 'on-hold' };
}

interface Conclusion {
  state: OutboxState;
  payload: OrderPayload;
  nextAt?: string;
  error?: string;
  edit?: Edit;
}

/** Answers the entry's state; `sending` when the lease had passed to somebody else, whose word then counts. */
export async function settleOrder(sending: Sending, leased: Leased, result: Result): Promise<OutboxState> {
  const { entry, by } = leased;
  const now = sending.clock();
  const { outcome: came } = result;
  const health = HEALTH[came.kind];
  if (health) sending.breaker.record(health, now, 'retryAfter' in came ? came.retryAfter : undefined);
  const { state, payload, nextAt, error, edit } = concluded(sending, leased, result);
  const written = await sending.store.transaction(async (store) => {
    // the request first, as whoever takes it back does: then one of the two sees the other
    await store.hold(entry.tenant, [{ type: 'ServiceRequest', id: requestId(entry) }]);
    const outcome = { state, at: now.toISOString(), payload: JSON.stringify(payload), ...(nextAt && { nextAt }), ...(error && { error }) };
    if (!(await store.outbox.settle(entry, by, outcome))) return false;
    if (!edit) return true;
    const context = senderContext(sending, entry.tenant, store);
    const unwanted = state === 'done' && (await isTakenBack(context, entry, payload));
    if (await orderedRequest(store, entry)) await change(context, 'ServiceRequest', requestId(entry), edit.request);
    await change(context, 'Task', payload.task, edit.task);
    if (result.outcome.kind === 'accepted') await follow(context, entry, payload, result.outcome.value);
    if (unwanted) await callOff(context, entry, payload);
    return true;
  });
  sending.log({ tenant: entry.tenant, subject: entry.subject, attempt: entry.attempts, state: written ? state : 'lost', error }, 'order');
  return written ? state : 'sending';
}

/** Whether the request was revoked or deleted, or the Task cancelled, while nobody knew whether the order had arrived. */
async function isTakenBack({ store }: Context, entry: OutboxEntry, payload: OrderPayload): Promise<boolean> {
  const request = await orderedRequest(store, entry);
  if (!request || request.status === 'revoked' || request.status === 'entered-in-error') return true;
  const task = await store.read(entry.tenant, 'Task', payload.task);
  return task?.body ? (JSON.parse(task.body) as Resource).status === 'cancelled' : false;
}

/** What each outcome says of the other side's health; undefined: it may not even have been asked. */
const HEALTH = {
  accepted: 'answered',
  refused: 'answered',
  'called-off': undefined,
  'on-hold': undefined,
  unknown: 'failed',
  throttled: 'down',
  unauthorised: 'down',
} as const;

function concluded(sending: Sending, leased: Leased, { payload, sent, outcome }: Result): Conclusion {
  const at = sending.clock().toISOString();
  if (outcome.kind === 'accepted') {
    const { id, transactionId } = outcome.value;
    return { state: 'done', payload: { ...payload, orderId: id, transactionId }, edit: accepted(sending.systems, outcome.value, at) };
  }
  if (outcome.kind === 'refused') return { state: 'refused', payload, error: outcome.why, edit: refused(outcome.why, at) };
  if (outcome.kind === 'called-off') return { state: 'cancelled', payload, edit: calledOff(at) };
  if (outcome.kind === 'on-hold') return { state: sent ? 'unknown' : 'queued', payload, error: 'on hold', nextAt: later(sending, leased) };
  return waiting(sending, leased, { payload, sent, outcome });
}

type Waiting = Omit<Result, 'outcome'> & { outcome: Extract<Outcome<never>, { kind: 'unknown' | 'throttled' | 'unauthorised' }> };

/** Neither yes nor no: again, later. A key that is refused is no reason to give an order up. */
function waiting(sending: Sending, leased: Leased, { payload, sent, outcome }: Waiting): Conclusion {
  const now = sending.clock();
  const next = { error: outcome.why, payload };
  if (outcome.kind !== 'unauthorised' && isAbandoned(leased.entry.firstSentAt, now))
    return { state: 'parked', edit: abandoned(now.toISOString()), ...next };
  const told = outcome.kind === 'throttled' ? outcome.retryAfter : undefined;
  const nextAt = told === undefined ? later(sending, leased) : new Date(now.getTime() + told * 1000).toISOString();
  return { state: sent ? 'unknown' : 'queued', nextAt, ...next };
}

const later = ({ clock, random }: Sending, { entry }: Leased): string => retryAt(entry.createdAt, clock(), random());
