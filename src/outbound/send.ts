// One attempt to send an order: who the patient is there, whether it arrived already, the order itself. What came of it is settle-order.ts.
// The rules: the same bytes under the same key every time; an outcome that nobody knows is never taken for a no.
import { v5 } from 'uuid';
import type { Resource } from '../fhir/types.ts';
import type { OutboxEntry, OutboxState } from '../store/store.ts';
import type { JunctionOrder } from './junction-client.ts';
import { orderBody } from './junction-order.ts';
import type { Outcome } from './junction-outcome.ts';
import { isOver, testsToOrder } from './order-criteria.ts';
import { type OrderPayload, payloadOf, requestId } from './order-entry.ts';
import { keyMayBeForgotten, retryAt } from './retry-time.ts';
import { ATTEMPT_MS, type Leased, type Sending } from './sending.ts';
import { type Result, settleOrder } from './settle-order.ts';

/** Answers the state the entry is in afterwards; `sending`: somebody else has it by now. */
export async function sendOrder(sending: Sending, leased: Leased, budgetMs = ATTEMPT_MS): Promise<OutboxState> {
  const { entry } = leased;
  const payload = payloadOf(entry);
  const wish = entry.firstSentAt === null ? await wishOf(sending, entry) : 'send';
  if (wish === 'drop') return settleOrder(sending, leased, { payload, sent: false, outcome: { kind: 'called-off' } });
  if (wish === 'wait') return putBack(sending, leased);
  const result = await placed({ sending, leased, payload, signal: AbortSignal.timeout(budgetMs) });
  return result ? settleOrder(sending, leased, result) : 'sending';
}

/** What is wanted of an order that was never sent: its request may have been revoked, or put on hold, while it waited. */
async function wishOf({ store, table }: Sending, entry: OutboxEntry): Promise<'send' | 'wait' | 'drop'> {
  const row = await store.read(entry.tenant, 'ServiceRequest', requestId(entry));
  const request = row?.body ? (JSON.parse(row.body) as Resource) : undefined;
  if (!request || isOver(request)) return 'drop';
  return testsToOrder(request, table) ? 'send' : 'wait';
}

async function putBack({ store, clock, random }: Sending, { entry, by }: Leased): Promise<OutboxState> {
  const now = clock();
  const outcome = { state: 'queued' as const, at: now.toISOString(), nextAt: retryAt(entry.createdAt, now, random()), error: 'on hold' };
  return (await store.outbox.settle(entry, by, outcome)) ? 'queued' : 'sending';
}

interface Attempt {
  sending: Sending;
  leased: Leased;
  payload: OrderPayload;
  signal: AbortSignal;
}

/** Undefined: the lease was lost before anything was sent. */
async function placed(attempt: Attempt): Promise<Result | undefined> {
  const { sending, leased, signal } = attempt;
  const sentBefore = leased.entry.firstSentAt !== null;
  const user = await userOf(attempt);
  if (user.kind !== 'accepted') return { payload: attempt.payload, sent: sentBefore, outcome: user };
  const payload = { ...attempt.payload, userId: user.value };
  const earlier = await arrived({ ...attempt, payload });
  if (earlier.kind !== 'accepted') return { payload, sent: sentBefore, outcome: unsure(earlier) };
  if (earlier.value) return { payload, sent: true, outcome: { kind: 'accepted', value: earlier.value } };
  if (!(await marked(attempt, payload))) return undefined;
  const body = orderBody(payload.text, user.value);
  const outcome = await sending.client.createOrder({ body, key: keyOf(leased.entry, payload) }, signal);
  if (userIsGone(outcome) && !payload.renewed) return placed({ ...attempt, payload: withoutUser(payload) });
  return { payload, sent: true, outcome };
}

const userOf = async ({ sending, payload, signal }: Attempt): Promise<Outcome<string>> =>
  payload.userId === undefined ? sending.client.user(payload.clientUserId, signal) : { kind: 'accepted', value: payload.userId };

/** The network's clock may differ from ours by this much when orders are listed. */
const SKEW_MS = 3_600_000;
const LOOK_MS = 2000;

/**
 * The order, if an earlier attempt brought it there. Where the key does not protect, only a list that could be read allows another attempt; elsewhere the
 * look is a cheap second protection.
 */
async function arrived(attempt: Attempt): Promise<Outcome<JunctionOrder | undefined>> {
  const { sending, leased, payload, signal } = attempt;
  const { firstSentAt, key } = leased.entry;
  if (firstSentAt === null) return NOT_THERE;
  const must = isUnprotected(attempt);
  const since = new Date(Date.parse(firstSentAt) - SKEW_MS).toISOString();
  const within = must ? signal : AbortSignal.any([signal, AbortSignal.timeout(LOOK_MS)]);
  const found = await sending.client.findOrder({ userId: payload.userId!, since, passthrough: key }, within);
  if (found.kind === 'refused' && found.status === 404) return NOT_THERE;
  return must || found.kind === 'accepted' ? found : NOT_THERE;
}

const NOT_THERE = { kind: 'accepted', value: undefined } as const;

/** The network failed under this key, or nobody wrote down what it said (a crash), or it may have forgotten the key. */
function isUnprotected({ sending, leased: { entry }, payload }: Attempt): boolean {
  const unrecorded = entry.firstSentAt !== null && entry.lastError === null;
  return payload.lookFirst === true || unrecorded || keyMayBeForgotten(entry.firstSentAt, sending.clock());
}

/** A look-up that was refused says nothing about the order. */
const unsure = <T>(outcome: Exclude<Outcome<T>, { kind: 'accepted' }>): Exclude<Outcome<T>, { kind: 'accepted' | 'refused' }> =>
  outcome.kind === 'refused' ? { kind: 'unknown', why: `looking the order up: ${outcome.why}`, failed: false } : outcome;

/** Says in the outbox, before the first byte leaves, that the order may be there from now on. */
function marked({ sending, leased }: Attempt, payload: OrderPayload): Promise<boolean> {
  const at = sending.clock().toISOString();
  const outcome = { state: 'sending' as const, at, firstSentAt: at, payload: JSON.stringify(payload) };
  return sending.store.outbox.settle(leased.entry, leased.by, outcome);
}

const userIsGone = (outcome: Outcome<JunctionOrder>): boolean => outcome.kind === 'refused' && outcome.status === 404;

const withoutUser = ({ userId: _gone, ...payload }: OrderPayload): OrderPayload => ({ ...payload, renewed: 1 });

/** The key minted at accept; another user makes another request, which takes a key of its own. */
const keyOf = ({ key }: OutboxEntry, { renewed }: OrderPayload): string => (renewed ? v5(`renewed ${renewed}`, key) : key);
