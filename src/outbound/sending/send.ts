// One attempt to send an order: who the patient is there, whether it arrived already, the order itself. What came of it is settle-order.ts.
// The rules: the same bytes every time; what may be there is looked up before it is sent again; an outcome that nobody knows is never taken for a no.
// Junction replays the first answer under a key, failures too (docs/decisions/2026-11-22-orders-are-looked-up.md).
import { v5 } from 'uuid';
import type { Resource } from '../../fhir/types.ts';
import type { OutboxEntry, OutboxState } from '../../store/store.ts';
import type { JunctionOrder } from '../network/client.ts';
import { isFailure, type Outcome } from '../network/outcome.ts';
import { orderBody } from '../ordering/junction-order.ts';
import { isOver, testsToOrder } from '../ordering/order-criteria.ts';
import { type OrderPayload, orderedRequest, payloadOf } from '../ordering/order-entry.ts';
import { isOverByNow } from './retry-time.ts';
import { ATTEMPT_MS, type Leased, type Sending } from './sending.ts';
import { type Result, settleOrder } from './settle-order.ts';

/** Answers the state the entry is in afterwards; `sending`: somebody else has it by now. */
export async function sendOrder(sending: Sending, leased: Leased, budgetMs = ATTEMPT_MS): Promise<OutboxState> {
  const { entry } = leased;
  const payload = payloadOf(entry);
  const wish = await wishOf(sending, entry, payload);
  if (entry.firstSentAt === null && wish !== 'send') return settleOrder(sending, leased, { payload, sent: false, outcome: UNWISHED[wish] });
  const result = await placed({ sending, leased, payload, wish, signal: AbortSignal.timeout(budgetMs) });
  return result ? settleOrder(sending, leased, result) : 'sending';
}

/** What is wanted of an order by now: its request (or its Task) may have been taken back, or put on hold, since. */
type Wish = 'send' | 'wait' | 'drop';

async function wishOf({ store, table }: Sending, entry: OutboxEntry, { task: id }: OrderPayload): Promise<Wish> {
  const request = await orderedRequest(store, entry);
  if (!request || isOver(request)) return 'drop';
  const task = await store.read(entry.tenant, 'Task', id);
  if (task?.body && (JSON.parse(task.body) as Resource).status === 'cancelled') return 'drop';
  return testsToOrder(request, table) ? 'send' : 'wait';
}

/** What becomes of an order that is not there and is not to be sent. */
const UNWISHED = { drop: { kind: 'called-off' }, wait: { kind: 'on-hold' } } as const;

interface Attempt {
  sending: Sending;
  leased: Leased;
  payload: OrderPayload;
  wish: Wish;
  signal: AbortSignal;
}

/** Undefined: the lease was lost before anything was sent. */
async function placed(attempt: Attempt): Promise<Result | undefined> {
  const { sending, leased, wish, signal } = attempt;
  const sentBefore = leased.entry.firstSentAt !== null;
  const user = await userOf(attempt);
  if (user.kind !== 'accepted') return { payload: attempt.payload, sent: sentBefore, outcome: user };
  const payload = { ...attempt.payload, userId: user.value };
  const earlier = await arrived({ ...attempt, payload });
  if (earlier.kind !== 'accepted') return { payload, sent: sentBefore, outcome: unsure(earlier) };
  if (earlier.value) return { payload, sent: true, outcome: { kind: 'accepted', value: earlier.value } };
  if (wish !== 'send') return { payload, sent: sentBefore, outcome: unwished(attempt, wish) };
  const { failed, ...others } = payload;
  const marking = { ...others, sentAt: sending.clock().toISOString() };
  if (!(await marked(attempt, marking))) return undefined;
  const outcome = await sending.client.createOrder(
    { body: orderBody(payload.text, user.value), key: keyOf(leased.entry, payload) },
    signal,
  );
  const renewed = renewal({ ...attempt, payload: marking }, outcome, failed === true);
  if (renewed) return placed({ ...attempt, payload: renewed });
  return { payload: isFailure(outcome) ? { ...marking, failed: true } : marking, sent: true, outcome };
}

/** It is not there; but while a request of ours may still be at work, it may come to be there. Then it is looked for again. */
function unwished({ sending, leased, payload }: Attempt, wish: 'wait' | 'drop'): Result['outcome'] {
  if (isOverByNow(payload.sentAt ?? leased.entry.firstSentAt, sending.clock())) return UNWISHED[wish];
  return { kind: 'unknown', why: 'not wanted any more, and looked for until it is sure that it never arrived' };
}

const userOf = async ({ sending, payload, signal }: Attempt): Promise<Outcome<string>> =>
  payload.userId === undefined ? sending.client.user(payload.clientUserId, signal) : { kind: 'accepted', value: payload.userId };

/** The network's clock may differ from ours by this much when orders are listed. */
const SKEW_MS = 3_600_000;

/**
 * The order, if an earlier attempt brought it there. The key alone does not protect: a failure after the work may not be kept under it, and it is forgotten
 * after a day. So an order that may be there is sent again only after its user's orders were read and it was not among them.
 */
async function arrived({ sending, leased, payload, signal }: Attempt): Promise<Outcome<JunctionOrder | undefined>> {
  const { firstSentAt, key } = leased.entry;
  if (firstSentAt === null) return NOT_THERE;
  const since = new Date(Date.parse(firstSentAt) - SKEW_MS).toISOString();
  const found = await sending.client.findOrder({ userId: payload.userId!, since, passthrough: key }, signal);
  return found.kind === 'refused' && found.status === 404 ? NOT_THERE : found;
}

const NOT_THERE = { kind: 'accepted', value: undefined } as const;

/** A look-up that was refused says nothing about the order. */
const unsure = <T>(outcome: Exclude<Outcome<T>, { kind: 'accepted' }>): Exclude<Outcome<T>, { kind: 'accepted' | 'refused' }> =>
  outcome.kind === 'refused' ? { kind: 'unknown', why: `looking the order up: ${outcome.why}` } : outcome;

/**
 * Says in the outbox, before the first byte leaves, that the order may be there from now on. False: the lease is somebody else's, or has run out (a process
 * that stood still for hours must not go on where it was).
 */
async function marked({ sending, leased: { entry, by } }: Attempt, payload: OrderPayload): Promise<boolean> {
  const at = payload.sentAt!;
  const outcome = { state: 'sending' as const, at, firstSentAt: at, payload: JSON.stringify(payload) };
  return (await sending.store.outbox.settle(entry, by, outcome)) && sending.clock() < new Date(entry.leaseUntil!);
}

/**
 * The order under a key of its own, where the one it had cannot bring it through any more; undefined: there is no reason for that. `failedBefore`: the
 * request before this one was answered, with a failure. Where its answer is not known, it may still be on its way, and a second key would not stop it.
 */
function renewal({ sending, leased, payload }: Attempt, outcome: Outcome<JunctionOrder>, failedBefore: boolean): OrderPayload | undefined {
  const renewed = { renewed: (payload.renewed ?? 0) + 1, renewedAt: sending.clock().toISOString() };
  if (userIsGone(outcome) && !payload.userWasGone) {
    const { userId: _gone, ...others } = payload;
    return { ...others, ...renewed, userWasGone: true };
  }
  if (!failedBefore || !isFailure(outcome)) return undefined;
  const keyedAt = payload.renewedAt ?? leased.entry.firstSentAt;
  if (GATEWAY.has(outcome.status) && !isOverByNow(keyedAt, sending.clock())) return undefined;
  return { ...payload, ...renewed };
}

const userIsGone = (outcome: Outcome<JunctionOrder>): boolean => outcome.kind === 'refused' && outcome.status === 404;

/** The word of whoever stands in front of the network: the operation itself may still be running. */
const GATEWAY = new Set([502, 504, 520, 521, 522, 523, 524, 525, 526, 527, 530]);

/** The key minted at accept, or a later one of this order: the same in every process. */
const keyOf = ({ key }: OutboxEntry, { renewed }: OrderPayload): string => (renewed ? v5(`renewed ${renewed}`, key) : key);
