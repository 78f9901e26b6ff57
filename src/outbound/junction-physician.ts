// Registering a physician with the laboratory network: claimed in the transaction that writes the row, asked of the network, completed with the answer.
// What was answered with success is complete and is not repeated; what failed stays claimed, and the next attempt resumes it.
import { conflict, duplicate, upstream } from '../fhir/outcome.ts';
import type { Resource } from '../fhir/types.ts';
import type { Context } from '../resource/context.ts';
import type { OutboxEntry, Row } from '../store/store.ts';
import type { JunctionClient } from './junction-client.ts';
import type { Outcome } from './junction-outcome.ts';
import { npiOf, signing } from './order-content.ts';
import { reachable } from './patient-parts.ts';
import { ATTEMPT_MS, LEASE_MS } from './sending.ts';

/** Entries of this topic are sent by whoever registers, never in the background. */
const PHYSICIAN = 'physician';

/** One registration: a Practitioner as stored, and the state of the licence (`NY`). */
export interface Registration {
  row: Row;
  key: string;
}

/** Listed or taken: active. Not there yet: pending. `id`: as the network calls the physician, when it says so. */
export interface Registered {
  id: string | null;
  status: 'active' | 'pending';
}

const entryOf = ({ store, caller }: Context, { row, key }: Registration): Promise<OutboxEntry | undefined> =>
  store.outbox.find(caller.tenant, PHYSICIAN, `${row.type}/${row.id}#${key}`);

/** Inside the transaction that writes the row. `complete`: it was answered with success before. */
export async function claim(context: Context, registration: Registration): Promise<'open' | 'complete'> {
  const entry = await entryOf(context, registration);
  if (entry) return entry.state === 'done' ? 'complete' : 'open';
  const { row, key: state } = registration;
  const entering = {
    tenant: context.caller.tenant,
    topic: PHYSICIAN,
    subject: `${row.type}/${row.id}#${state}`,
    key: context.newId(),
    payload: '{}',
  };
  await context.store.outbox.add({ ...entering, at: context.clock().toISOString() });
  return 'open';
}

/** After the commit. Fails with 502 when the network does not answer as it should, with 409 when the same registration is under way. */
export async function register(context: Context, registration: Registration, directory: Directory): Promise<Registered> {
  const leased = await leaseOf(context, registration);
  const outcome = await directory(physicianOf(registration, leased.key), AbortSignal.timeout(ATTEMPT_MS));
  if (outcome.kind === 'accepted') return outcome.value;
  const at = context.clock().toISOString();
  await context.store.outbox.settle(leased, leased.leaseBy!, { state: 'unknown', at, nextAt: at, error: outcome.why });
  throw upstream('the laboratory network could not be asked about this physician: repeat the request');
}

async function leaseOf(context: Context, registration: Registration): Promise<OutboxEntry> {
  const entry = await entryOf(context, registration);
  if (!entry || entry.state === 'done') throw duplicate('this exists already');
  const now = context.clock();
  const lease = { by: context.newId(), at: now.toISOString(), until: new Date(now.getTime() + LEASE_MS).toISOString() };
  const leased = await context.store.outbox.claimOne(entry.tenant, entry.id, lease);
  if (!leased) throw conflict('this physician is being registered by another request');
  return leased;
}

/** Inside the transaction that stores the answer: complete, unless another request has completed it meanwhile (409). */
export async function complete(context: Context, registration: Registration): Promise<void> {
  const entry = await entryOf(context, registration);
  const at = context.clock().toISOString();
  const settled = entry?.leaseBy && (await context.store.outbox.settle(entry, entry.leaseBy, { state: 'done', at }));
  if (!settled) throw duplicate('this exists already');
}

export interface Physician {
  npi: string;
  firstName: string;
  lastName: string;
  email: string | undefined;
  state: string;
  /** The same in every attempt. */
  key: string;
}

function physicianOf({ row, key: state }: Registration, key: string): Physician {
  const practitioner = JSON.parse(row.body!) as Resource;
  const { firstName = '', lastName = '' } = signing(practitioner) ?? {};
  return { npi: npiOf(practitioner) ?? '', firstName, lastName, email: reachable(practitioner, 'email')[0]?.[1], state, key };
}

/** Who knows the network's physicians. */
export type Directory = (physician: Physician, signal: AbortSignal) => Promise<Outcome<Registered>>;

/** The documented way: the team's roster says who is known. Nothing is told to the network; a physician travels inside each order. */
export const rosterDirectory =
  (client: JunctionClient): Directory =>
  async ({ npi }, signal) => {
    const outcome = await client.roster(signal);
    if (outcome.kind !== 'accepted') return outcome;
    const listed = outcome.value.find((physician) => physician.npi === npi);
    return { kind: 'accepted', value: listed ? { id: listed.id, status: 'active' } : { id: null, status: 'pending' } };
  };

/** The way of a partner contract: the physician is posted to `path`. A path that does not exist leaves it pending. */
export const pushDirectory =
  (client: JunctionClient, path: string): Directory =>
  async ({ key, firstName, lastName, npi, email, state }, signal) => {
    const body = { first_name: firstName, last_name: lastName, npi, ...(email && { email }), licensed_states: [state] };
    const outcome = await client.pushPhysician(path, { body, key }, signal);
    if (outcome.kind !== 'accepted') return outcome;
    return { kind: 'accepted', value: { id: outcome.value.id, status: outcome.value.offered ? 'active' : 'pending' } };
  };
