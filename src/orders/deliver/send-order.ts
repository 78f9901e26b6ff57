// One attempt to send an order: who the patient is there, whether it arrived already, the order itself. What came of it is in record-outcome.ts.
// The rules: the same bytes every time; what may be there is looked up before it is sent again; an outcome that nobody knows is never taken for a no.
// Junction replays the first answer under a key, failures too (docs/decisions/0024-order-delivery.md).
import { v5 } from 'uuid';
import type { Resource } from '../../fhir/types.ts';
import type { JunctionOrder } from '../../junction/client.ts';
import { isServerFailure } from '../../junction/response-classification.ts';
import type { Failure, Outcome } from '../../messaging/outcome.ts';
import type { LeasedEntry, OutboxEntry, OutboxState } from '../../store/queues/outbox-entry.ts';
import { buildOrderBody } from '../place/junction-order.ts';
import { isEnded } from '../place/order-criteria.ts';
import { type OrderPayload, parseOrderPayload, readOrderedRequest } from '../place/order-entry.ts';
import { isRequestFinished, msUntilListed } from './delivery-times.ts';
import { ATTEMPT_MS, type OrderSender } from './order-sender.ts';
import { type DeliveryResult, recordOutcome } from './record-outcome.ts';

/** Answers the state the entry is in afterwards; `sending`: somebody else has it by now. */
export async function sendOrder(sender: OrderSender, leased: LeasedEntry, budgetMs = sender.attemptMs ?? ATTEMPT_MS): Promise<OutboxState> {
  const { entry } = leased;
  const payload = parseOrderPayload(entry);
  const wish = await wishOf(sender, entry, payload);
  if (entry.firstSentAt === null && wish !== 'send')
    return recordOutcome(sender, leased, { payload, sent: false, outcome: UNWISHED[wish] });
  const attempt = { sender, leased, payload, wish, signal: AbortSignal.timeout(budgetMs) };
  const result = await placed(attempt);
  return result ? recordOutcome(sender, leased, doubted(attempt, result)) : 'sending';
}

/**
 * What is wanted of an order by now: its request (or its Task) may have been taken back, or put on hold, since. Which tests can be ordered today is not asked:
 * what was accepted is sent, and a test that is gone there is refused there.
 */
type Wish = 'send' | 'wait' | 'drop';

async function wishOf({ store }: OrderSender, entry: OutboxEntry, { task: id }: OrderPayload): Promise<Wish> {
  const request = await readOrderedRequest(store, entry);
  if (!request || isEnded(request)) return 'drop';
  const task = await store.read(entry.tenant, 'Task', id);
  if (task?.body && (JSON.parse(task.body) as Resource).status === 'cancelled') return 'drop';
  return request.status === 'active' ? 'send' : 'wait';
}

/** What becomes of an order that is not there and is not to be sent. */
const UNWISHED = { drop: { kind: 'called-off' }, wait: { kind: 'on-hold' } } as const;

interface Attempt {
  sender: OrderSender;
  leased: LeasedEntry;
  payload: OrderPayload;
  wish: Wish;
  signal: AbortSignal;
}

/** Undefined: the lease was lost before anything was sent. */
async function placed(attempt: Attempt): Promise<DeliveryResult | undefined> {
  const { sender, leased, wish, signal } = attempt;
  const sentBefore = leased.entry.firstSentAt !== null;
  const user = await userOf(attempt);
  if (user.kind !== 'accepted') return { payload: attempt.payload, sent: sentBefore, outcome: user };
  const payload = { ...attempt.payload, userId: user.value };
  const earlier = await arrived({ ...attempt, payload });
  if (earlier.kind !== 'accepted') return { payload, sent: sentBefore, outcome: unsure(earlier) };
  if (earlier.value) return { payload, sent: true, outcome: { kind: 'accepted', value: earlier.value } };
  if (wish !== 'send' || payload.failed ? mayYetAppear(attempt) : mayYetBeListed(attempt))
    return { payload, sent: true, outcome: LOOKED_FOR };
  if (wish !== 'send') return { payload, sent: sentBefore, outcome: UNWISHED[wish] };
  const marking = { ...(payload.failed ? renewed(attempt, payload) : payload), sentAt: sender.clock().toISOString() };
  if (!(await marked(attempt, marking))) return undefined;
  const outcome = await sender.client.createOrder(
    { body: buildOrderBody(payload.text, user.value), key: keyOf(leased.entry, marking) },
    signal,
  );
  if (userIsGone(outcome) && !marking.userWasGone && !mayYetAppear(attempt))
    return placed({ ...attempt, payload: withoutUser(attempt, marking) });
  return { payload: failureOf(attempt, marking, outcome) ?? marking, sent: true, outcome };
}

/** It is not there; but while a request of ours may still be at work, or the list be behind, it may come to be there. */
const mayYetAppear = ({ sender, leased: { entry }, payload }: Attempt): boolean =>
  entry.firstSentAt !== null && !isRequestFinished(payload.sentAt ?? entry.firstSentAt, sender.clock());

/** It is not in the list, and the list may be behind. */
const mayYetBeListed = ({ sender, leased: { entry }, payload }: Attempt): boolean =>
  msUntilListed(payload.sentAt ?? entry.firstSentAt, sender.clock()) > 0;

/**
 * A no while an earlier request may still be at work is perhaps about that one (what "in progress" is answered with is documented nowhere): the order is
 * looked for, as after a failure, and the next no counts.
 */
function doubted(attempt: Attempt, result: DeliveryResult): DeliveryResult {
  const { payload, outcome } = result;
  if (outcome.kind !== 'refused' || !mayYetAppear(attempt)) return result;
  const why = `${outcome.why}, while an earlier request may still be at work`;
  return { ...result, payload: { ...payload, failed: true }, outcome: { kind: 'looked-for', why } };
}

const LOOKED_FOR = { kind: 'looked-for', why: 'not there yet, and looked for until it is sure that it never arrived' } as const;

const userOf = async ({ sender, payload, signal }: Attempt): Promise<Outcome<string>> =>
  payload.userId === undefined ? sender.client.ensureUser(payload.clientUserId, signal) : { kind: 'accepted', value: payload.userId };

/**
 * The order, if an earlier attempt brought it there. The key alone does not protect: a failure after the work may not be kept under it, and it is forgotten
 * after a day. So an order that may be there is sent again only after its user's orders were read, all of them (no clock is compared), and it was not among
 * them. Of a user who has no list any more the team's are read.
 */
async function arrived({ sender, leased, payload, signal }: Attempt): Promise<Outcome<JunctionOrder | undefined>> {
  const { firstSentAt, key: passthrough } = leased.entry;
  if (firstSentAt === null) return NOT_THERE;
  const found = await sender.client.findOrder({ userId: payload.userId!, passthrough }, signal);
  if (found.kind !== 'refused' || found.status !== 404) return found;
  return sender.client.findOrder({ since: new Date(Date.parse(firstSentAt) - SKEW_MS).toISOString(), passthrough }, signal);
}

/** The network's clock may differ from ours by this much when the team's orders are listed. */
const SKEW_MS = 48 * 3_600_000;

const NOT_THERE = { kind: 'accepted', value: undefined } as const;

/** A look-up that was refused says nothing about the order. */
const unsure = (outcome: Failure): Exclude<Failure, { kind: 'refused' }> =>
  outcome.kind === 'refused' ? { kind: 'unknown', why: `looking the order up: ${outcome.why}` } : outcome;

/**
 * Says in the outbox, before the first byte leaves, that the order may be there from now on. False: the lease is somebody else's, or has run out (a process
 * that stood still for hours must not go on where it was).
 */
async function marked({ sender, leased: { entry, by } }: Attempt, payload: OrderPayload): Promise<boolean> {
  const at = payload.sentAt!;
  const outcome = { state: 'sending' as const, at, firstSentAt: at, payload: JSON.stringify(payload) };
  return (await sender.store.outbox.recordOutcome(entry, by, outcome)) && sender.clock() < new Date(entry.leaseUntil!);
}

/** Under another key, because the one it had cannot bring it through any more. Written down before it is used. */
function renewed({ sender }: Attempt, { failed: _failed, ...payload }: OrderPayload): OrderPayload {
  return { ...payload, renewed: (payload.renewed ?? 0) + 1, renewedAt: sender.clock().toISOString() };
}

/** The user turned out to be gone, so nothing was made and nothing may yet be listed: once, with a user made anew, whose order is other bytes. */
function withoutUser(attempt: Attempt, { userId: _gone, sentAt: _nothing, ...payload }: OrderPayload): OrderPayload {
  return { ...renewed(attempt, payload), userWasGone: true };
}

const userIsGone = (outcome: Outcome<JunctionOrder>): boolean => outcome.kind === 'refused' && outcome.status === 404;

/**
 * A failure that the key may hold: it would be answered to every further request under it. So none is sent, the order is looked for until nothing of the
 * request can be at work any more and every list must show what it made, and only then another key is taken. Undefined: it is not kept (a gateway's word,
 * for the first ten minutes of a key), and the same key is asked again.
 */
function failureOf({ sender, leased }: Attempt, payload: OrderPayload, outcome: Outcome<JunctionOrder>): OrderPayload | undefined {
  if (!isServerFailure(outcome)) return undefined;
  if (isOfTheOperation(outcome.status)) return { ...payload, failed: true, failures: (payload.failures ?? 0) + 1 };
  const keyedAt = payload.renewedAt ?? leased.entry.firstSentAt;
  return isRequestFinished(keyedAt, sender.clock()) ? { ...payload, failed: true } : undefined;
}

/**
 * The operation's own failure, or that what the order names is not our team's to touch (403). After any other word (of whoever stands in front of it, a 4xx
 * that says no to nothing) it may be running, and its answer be kept.
 */
const isOfTheOperation = (status: number): boolean => status === 403 || (status >= 500 && !GATEWAY.has(status));
const GATEWAY = new Set([502, 504, 520, 521, 522, 523, 524, 525, 526, 527, 530]);

/** The key minted at accept, or a later one of this order: the same in every process. */
const keyOf = ({ key }: OutboxEntry, { renewed }: OrderPayload): string => (renewed ? v5(`renewed ${renewed}`, key) : key);
