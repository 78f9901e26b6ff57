// Registers a physician with the lab network. One request at a time has the lease, from the transaction that writes the item to the transaction that stores the
// response. A completed registration is not repeated. A failed one is resumed. If a process has died, the next request resumes its registration after the lease
// has expired.
// docs/decisions/0022-physician-registrations.md
import { setTimeout as delay } from 'node:timers/promises';
import { v5 } from 'uuid';
import { upstream } from '../fhir/outcome.ts';
import type { Resource } from '../fhir/types.ts';
import type { Context } from '../interactions/context.ts';
import type { JunctionClient } from '../junction/client.ts';
import { createLease } from '../messaging/lease.ts';
import { type Outcome, retryAfterSeconds, toHealthSignal } from '../messaging/outcome.ts';
import { toLeaseName } from '../orders/accounts/account-identity.ts';
import { PHYSICIAN_TOPIC } from '../orders/deliver/claim.ts';
import type { OrderSender } from '../orders/deliver/order-sender.ts';
import { findValues, toAsciiName } from '../orders/place/demographics.ts';
import { readNpi } from '../orders/place/practitioner.ts';
import type { OutboxEntry } from '../store/queues/outbox-entry.ts';

/** The timeout of an attempt, in ms. The lease outlives it. */
const ATTEMPT_MS = 6000;
const LEASE_MS = 8000;
/** The maximum time that another request waits, in ms. It is longer than a lease, so that this request can resume the registration of a process that died. */
const MAX_WAIT_MS = 9000;
const POLL_MS = 100;

export interface Registration {
  /** A registration that is deleted and created again has another id. */
  id: string;
  /** The state of the licence (`NY`). */
  key: string;
  /** The registered physician. */
  own(): Resource;
  /** The account of a registration that begins now. One that has begun stays with its account. */
  account: number;
  /** The holder of the lease. */
  by?: string | undefined;
}

/** `active`: the lab network lists the physician or has accepted the registration. `id`: the physician's id at the lab network, if known. */
export interface RegistrationResult {
  id: string | null;
  status: 'active' | 'pending';
}

const findEntry = ({ store, caller }: Context, { id }: Registration): Promise<OutboxEntry | undefined> =>
  store.outbox.findNewest(caller.tenant, PHYSICIAN_TOPIC, toOutboxSubject(id));

const toOutboxSubject = (id: string): string => `registration/${id}`;

/** Acquires the lease inside the transaction that writes the item. `complete`: already registered; `busy`: another request has the lease. */
export async function claimRegistration(
  context: Context,
  registration: Registration,
): Promise<{ state: 'open'; by: string; account: number } | { state: 'complete' | 'busy' }> {
  const entry = (await findEntry(context, registration)) ?? (await createEntry(context, registration));
  if (entry.state === 'done') return { state: 'complete' };
  const { tenant, id, account } = entry;
  const lease = createLease(context.clock(), toLeaseName({ id: account }, context.newId()), LEASE_MS);
  const claimed = await context.store.outbox.claimOne(tenant, id, lease);
  return claimed ? { state: 'open', by: lease.by, account } : { state: 'busy' };
}

/** `key`: the idempotency key of all attempts. */
function createEntry({ store, caller, clock, newId }: Context, { id, account }: Registration): Promise<OutboxEntry> {
  const entering = { tenant: caller.tenant, account, topic: PHYSICIAN_TOPIC, subject: toOutboxSubject(id), key: newId(), payload: '{}' };
  return store.outbox.add({ ...entering, at: clock().toISOString() });
}

/** Waits until the lease is free. `since`: when the request began (performance.now()). Fails with 502 after MAX_WAIT_MS. */
export async function waitForRegistration(context: Context, registration: Registration, since: number): Promise<void> {
  for (;;) {
    const remainingMs = since + MAX_WAIT_MS - performance.now();
    if (remainingMs <= 0) throw upstream('the laboratory network has not responded about this physician yet: repeat the request');
    const entry = await findEntry(context, registration);
    if (entry?.state !== 'sending' || Date.parse(entry.leaseUntil!) <= context.clock().getTime()) return;
    await delay(Math.min(POLL_MS, remainingMs));
  }
}

/** Called after the commit. Fails with 502 if the lab network fails; the next attempt may begin at once. */
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
    'the lab network could not be queried about this physician: repeat the request',
    Math.ceil(retryAfterSeconds(outcome) ?? 1),
  );
}

/** Called inside the transaction that stores the response. False if another request has the lease now. */
export const completeRegistration = (context: Context, registration: Registration): Promise<boolean> =>
  endLease(context, registration, { state: 'done' });

/** Releases the lease for the next attempt. */
export async function releaseRegistration(
  context: Context,
  registration: Registration,
  why = 'the registration was not completed',
): Promise<void> {
  await endLease(context, registration, { state: 'unknown', nextAt: context.clock().toISOString(), error: why });
}

/** False if another request has the lease now. */
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
  const readName = (part: 'given[0]' | 'family') => {
    const [, text = ''] = findValues(practitioner, { element: 'name', part }, now)?.[0] ?? [];
    return toAsciiName(text) ?? text;
  };
  const email = findValues(practitioner, { element: 'telecom', part: 'value', system: 'email' }, now)?.[0]?.[1];
  return { npi: readNpi(practitioner, now) ?? '', firstName: readName('given[0]'), lastName: readName('family'), email, state, key };
}

/** Looks a physician up at the lab network, or registers the physician. */
export type PhysicianDirectory = (physician: Physician, signal: AbortSignal) => Promise<Outcome<RegistrationResult>>;

/**
 * Sends requests through the account's gate. Failures of the directory alone do not stop orders: for the circuit breaker they count like one failing order. A
 * Retry-After applies to all requests.
 */
export const guardDirectory =
  ({ gate, clock }: OrderSender, directory: PhysicianDirectory): PhysicianDirectory =>
  async (physician, signal) => {
    const slot = await gate.enter(AbortSignal.timeout(ATTEMPT_MS / 2));
    if (!slot)
      return {
        kind: 'throttled',
        why: 'no requests are sent to the network at the moment',
        retryAfter: Math.max(gate.closedForMs() / 1000, 1),
      };
    try {
      const outcome = await directory(physician, signal);
      gate.breaker.record(toHealthSignal('registration', outcome), clock(), retryAfterSeconds(outcome), PHYSICIAN_TOPIC);
      return outcome;
    } finally {
      slot.leave();
    }
  };

/** For an account without a partner contract: looks the physician up in the team's roster and registers nothing. Every order contains its physician. */
export const createRosterDirectory =
  (client: JunctionClient): PhysicianDirectory =>
  async ({ npi }, signal) => {
    const outcome = await client.listPhysicians(signal);
    if (outcome.kind !== 'accepted') return outcome;
    const listed = outcome.value.find((physician) => physician.npi === npi);
    return { kind: 'accepted', value: listed ? { id: listed.id, status: 'active' } : { id: null, status: 'pending' } };
  };

/** For an account with a partner contract: posts the physician to `path`. If the path does not exist, the registration stays pending. */
export const createPushDirectory =
  (client: JunctionClient, path: string): PhysicianDirectory =>
  async ({ key, firstName, lastName, npi, email, state }, signal) => {
    const body = { first_name: firstName, last_name: lastName, npi, ...(email && { email }), licensed_states: [state] };
    // a later attempt may have a corrected name, and an idempotency key may not be used for different bytes
    const outcome = await client.pushPhysician(path, { body, key: v5(JSON.stringify(body), key) }, signal);
    if (outcome.kind !== 'accepted') return outcome;
    return { kind: 'accepted', value: { id: outcome.value.id, status: outcome.value.offered ? 'active' : 'pending' } };
  };
