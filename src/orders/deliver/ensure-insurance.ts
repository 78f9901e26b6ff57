// The step before an order that is billed to an insurance: the user at the lab network gets its demographics and its insurance, once. Junction has no idempotency
// key for this. So the request is recorded before it is sent, and after a lost response the user's latest insurance is read.
// https://docs.junction.com/lab/overview/insurance, docs/decisions/0044-insurance.md
import type { Failure, Outcome } from '../../messaging/outcome.ts';
import type { LeasedEntry } from '../../store/queues/outbox-entry.ts';
import type { UserInsurance } from '../place/network-user.ts';
import { LIST_DELAY_MS, msUntilListed, type OrderSender } from './order-sender.ts';

type Insured = { kind: 'accepted' } | Failure | { kind: 'in-doubt'; why: string };

interface InsuranceCall {
  leased: LeasedEntry;
  userId: string;
  insurance: UserInsurance;
  signal: AbortSignal;
}

/** `in-doubt`: a request of this or of another order may still run. */
export async function ensureInsurance(sender: OrderSender, call: InsuranceCall): Promise<Insured> {
  const { store, clock } = sender;
  const user = toNetworkUser(call);
  const record = await store.networkInsurances.find(user);
  if (record?.storedAt) return { kind: 'accepted' };
  const found = record ? await readLatest(sender, call) : 'none';
  if (found === 'stored') return markStored(sender, call);
  if (found !== 'none') return found;
  if (record && msUntilListed(record.sentAt, clock()) > 0) return IN_DOUBT;
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
  const before = new Date(now.getTime() - LIST_DELAY_MS).toISOString();
  const isMine = await store.networkInsurances.claim(toNetworkUser(call), { at: now.toISOString(), before });
  // a process that was suspended until its lease had expired sends nothing more
  if (!isMine || clock() >= new Date(call.leased.entry.leaseUntil!)) return IN_DOUBT;
  const created = await sender.client.createInsurance(call.userId, call.insurance.policy, call.signal);
  // the user is there: its demographics were accepted just before
  return created.kind === 'accepted' ? markStored(sender, call) : created;
}

async function markStored({ store, clock }: OrderSender, call: InsuranceCall): Promise<Insured> {
  await store.networkInsurances.markStored(toNetworkUser(call), clock().toISOString());
  return { kind: 'accepted' };
}

/** A user that is not there any more is no refusal of the order: the next attempt finds or creates one. */
const toOrderFailure = (outcome: Exclude<Outcome<unknown>, { kind: 'accepted' }>): Failure =>
  outcome.kind === 'refused' && outcome.status === 404 ? { kind: 'unknown', why: outcome.why, status: 404 } : outcome;
