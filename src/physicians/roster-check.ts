// Reads the lab network's roster again for physicians that were not listed at registration, and makes their registrations active when they are listed. Every
// pending registration is an outbox entry, so that one process at a time checks it, also after a restart.
import type { Context } from '../interactions/context.ts';
import type { JunctionClient, RosterPhysician } from '../junction/client.ts';
import { type Outcome, retryAfterSeconds, toHealthSignal } from '../messaging/outcome.ts';
import { isGivenUp, nextRetryAt } from '../messaging/retry-policy.ts';
import { ROSTER_CHECK_TOPIC } from '../orders/deliver/claim.ts';
import { ATTEMPT_MS, type OrderSender } from '../orders/deliver/order-sender.ts';
import { systemContext } from '../orders/system-actor.ts';
import type { LeasedEntry, OutboxState } from '../store/queues/outbox-entry.ts';

/** `key`: the state of the licence. */
interface PendingRegistration {
  id: string;
  key: string;
  npi: string;
}

/** Makes a registration active. `changed`: it is no longer pending; `gone`: it does not exist at the moment. */
export type ActivateRegistration = (
  context: Context,
  waiting: PendingRegistration,
  physicianId: string | null,
) => Promise<'written' | 'changed' | 'gone'>;

/** For how long one reading of the roster serves all pending registrations. */
const ROSTER_CACHE_MS = 60_000;

/** Called inside the transaction that stores the registration as pending. */
export async function queueRosterCheck(
  { store, caller, clock, newId }: Context,
  account: number,
  waiting: PendingRegistration,
): Promise<void> {
  const now = clock();
  const at = now.toISOString();
  const nextAt = nextRetryAt('physician-listing', { since: now.getTime() }, { now, random: 1 }).toISOString();
  const payload = JSON.stringify(waiting);
  await store.outbox.add({
    tenant: caller.tenant,
    account,
    topic: ROSTER_CHECK_TOPIC,
    subject: `registration/${waiting.id}`,
    key: newId(),
    payload,
    at,
    nextAt,
  });
}

/** Checks one registration. */
export function createRosterChecker(
  client: JunctionClient,
  activate: ActivateRegistration,
): (sending: OrderSender, leased: LeasedEntry) => Promise<OutboxState> {
  let last: { at: number; outcome: Promise<Outcome<RosterPhysician[]>> } | undefined;
  const readRoster = (now: number): Promise<Outcome<RosterPhysician[]>> => {
    if (!last || now - last.at > ROSTER_CACHE_MS) last = { at: now, outcome: client.listPhysicians(AbortSignal.timeout(ATTEMPT_MS)) };
    return last.outcome;
  };
  return async (sending, { entry, by }) => {
    const outcome = await readRoster(sending.clock().getTime());
    const now = sending.clock();
    sending.gate.breaker.record(toHealthSignal('roster', outcome), now, retryAfterSeconds(outcome), ROSTER_CHECK_TOPIC);
    if (outcome.kind !== 'accepted') last = undefined;
    // type assertion: queueRosterCheck wrote this payload
    const waiting = JSON.parse(entry.payload) as PendingRegistration;
    const found = outcome.kind === 'accepted' ? outcome.value.find(({ npi }) => npi === waiting.npi) : undefined;
    return sending.store.transaction(async (store) => {
      const context = systemContext(sending, entry.tenant, store);
      const result = found ? await activate(context, waiting, found.id) : 'gone';
      const error = outcome.kind === 'accepted' ? 'not listed yet' : outcome.why;
      const next = result === 'gone' ? scheduleNextCheck(entry.createdAt, now, error) : { state: 'done' as const };
      const hasLease = await store.outbox.recordOutcome(entry, by, { at: now.toISOString(), ...next });
      if (!hasLease) throw new Error('the lease was lost');
      return next.state;
    });
  };
}

function scheduleNextCheck(createdAt: string, now: Date, error: string): { state: 'queued' | 'cancelled'; nextAt?: string; error: string } {
  const since = Date.parse(createdAt);
  if (isGivenUp('physician-listing', since, now)) return { state: 'cancelled', error };
  return { state: 'queued', nextAt: nextRetryAt('physician-listing', { since }, { now, random: 1 }).toISOString(), error };
}
