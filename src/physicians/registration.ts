// Registering a physician with the laboratory network: held by one request at a time, from the transaction that writes the item to the one that stores the
// answer. What was answered with success is complete and is not repeated; what failed is resumed, and what died is taken over when its hold has run out.
// docs/decisions/0022-physician-registrations.md
import { setTimeout as delay } from 'node:timers/promises';
import { v5 } from 'uuid';
import { upstream } from '../fhir/outcome.ts';
import type { Resource } from '../fhir/types.ts';
import type { Context } from '../interactions/context.ts';
import type { JunctionClient } from '../junction/client.ts';
import { createLease } from '../messaging/lease.ts';
import { type Outcome, retryAfterSeconds, toHealthSignal } from '../messaging/outcome.ts';
import type { OrderSender } from '../orders/deliver/order-sender.ts';
import { toAsciiName } from '../orders/place/ascii-name.ts';
import { findNamePart, listContactPoints } from '../orders/place/patient-elements.ts';
import { readNpi } from '../orders/place/signer.ts';
import type { OutboxEntry } from '../store/queues/outbox-entry.ts';

/** Entries of this topic are sent by whoever registers, never in the background. */
const PHYSICIAN_TOPIC = 'physician';
/** How long the network is asked at most, in ms, and for how long the asking request is alone with the registration: a hold outlives its attempt. */
const ATTEMPT_MS = 6000;
const LEASE_MS = 8000;
/** How long another request waits for it, in ms: longer than a hold, so that whoever waits for one that died takes over. */
const MAX_WAIT_MS = 9000;
const POLL_MS = 100;

/** One registration. */
export interface Registration {
  /** Its own id: a registration that was taken away and comes again has another one. */
  id: string;
  /** The state of the licence (`NY`). */
  key: string;
  /** What was registered, as a Practitioner. */
  own(): Resource;
  /** Who holds it. */
  by?: string | undefined;
}

/** Listed or taken: active. Not there yet: pending. `id`: as the network calls the physician, when it says so. */
export interface RegistrationResult {
  id: string | null;
  status: 'active' | 'pending';
}

const findEntry = ({ store, caller }: Context, { id }: Registration): Promise<OutboxEntry | undefined> =>
  store.outbox.findNewest(caller.tenant, PHYSICIAN_TOPIC, toOutboxSubject(id));

const toOutboxSubject = (id: string): string => `registration/${id}`;

/** Inside the transaction that writes the item: it is this request's from now on, unless it was answered with success before or another request holds it. */
export async function claimRegistration(
  context: Context,
  registration: Registration,
): Promise<{ state: 'open'; by: string } | { state: 'complete' | 'busy' }> {
  const entry = (await findEntry(context, registration)) ?? (await createEntry(context, registration));
  if (entry.state === 'done') return { state: 'complete' };
  const hold = createLease(context.clock(), context.newId(), LEASE_MS);
  const held = await context.store.outbox.claimOne(entry.tenant, entry.id, hold);
  return held ? { state: 'open', by: hold.by } : { state: 'busy' };
}

/** `key`: what the network knows this registration by, however often it is attempted. */
function createEntry({ store, caller, clock, newId }: Context, { id }: Registration): Promise<OutboxEntry> {
  const entering = { tenant: caller.tenant, topic: PHYSICIAN_TOPIC, subject: toOutboxSubject(id), key: newId(), payload: '{}' };
  return store.outbox.add({ ...entering, at: clock().toISOString() });
}

/** Until whoever holds it has let go: answered, failed, or died and run out of time. `since`: when the waiting request began (ms, as performance.now()); fails with 502 when its patience ends. */
export async function waitForRegistration(context: Context, registration: Registration, since: number): Promise<void> {
  for (;;) {
    const left = since + MAX_WAIT_MS - performance.now();
    if (left <= 0) throw upstream('the laboratory network has not answered about this physician yet: repeat the request');
    const entry = await findEntry(context, registration);
    if (entry?.state !== 'sending' || Date.parse(entry.leaseUntil!) <= context.clock().getTime()) return;
    await delay(Math.min(POLL_MS, left));
  }
}

/** After the commit. Fails with 502 when the network does not answer as it should; the next attempt may then begin at once. */
export async function registerPhysician(
  context: Context,
  registration: Registration,
  directory: PhysicianDirectory,
): Promise<RegistrationResult> {
  const entry = await findEntry(context, registration);
  const outcome = await directory(toPhysician(registration, entry!.key, context.clock().toISOString()), AbortSignal.timeout(ATTEMPT_MS));
  if (outcome.kind === 'accepted') return outcome.value;
  await releaseRegistration(context, registration, outcome.why);
  throw upstream(
    'the laboratory network could not be asked about this physician: repeat the request',
    Math.ceil(retryAfterSeconds(outcome) ?? 1),
  );
}

/** Inside the transaction that stores the answer: complete. False when another request has taken over meanwhile. */
export const completeRegistration = (context: Context, registration: Registration): Promise<boolean> =>
  endLease(context, registration, { state: 'done' });

/** Not complete, and free for the next attempt. */
export async function releaseRegistration(context: Context, registration: Registration, why = 'it was not completed'): Promise<void> {
  await endLease(context, registration, { state: 'unknown', nextAt: context.clock().toISOString(), error: why });
}

/** Ends the hold, unless it is not this request's any more. */
async function endLease(
  context: Context,
  registration: Registration,
  outcome: { state: 'done' | 'unknown'; nextAt?: string; error?: string },
): Promise<boolean> {
  const entry = await findEntry(context, registration);
  const at = context.clock().toISOString();
  return entry !== undefined && context.store.outbox.recordOutcome(entry, registration.by!, { ...outcome, at });
}

interface Physician {
  npi: string;
  firstName: string;
  lastName: string;
  email: string | undefined;
  state: string;
  /** The same in every attempt at this registration: a UUID. */
  key: string;
}

function toPhysician({ key: state, own }: Registration, key: string, now: string): Physician {
  const practitioner = own();
  const [firstName, lastName] = (['given[0]', 'family'] as const).map((part) => {
    const [, text = ''] = findNamePart(practitioner, part, now)[0] ?? [];
    return toAsciiName(text) ?? text;
  }) as [string, string];
  const email = listContactPoints(practitioner, 'email', now)[0]?.[1];
  return { npi: readNpi(practitioner, now) ?? '', firstName, lastName, email, state, key };
}

/** Who knows the network's physicians. */
export type PhysicianDirectory = (physician: Physician, signal: AbortSignal) => Promise<Outcome<RegistrationResult>>;

/**
 * A directory that is asked through the account's gate. What is wrong with the directory alone closes the gate for no order: it counts once, as one order that
 * fails. Where the network says how long it wants to be left alone, that holds for all.
 */
export const guardDirectory =
  ({ gate, clock }: OrderSender, directory: PhysicianDirectory): PhysicianDirectory =>
  async (physician, signal) => {
    const place = await gate.enter(AbortSignal.timeout(ATTEMPT_MS / 2));
    if (!place) return { kind: 'throttled', why: 'the network is not to be asked now', retryAfter: Math.max(gate.closedForMs() / 1000, 1) };
    try {
      const outcome = await directory(physician, signal);
      gate.breaker.record(toHealthSignal('registration', outcome), clock(), retryAfterSeconds(outcome), PHYSICIAN_TOPIC);
      return outcome;
    } finally {
      place();
    }
  };

/** The documented way: the team's roster says who is known. Nothing is told to the network; a physician travels inside each order. */
export const createRosterDirectory =
  (client: JunctionClient): PhysicianDirectory =>
  async ({ npi }, signal) => {
    const outcome = await client.listPhysicians(signal);
    if (outcome.kind !== 'accepted') return outcome;
    const listed = outcome.value.find((physician) => physician.npi === npi);
    return { kind: 'accepted', value: listed ? { id: listed.id, status: 'active' } : { id: null, status: 'pending' } };
  };

/** The way of a partner contract: the physician is posted to `path`. A path that does not exist leaves it pending. */
export const createPushDirectory =
  (client: JunctionClient, path: string): PhysicianDirectory =>
  async ({ key, firstName, lastName, npi, email, state }, signal) => {
    const body = { first_name: firstName, last_name: lastName, npi, ...(email && { email }), licensed_states: [state] };
    // another attempt may come with a corrected name, and a key stands for the same bytes
    const outcome = await client.pushPhysician(path, { body, key: v5(JSON.stringify(body), key) }, signal);
    if (outcome.kind !== 'accepted') return outcome;
    return { kind: 'accepted', value: { id: outcome.value.id, status: outcome.value.offered ? 'active' : 'pending' } };
  };
