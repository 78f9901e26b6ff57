// The step before an order that is billed to an insurance: the user at the lab network gets its demographics and its insurance, once. Junction has no idempotency
// key for this. So the request is recorded before it is sent, and after a lost response the user's latest insurance is read.
// https://docs.junction.com/lab/overview/insurance, docs/decisions/0044-insurance.md
import type { Failure, Outcome } from '../../messaging/outcome.ts';
import type { LeasedEntry } from '../../store/queues/outbox-entry.ts';
import type { UserInsurance } from '../place/network-user.ts';
import type { OrderSender } from './order-sender.ts';

/** `mayHaveRecord`: the network has confirmed a record, but not one of this member. */
type Insured = { kind: 'accepted' } | (Failure & { mayHaveRecord?: boolean }) | { kind: 'in-doubt'; why: string };

interface InsuranceCall {
  leased: LeasedEntry;
  userId: string;
  insurance: UserInsurance;
  signal: AbortSignal;
}

/**
 * While a request may be in progress, or its record may not be readable yet, it is not sent again. Inferred: Junction documents nothing. It is as long as the delay of
 * a list of orders; a repetition that comes too early makes an equal record.
 */
const CLAIM_MS = 30_000;

/** `in-doubt`: a request of this or of another order may still run. */
export async function ensureInsurance(sender: OrderSender, call: InsuranceCall): Promise<Insured> {
  const { store, clock } = sender;
  const user = toNetworkUser(call);
  const record = await store.networkInsurances.find(user);
  if (record?.storedAt) return { kind: 'accepted' };
  const found = record ? await readLatest(sender, call) : 'none';
  if (found === 'stored') return markStored(sender, call);
  if (found !== 'none') return found;
  if (record && Date.parse(record.sentAt) + CLAIM_MS > clock().getTime()) return IN_DOUBT;
  const demographics = await sender.client.updateUserInfo(call.userId, call.insurance.demographics, call.signal);
  if (demographics.kind !== 'accepted') return toOrderFailure(demographics);
  return sendInsurance(sender, call);
}

const IN_DOUBT: Insured = { kind: 'in-doubt', why: 'the insurance of the user may still be on its way' };

const toNetworkUser = ({ leased: { entry }, userId }: InsuranceCall) => ({ tenant: entry.tenant, account: entry.account, userId });

/** Whether the network has the insurance. To read it is a beta feature there: a refusal (404, or 403) means that none is known. */
async function readLatest(sender: OrderSender, { userId, insurance, signal }: InsuranceCall): Promise<'stored' | 'none' | Failure> {
  const latest = await sender.client.hasInsurance(userId, insurance.policy, signal);
  if (latest.kind === 'accepted') return latest.value ? 'stored' : 'none';
  return latest.kind === 'refused' || (latest.kind === 'unknown' && latest.status === 403) ? 'none' : latest;
}

async function sendInsurance(sender: OrderSender, call: InsuranceCall): Promise<Insured> {
  const { store, clock } = sender;
  const now = clock();
  const before = new Date(now.getTime() - CLAIM_MS).toISOString();
  const isMine = await store.networkInsurances.claim(toNetworkUser(call), { at: now.toISOString(), before });
  // a process that was suspended until its lease had expired sends nothing more
  if (!isMine || clock() >= new Date(call.leased.entry.leaseUntil!)) return IN_DOUBT;
  const created = await sender.client.createInsurance(call.userId, call.insurance.policy, call.signal);
  // the user is there: its demographics were accepted just before
  if (created.kind === 'accepted') return markStored(sender, call);
  return { ...created, mayHaveRecord: created.kind === 'unknown' && created.status !== undefined && created.status < 300 };
}

async function markStored({ store, clock }: OrderSender, call: InsuranceCall): Promise<Insured> {
  await store.networkInsurances.markStored(toNetworkUser(call), clock().toISOString());
  return { kind: 'accepted' };
}

/** A user that is not there any more is no refusal of the order: the next attempt finds or creates one. */
const toOrderFailure = (outcome: Exclude<Outcome<unknown>, { kind: 'accepted' }>): Failure =>
  outcome.kind === 'refused' && outcome.status === 404 ? { kind: 'unknown', why: outcome.why, status: 404 } : outcome;
