// One attempt to send an order, as a list of steps. record-outcome.ts stores its outcome.
// The rules: every request has the same bytes; an order that may be at the lab network is looked up before it is sent again; an unknown outcome is never treated
// as a rejection. Junction replays the first response of a key, including failures (docs/decisions/0024-order-delivery.md).

import { v5 } from 'uuid';
import { parseStored } from '../../fhir/typed-resource.ts';
import type { JunctionOrder } from '../../junction/client.ts';
import { isServerFailure } from '../../junction/transport.ts';
import type { Failure, Outcome } from '../../messaging/outcome.ts';
import type { OutboxEntry, OutboxState } from '../../store/queues/outbox-entry.ts';
import { buildOrderBody } from '../place/junction-order.ts';
import { isEnded } from '../place/order-edits.ts';
import {
  findLastSentAt,
  formatOrderPayload,
  type OrderPayload,
  type OrderWithoutUser,
  parseOrderedRequest,
  parseOrderPayload,
  readLastRequest,
  type SentOrder,
} from '../place/order-entry.ts';
import type { DeliveryResult } from './conclude-attempt.ts';
import { ensureInsurance } from './ensure-insurance.ts';
import { ATTEMPT_MS, type Delivery, isRequestFinished, msUntilListed, type OrderSender } from './order-sender.ts';
import { recordOutcome } from './record-outcome.ts';
import { listOrderResources, readTogether, recordTogether } from './shared-statements.ts';

/** The state that the request and its Task require now. The configured tests are not checked again: the lab network refuses a test that it has retired. */
type DesiredState = 'sent' | 'on-hold' | 'not-wanted';

interface Attempt {
  sender: OrderSender;
  leased: Delivery;
  desired: DesiredState;
  /** When the last request before this attempt was sent; null: no request was sent. */
  earlierSentAt: string | null;
  signal: AbortSignal;
  payload: OrderPayload;
  userId?: string;
  response?: Outcome<JunctionOrder>;
}

/** Returns the attempt for the next step, or the result of the attempt. */
type Step = (attempt: Attempt) => Promise<Attempt | DeliveryResult | 'lease-lost'>;

/** The second half is for a user that the lab network did not know. */
const STEPS: Step[] = [
  checkDesiredState,
  findUser,
  lookUpOrder,
  waitForList,
  insureUser,
  markAsSent,
  sendRequest,
  replaceMissingUser,
  findUser,
  lookUpOrder,
  waitForList,
  insureUser,
  markAsSent,
  sendRequest,
];

/** Returns the new state of the entry; `sending`: another process has the lease now. */
export async function sendOrder(sender: OrderSender, leased: Delivery, budgetMs = sender.attemptMs ?? ATTEMPT_MS): Promise<OutboxState> {
  const { entry } = leased;
  const payload = parseOrderPayload(entry);
  const desired = await readDesiredState(sender, entry, payload);
  let attempt: Attempt = { sender, leased, desired, earlierSentAt: findLastSentAt(entry), signal: AbortSignal.timeout(budgetMs), payload };
  for (const step of STEPS) {
    const next = await step(attempt);
    if (next === 'lease-lost') return 'sending';
    if ('outcome' in next) return recordOutcome(sender, leased, next);
    attempt = next;
  }
  return recordOutcome(sender, leased, concludeResponse(attempt));
}

async function readDesiredState({ store }: OrderSender, entry: OutboxEntry, payload: OrderPayload): Promise<DesiredState> {
  const [requestRow, taskRow] = await readTogether({ store, tenant: entry.tenant, names: listOrderResources(entry, payload) });
  const request = await parseOrderedRequest(store, entry, requestRow);
  if (!request || isEnded(request)) return 'not-wanted';
  if (parseStored('Task', taskRow)?.status === 'cancelled') return 'not-wanted';
  return request.status === 'active' ? 'sent' : 'on-hold';
}

async function checkDesiredState(attempt: Attempt): Promise<Attempt | DeliveryResult> {
  const { leased, payload, desired } = attempt;
  return leased.entry.firstSentAt === null && desired !== 'sent' ? { payload, outcome: { kind: desired } } : attempt;
}

async function findUser(attempt: Attempt): Promise<Attempt | DeliveryResult> {
  const { sender, payload, signal } = attempt;
  if ('userId' in payload) return { ...attempt, userId: payload.userId };
  const user = await sender.client.ensureUser(payload.clientUserId, signal, payload.state === 'user-missing');
  return user.kind === 'accepted' ? { ...attempt, userId: user.value } : concludeFailure(attempt, user);
}

/**
 * The idempotency key alone does not prevent a second order: the lab network may not store a failure that happened after the work, and keys expire after a day.
 * So an order that may exist is sent again only after all orders of its user were read (no clocks are compared) and it was not among them. For a user that no
 * longer exists, the orders of the team are read.
 */
async function lookUpOrder(attempt: Attempt): Promise<Attempt | DeliveryResult> {
  const { sender, leased, payload, userId, signal } = attempt;
  const { firstSentAt, key: passthrough } = leased.entry;
  if (firstSentAt === null || userId === undefined) return attempt;
  const ofUser = await sender.client.findOrder({ userId, passthrough }, signal);
  const since = new Date(Date.parse(firstSentAt) - CLOCK_SKEW_MS).toISOString();
  const found = isNotFound(ofUser) ? await sender.client.findOrder({ since, passthrough }, signal) : ofUser;
  // a refused lookup does not mean that the order does not exist
  if (found.kind === 'refused') return { payload, outcome: { kind: 'unknown', why: `the lookup failed: ${found.why}` } };
  if (found.kind !== 'accepted') return { payload, outcome: found };
  return found.value ? { payload, outcome: { kind: 'accepted', value: found.value } } : attempt;
}

/** The tolerated difference between the lab network's clock and this server's, when the orders of the team are listed. */
const CLOCK_SKEW_MS = 48 * 3_600_000;

/** The order was not listed. It may still appear: while the list may be out of date, and, if no request may follow with this key, while a request may run. */
async function waitForList(attempt: Attempt): Promise<Attempt | DeliveryResult> {
  const { sender, payload, desired, earlierSentAt } = attempt;
  const isLastRequest = desired !== 'sent' || payload.state === 'key-failed';
  if (isLastRequest ? mayStillArrive(attempt) : msUntilListed(earlierSentAt, sender.clock()) > 0)
    return { payload, outcome: { kind: 'in-doubt', why: 'not listed yet: another lookup follows' } };
  return desired === 'sent' ? attempt : { payload, outcome: { kind: desired } };
}

const mayStillArrive = ({ sender, earlierSentAt }: Attempt): boolean =>
  earlierSentAt !== null && !isRequestFinished(earlierSentAt, sender.clock());

/** An order that is billed to an insurance is sent after the lab network has the insurance. */
async function insureUser(attempt: Attempt): Promise<Attempt | DeliveryResult> {
  const { sender, leased, payload, userId, signal } = attempt;
  if (!payload.insurance) return attempt;
  const insured = await ensureInsurance(sender, { leased, userId: userId!, insurance: payload.insurance, signal });
  if (insured.kind === 'accepted') return attempt;
  if (insured.kind === 'in-doubt') return { payload, outcome: insured };
  if (insured.kind === 'needs-person') return parkForInsurance(attempt, insured.why);
  return insured.kind === 'unknown' ? concludeInsuranceFailure(attempt, insured) : concludeFailure(attempt, insured);
}

/** After this many failures of the calls for the insurance that count, the order waits for a person. */
const MAX_INSURANCE_FAILURES = 3;

/**
 * A failure counts if the lab network has accepted an order that was placed since the failure before: the cause is then likely in this insurance. In an outage
 * nothing counts, and the order is repeated as long as any other order.
 */
async function concludeInsuranceFailure(attempt: Attempt, outcome: Failure): Promise<DeliveryResult> {
  const { sender, leased, payload, userId } = attempt;
  const { entry } = leased;
  const before = payload.insuranceFailures ?? { count: 0, lastAt: entry.createdAt };
  const isFailingAlone = await sender.store.outbox.hasDoneSince(entry.account, entry.topic, before.lastAt);
  const count = before.count + (isFailingAlone ? 1 : 0);
  const failed = { ...payload, insuranceFailures: { userId, count, lastAt: sender.clock().toISOString() } };
  if (!isFailingAlone || count < MAX_INSURANCE_FAILURES) return { payload: failed, outcome };
  const why = `${outcome.why}; the insurance has failed ${count} times while other orders were accepted`;
  return { payload: failed, outcome: { ...outcome, why: `${why}${INSURANCE_REMEDY}` }, needsPerson: true };
}

const INSURANCE_REMEDY = ": compare the user's insurance at the lab network with the Coverage, then release the order";

/** Other orders of the user may have sent the requests. The failures name the user, so that a release of this order finds it (operator-actions.ts). */
function parkForInsurance({ sender, payload, userId }: Attempt, why: string): DeliveryResult {
  const insuranceFailures = { count: 0, lastAt: sender.clock().toISOString(), ...payload.insuranceFailures, userId };
  return { payload: { ...payload, insuranceFailures }, outcome: { kind: 'in-doubt', why: `${why}${INSURANCE_REMEDY}` }, needsPerson: true };
}

/**
 * Stores, before the request is sent, that the order may be at the lab network from now on. Ends the attempt if the lease was lost or has expired: a process that
 * was suspended for hours must not continue.
 */
async function markAsSent(attempt: Attempt): Promise<Attempt | DeliveryResult | 'lease-lost'> {
  const { sender, leased, userId, signal } = attempt;
  if (signal.aborted)
    return { payload: attempt.payload, outcome: { kind: 'unknown', why: 'the time of the attempt was over before the order was sent' } };
  const { entry, by } = leased;
  const at = sender.clock().toISOString();
  const payload = toSentOrder(attempt.payload, { userId: userId!, at });
  const outcome = { state: 'sending' as const, at, firstSentAt: at, payload: formatOrderPayload(payload) };
  const isMarked = await recordTogether({ store: sender.store, outcome: { entry, by, outcome } });
  return isMarked && sender.clock() < new Date(entry.leaseUntil!) ? { ...attempt, payload } : 'lease-lost';
}

function toSentOrder(payload: OrderPayload, { userId, at }: { userId: string; at: string }): SentOrder {
  const firstUse = { keyRenewals: 0, keyUsedSince: null, serverFailures: 0, isUserReplaced: false };
  const base = payload.state === 'key-failed' ? renewKey(payload, at) : { ...firstUse, ...payload };
  return { ...base, state: 'sent', userId, lastSentAt: at };
}

const renewKey = <P extends SentOrder>(payload: P, at: string): P => ({
  ...payload,
  keyRenewals: payload.keyRenewals + 1,
  keyUsedSince: at,
});

async function sendRequest(attempt: Attempt): Promise<Attempt> {
  const { sender, leased, payload, userId, signal } = attempt;
  const body = buildOrderBody(payload.text, userId!);
  return { ...attempt, response: await sender.client.createOrder({ body, key: buildKey(leased.entry, payload) }, signal) };
}

/** The idempotency key of the last request: the key that was generated at acceptance, or one derived from it. It is the same in every process. */
export function buildKey({ key }: OutboxEntry, payload: OrderPayload): string {
  const renewals = readLastRequest(payload)?.keyRenewals ?? 0;
  return renewals > 0 ? v5(`renewed ${renewals}`, key) : key;
}

/** The lab network did not know the user, and created no order: the order is sent once more for a new user. The bytes differ, so another key is used. */
async function replaceMissingUser(attempt: Attempt): Promise<Attempt | DeliveryResult> {
  const { sender, payload, response } = attempt;
  const isReplaceable = 'isUserReplaced' in payload && !payload.isUserReplaced && payload.state !== 'user-missing';
  if (!response || !isNotFound(response) || !isReplaceable || mayStillArrive(attempt)) return concludeResponse(attempt);
  const { userId: _missing, lastSentAt: _nothing, ...request } = renewKey(payload, sender.clock().toISOString());
  const next: OrderWithoutUser = { ...request, state: 'user-missing', isUserReplaced: true };
  const { userId: _former, response: _refusal, ...rest } = attempt;
  return { ...rest, payload: next };
}

const isNotFound = (outcome: Outcome<unknown>): boolean => outcome.kind === 'refused' && outcome.status === 404;

function concludeResponse(attempt: Attempt): DeliveryResult {
  const { response, payload } = attempt;
  if (!response) return { payload, outcome: { kind: 'unknown', why: 'no request was sent' } };
  if (response.kind === 'accepted') return { payload, outcome: response };
  return concludeFailure({ ...attempt, payload: applyFailure(attempt, response) }, response);
}

/**
 * A refusal while an earlier request may still run may be caused by that request (Junction does not document its response to a key in progress). The order is then
 * looked up, as after a failure, and the next refusal counts.
 */
function concludeFailure(attempt: Attempt, outcome: Failure): DeliveryResult {
  const { payload } = attempt;
  if (outcome.kind !== 'refused' || !mayStillArrive(attempt)) return { payload, outcome };
  const why = `${outcome.why}, while an earlier request may still run`;
  return { payload: payload.state === 'sent' ? { ...payload, state: 'key-failed' } : payload, outcome: { kind: 'in-doubt', why } };
}

/**
 * The lab network may store a failure under the key, and replay it for every request with that key. So no other request uses the key: the order is looked up until
 * all requests have ended and every list is up to date, and is then sent with another key. A gateway's failure during the first ten minutes of a key is not
 * stored: the same key is used again.
 */
function applyFailure({ sender, leased, payload }: Attempt, outcome: Failure): OrderPayload {
  if (payload.state !== 'sent' || !isServerFailure(outcome)) return payload;
  if (isOfTheOperation(outcome.status)) return { ...payload, state: 'key-failed', serverFailures: payload.serverFailures + 1 };
  const keyedAt = payload.keyUsedSince ?? leased.entry.firstSentAt;
  return isRequestFinished(keyedAt, sender.clock()) ? { ...payload, state: 'key-failed' } : payload;
}

/**
 * Whether the operation itself failed, or the order refers to something that the team may not use (403). After any other failure (of a gateway, or a 4xx that is
 * not a refusal) the operation may still run, and its response may be stored.
 */
const isOfTheOperation = (status: number): boolean => status === 403 || (status >= 500 && !GATEWAY_STATUSES.has(status));
const GATEWAY_STATUSES = new Set([502, 504, 520, 521, 522, 523, 524, 525, 526, 527, 530]);
