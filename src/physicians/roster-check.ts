// A physician whom the network did not list when they were registered: its roster is read again now and then, and when it names them, their registration is
// active, for every door. Each one that waits is an entry of the outbox, so that one process at a time looks and none is forgotten.
import type { Context } from '../interactions/context.ts';
import type { JunctionClient, RosterPhysician } from '../junction/client.ts';
import { type Outcome, retryAfterSeconds, toHealthSignal } from '../messaging/outcome.ts';
import { isGivenUp, nextRetryAt } from '../messaging/retry-policy.ts';
import { ATTEMPT_MS, type OrderSender } from '../orders/deliver/order-sender.ts';
import { systemContext } from '../orders/system-actor.ts';
import type { LeasedEntry, OutboxState } from '../store/queues/outbox-entry.ts';

/** The topic of registrations that wait to be listed. */
export const ROSTER_CHECK_TOPIC = 'physician-listing';

/** A registration: its own id, the state of its licence, whose it is. */
interface PendingRegistration {
  id: string;
  key: string;
  npi: string;
}

/** Writes what is known of a registration by now. `changed`: it says something else than pending already; `gone`: it does not stand here at the moment. */
export type ActivateRegistration = (
  context: Context,
  waiting: PendingRegistration,
  physicianId: string | null,
) => Promise<'written' | 'changed' | 'gone'>;

/** One reading of the roster serves all who wait, for so long. */
const ROSTER_CACHE_MS = 60_000;

/** Inside the transaction that answers it as pending. */
export async function queueRosterCheck({ store, caller, clock, newId }: Context, waiting: PendingRegistration): Promise<void> {
  const now = clock();
  const at = now.toISOString();
  const nextAt = nextRetryAt('physician-listing', { since: now.getTime() }, { now, random: 1 }).toISOString();
  const payload = JSON.stringify(waiting);
  await store.outbox.add({
    tenant: caller.tenant,
    topic: ROSTER_CHECK_TOPIC,
    subject: `registration/${waiting.id}`,
    key: newId(),
    payload,
    at,
    nextAt,
  });
}

/** One look at the roster for one registration. */
export function createRosterChecker(
  client: JunctionClient,
  listed: ActivateRegistration,
): (sending: OrderSender, leased: LeasedEntry) => Promise<OutboxState> {
  let last: { at: number; outcome: Promise<Outcome<RosterPhysician[]>> } | undefined;
  const roster = (now: number): Promise<Outcome<RosterPhysician[]>> => {
    if (!last || now - last.at > ROSTER_CACHE_MS) last = { at: now, outcome: client.listPhysicians(AbortSignal.timeout(ATTEMPT_MS)) };
    return last.outcome;
  };
  return async (sending, { entry, by }) => {
    const outcome = await roster(sending.clock().getTime());
    const now = sending.clock();
    sending.gate.breaker.record(toHealthSignal('roster', outcome), now, retryAfterSeconds(outcome), ROSTER_CHECK_TOPIC);
    if (outcome.kind !== 'accepted') last = undefined;
    const waiting = JSON.parse(entry.payload) as PendingRegistration;
    const found = outcome.kind === 'accepted' ? outcome.value.find(({ npi }) => npi === waiting.npi) : undefined;
    return sending.store.transaction(async (store) => {
      const context = systemContext(sending, entry.tenant, store);
      const became = found ? await listed(context, waiting, found.id) : 'gone';
      const error = outcome.kind === 'accepted' ? 'not listed yet' : outcome.why;
      const settled = became === 'gone' ? scheduleNextCheck(entry.createdAt, now, error) : { state: 'done' as const };
      const mine = await store.outbox.recordOutcome(entry, by, { at: now.toISOString(), ...settled });
      if (!mine) throw new Error('somebody else looks by now');
      return settled.state;
    });
  };
}

function scheduleNextCheck(createdAt: string, now: Date, error: string): { state: 'queued' | 'cancelled'; nextAt?: string; error: string } {
  const since = Date.parse(createdAt);
  if (isGivenUp('physician-listing', since, now)) return { state: 'cancelled', error };
  return { state: 'queued', nextAt: nextRetryAt('physician-listing', { since }, { now, random: 1 }).toISOString(), error };
}
