// The step before an order that is billed to an insurance: the user at the lab network gets its demographics and its insurance, once. Junction has no idempotency
// key for this. So the request is recorded before it is sent, and after a lost response the user's latest insurance is read.
// https://docs.junction.com/lab/overview/insurance, docs/decisions/0044-insurance.md
import type { Failure, Outcome } from '../../messaging/outcome.ts';
import type { NetworkInsurance } from '../../store/queues/network-insurances.ts';
import type { LeasedEntry } from '../../store/queues/outbox-entry.ts';
import type { UserInsurance } from '../place/network-user.ts';
import type { OrderSender } from './order-sender.ts';

/** `in-doubt`: a request of this or of another order may still run. `needs-person`: as many requests as are allowed may have made a record. */
type Insured = { kind: 'accepted' } | Failure | { kind: 'in-doubt'; why: string } | { kind: 'needs-person'; why: string };

interface InsuranceCall {
  leased: LeasedEntry;
  userId: string;
  insurance: UserInsurance;
  signal: AbortSignal;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
/**
 * While a request may be in progress, or its record may not be readable yet, it is not sent again. Inferred: Junction documents nothing. It is as long as the delay of
 * a list of orders; a repetition that comes too early makes an equal record.
 */
const CLAIM_MS = 30 * SECOND;
/** The time after the first, the second request and so on until the next. They grow, so that an outage of two hours needs no person. */
const REPEAT_AFTER_MS = [CLAIM_MS, 2 * MINUTE, 8 * MINUTE, 30 * MINUTE, 120 * MINUTE];
/** Each request may have made another record. After so many for one user no further request is sent before an operator releases or retries an order. */
const MAX_REQUESTS = REPEAT_AFTER_MS.length + 1;

export async function ensureInsurance(sender: OrderSender, call: InsuranceCall): Promise<Insured> {
  const { store, clock } = sender;
  const user = toNetworkUser(call);
  const record = await store.networkInsurances.find(user);
  if (record?.storedAt) return { kind: 'accepted' };
  const found = record ? await readLatest(sender, call) : 'none';
  if (found === 'stored') return markStored(sender, call);
  if (found !== 'none') return found;
  if (record && Date.parse(record.sentAt) + waitMs(record) > clock().getTime()) return IN_DOUBT;
  if (record && record.requests >= MAX_REQUESTS)
    return { kind: 'needs-person', why: `the lab network has not confirmed the insurance after ${record.requests} requests` };
  const demographics = await sender.client.updateUserInfo(call.userId, call.insurance.demographics, call.signal);
  if (demographics.kind !== 'accepted') return toOrderFailure(demographics);
  return sendInsurance(sender, call, record ? waitMs(record) : CLAIM_MS);
}

/** After the last request only its record is waited for. */
const waitMs = ({ requests }: NetworkInsurance): number => REPEAT_AFTER_MS[requests - 1] ?? CLAIM_MS;

const IN_DOUBT: Insured = { kind: 'in-doubt', why: 'the insurance of the user may still be on its way' };

const toNetworkUser = ({ leased: { entry }, userId }: InsuranceCall) => ({ tenant: entry.tenant, account: entry.account, userId });

/** Whether the network has the insurance. To read it is a beta feature there: a refusal (404, or 403) means that none is known. */
async function readLatest(sender: OrderSender, { userId, insurance, signal }: InsuranceCall): Promise<'stored' | 'none' | Failure> {
  const latest = await sender.client.findInsurance(userId, insurance.policy, signal);
  if (latest.kind === 'accepted') return 'stored';
  return latest.kind === 'refused' || (latest.kind === 'unknown' && latest.status === 403) ? 'none' : latest;
}

async function sendInsurance(sender: OrderSender, call: InsuranceCall, repeatAfterMs: number): Promise<Insured> {
  const { store, clock } = sender;
  const user = toNetworkUser(call);
  const now = clock();
  const before = new Date(now.getTime() - repeatAfterMs).toISOString();
  const isMine = await store.networkInsurances.claim(user, { at: now.toISOString(), before, limit: MAX_REQUESTS });
  // a process that was suspended until its lease had expired sends nothing more
  if (!isMine || clock() >= new Date(call.leased.entry.leaseUntil!)) return IN_DOUBT;
  const created = await sender.client.createInsurance(call.userId, call.insurance.policy, call.signal);
  if (created.kind === 'accepted') return markStored(sender, call);
  if (created.kind !== 'unknown' || created.isUnsent) await store.networkInsurances.discount(user);
  // a 404 is a refusal: the user is there, because its demographics were accepted just before
  return created;
}

async function markStored({ store, clock }: OrderSender, call: InsuranceCall): Promise<Insured> {
  await store.networkInsurances.markStored(toNetworkUser(call), clock().toISOString());
  return { kind: 'accepted' };
}

/** A user that is not there any more is no refusal of the order: the next attempt finds or creates one. */
const toOrderFailure = (outcome: Exclude<Outcome<unknown>, { kind: 'accepted' }>): Failure =>
  outcome.kind === 'refused' && outcome.status === 404 ? { kind: 'unknown', why: outcome.why, status: 404 } : outcome;
