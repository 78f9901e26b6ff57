// One attempt to send an order: who the patient is there, whether it arrived already, the order itself. What came of it is settle-order.ts.
// The rules: the same bytes under the same key every time; an outcome that nobody knows is never taken for a no.
import { v5 } from 'uuid';
import type { Resource } from '../fhir/types.ts';
import type { OutboxEntry, OutboxState } from '../store/store.ts';
import type { JunctionOrder } from './junction-client.ts';
import { orderBody } from './junction-order.ts';
import type { Outcome } from './junction-outcome.ts';
import { testsToOrder } from './order-criteria.ts';
import { type OrderPayload, payloadOf, requestId } from './order-entry.ts';
import { keyMayBeForgotten } from './retry-time.ts';
import { ATTEMPT_MS, type Leased, type Sending } from './sending.ts';
import { type Result, settleOrder } from './settle-order.ts';

/** Answers the state the entry is in afterwards; `sending`: somebody else has it by now. */
export async function sendOrder(sending: Sending, leased: Leased, budgetMs = ATTEMPT_MS): Promise<OutboxState> {
  const { entry } = leased;
  const payload = payloadOf(entry);
  if (entry.firstSentAt === null && !(await isWanted(sending, entry)))
    return settleOrder(sending, leased, { payload, sent: false, outcome: { kind: 'called-off' } });
  const result = await placed({ sending, leased, payload, signal: AbortSignal.timeout(budgetMs) });
  return result ? settleOrder(sending, leased, result) : 'sending';
}

/** Whether the request is still one to send: it may have been revoked while it waited. */
async function isWanted({ store, table }: Sending, entry: OutboxEntry): Promise<boolean> {
  const row = await store.read(entry.tenant, 'ServiceRequest', requestId(entry));
  return Boolean(row?.body && testsToOrder(JSON.parse(row.body) as Resource, table));
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
 * The order, if an earlier attempt brought it there. After a failure of the network, or when it may have forgotten the key, only a list that could be read
 * allows another attempt; otherwise the key protects, and the look is a cheap second protection.
 */
async function arrived({ sending, leased, payload, signal }: Attempt): Promise<Outcome<JunctionOrder | undefined>> {
  const { firstSentAt, key } = leased.entry;
  if (firstSentAt === null) return { kind: 'accepted', value: undefined };
  const must = payload.lookFirst === true || keyMayBeForgotten(firstSentAt, sending.clock());
  const since = new Date(Date.parse(firstSentAt) - SKEW_MS).toISOString();
  const within = must ? signal : AbortSignal.any([signal, AbortSignal.timeout(LOOK_MS)]);
  const found = await sending.client.findOrder({ userId: payload.userId!, since, passthrough: key }, within);
  return must || found.kind === 'accepted' ? found : { kind: 'accepted', value: undefined };
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
