// What came of an attempt: the entry's next state, and what the ServiceRequest and its Task say of it, in one transaction.
import type { Resource } from '../fhir/types.ts';
import type { Context } from '../resource/context.ts';
import type { OutboxEntry, OutboxState } from '../store/store.ts';
import { callOff } from './cancel.ts';
import type { JunctionOrder } from './junction-client.ts';
import type { Outcome } from './junction-outcome.ts';
import { type OrderPayload, requestId } from './order-entry.ts';
import { abandoned, accepted, calledOff, change, type Edit, refused } from './record.ts';
import { isAbandoned, retryAt } from './retry-time.ts';
import { type Leased, type Sending, senderContext } from './sending.ts';

export interface Result {
  payload: OrderPayload;
  /** Whether the order may have reached the network, in this attempt or before. */
  sent: boolean;
  outcome: Outcome<JunctionOrder> | { kind: 'called-off' };
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
  sending.breaker.record(HEALTH[result.outcome.kind], now);
  const { state, payload, nextAt, error, edit } = concluded(sending, leased, result);
  const written = await sending.store.transaction(async (store) => {
    const outcome = { state, at: now.toISOString(), payload: JSON.stringify(payload), ...(nextAt && { nextAt }), ...(error && { error }) };
    if (!(await store.outbox.settle(entry, by, outcome))) return false;
    if (!edit) return true;
    const context = senderContext(sending, entry.tenant, store);
    await change(context, 'ServiceRequest', requestId(entry), edit.request);
    await change(context, 'Task', payload.task, edit.task);
    if (state === 'done') await callOffIfWithdrawn(context, entry, payload);
    return true;
  });
  sending.log({ tenant: entry.tenant, subject: entry.subject, attempt: entry.attempts, state: written ? state : 'lost', error }, 'order');
  return written ? state : 'sending';
}

/** It was revoked while nobody knew whether it had arrived. */
async function callOffIfWithdrawn(context: Context, entry: OutboxEntry, payload: OrderPayload): Promise<void> {
  const row = await context.store.read(entry.tenant, 'ServiceRequest', requestId(entry));
  const status = row?.body ? (JSON.parse(row.body) as Resource).status : 'entered-in-error';
  if (status === 'revoked' || status === 'entered-in-error') await callOff(context, entry, payload);
}

/** What each outcome says of the other side's health. */
const HEALTH = {
  accepted: 'answered',
  refused: 'answered',
  'called-off': 'answered',
  unknown: 'failed',
  throttled: 'down',
  unauthorised: 'down',
} as const;

function concluded(sending: Sending, leased: Leased, { payload, sent, outcome }: Result): Conclusion {
  const at = sending.clock().toISOString();
  if (outcome.kind === 'called-off') return { state: 'cancelled', payload, edit: calledOff(at) };
  if (outcome.kind === 'accepted') {
    const { id, transactionId } = outcome.value;
    return { state: 'done', payload: { ...payload, orderId: id, transactionId }, edit: accepted(sending.systems, outcome.value, at) };
  }
  if (outcome.kind === 'refused') return { state: 'refused', payload, error: outcome.why, edit: refused(outcome.why, at) };
  return waiting(sending, leased, { payload, sent, outcome });
}

type Waiting = Result & { outcome: Extract<Outcome<never>, { kind: 'unknown' | 'throttled' | 'unauthorised' }> };

/** Neither yes nor no: again, later. A key that is refused is no reason to give an order up. */
function waiting({ clock, random }: Sending, { entry }: Leased, { payload, sent, outcome }: Waiting): Conclusion {
  const now = clock();
  const failed = outcome.kind !== 'unauthorised' && outcome.failed;
  const next = { error: outcome.why, payload: failed ? { ...payload, lookFirst: true } : payload };
  if (outcome.kind !== 'unauthorised' && isAbandoned(entry.firstSentAt, now))
    return { state: 'parked', edit: abandoned(now.toISOString()), ...next };
  const told = outcome.kind === 'throttled' ? outcome.retryAfter : undefined;
  const nextAt = told === undefined ? retryAt(entry.createdAt, now, random()) : new Date(now.getTime() + told * 1000).toISOString();
  return { state: sent ? 'unknown' : 'queued', nextAt, ...next };
}
