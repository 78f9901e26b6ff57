// The physician who signs an order: the requester; otherwise the account's default for the patient's state; otherwise the only physician who is registered in that
// state. Without any of them the order is refused, or sent without a physician if the account allows it: physicians of the lab network sign it then.
// https://hl7.org/fhir/R4/servicerequest-definitions.html#ServiceRequest.requester, docs/decisions/0041-order-physicians.md
import { isInPeriod } from '../../fhir/current-elements.ts';
import type { Issue } from '../../fhir/outcome.ts';
import { parseStored, toTyped } from '../../fhir/typed-resource.ts';
import type { Resource } from '../../fhir/types.ts';
import { findMatches } from '../../interactions/conditional-match.ts';
import type { Context } from '../../interactions/context.ts';
import type { LabAccount } from '../accounts/lab-account.ts';
import { asSystemActor } from '../system-actor.ts';
import type { Systems } from '../systems.ts';
import { toDayInState } from './demographics.ts';
import type { OrderPhysician, SigningRole } from './junction-order.ts';
import { buildSignerIssue, findLicensedStates, readPhysician, SIGNERS } from './practitioner.ts';
import { findReferenced, findReferencedType, type Reference } from './references.ts';
import { listIssues, type ValidationResult } from './validation-result.ts';

/** `state`: the patient's state (USPS code); undefined: the address is invalid, and the order is refused for that reason. */
interface SignerContext
  extends Pick<LabAccount, 'defaultPhysicians' | 'physicians'>,
    Pick<Systems, 'qualifications' | 'registrationStatus'> {
  state: string | undefined;
}

/** Undefined: the order is sent without a physician. */
type SignerResult = ValidationResult<OrderPhysician | undefined>;

/** Types of requesters that do not sign orders. */
const NON_SIGNING_TYPES = new Set(['Organization', 'Patient', 'RelatedPerson', 'Device']);

export async function readSigner(context: Context, request: Resource, signing: SignerContext): Promise<SignerResult> {
  const { requester } = toTyped('ServiceRequest', request);
  if (requester !== undefined && !NON_SIGNING_TYPES.has(findReferencedType(request, requester) ?? ''))
    return readRequester(context, request, { requester, signing });
  const { state, physicians, defaultPhysicians } = signing;
  if (state === undefined) return { value: undefined };
  const standard = defaultPhysicians[state];
  if (standard !== undefined) return readDefault(context, standard, { ...signing, state });
  const registered = await listRegistered(context, { ...signing, state });
  if (registered.length === 1) return { value: registered[0] };
  return physicians === 'optional' ? { value: undefined } : { issues: [buildMissingIssue(state, registered)] };
}

async function readRequester(
  context: Context,
  request: Resource,
  { requester, signing }: { requester: Reference; signing: SignerContext },
): Promise<SignerResult> {
  const found = await findPractitioner(context, request, requester);
  if (found) return checkSigner(context, { ...found, signing, role: 'requester' });
  return { issues: [buildSignerIssue('a requester that is a Practitioner of this server, or a role of one, in practice')] };
}

async function readDefault({ store, caller, clock }: Context, id: string, signing: SignerContext): Promise<SignerResult> {
  const practitioner = parseStored('Practitioner', await store.read(caller.tenant, 'Practitioner', id));
  if (practitioner && practitioner.active !== false) return checkSigner({ clock }, { practitioner, id, signing, role: 'account-default' });
  return { issues: [buildSignerIssue(`${SIGNERS['account-default']}, but Practitioner/${id} is not on this server or not in practice`)] };
}

interface SignerCandidate extends Pick<OrderPhysician, 'role' | 'id'> {
  practitioner: Resource;
  signing: SignerContext;
}

/** In an unknown state the licence is not checked. */
function checkSigner(
  { clock }: Pick<Context, 'clock'>,
  { practitioner, signing: { state, qualifications }, role, id }: SignerCandidate,
): SignerResult {
  const states = findLicensedStates(practitioner, { today: toDayInState(state ?? '', clock()), qualifications });
  const found = readPhysician(practitioner, { role, id, states, now: clock().toISOString() });
  const issues = [...listIssues(found), ...(state === undefined || states.includes(state) ? [] : [buildLicenceIssue(role, state)])];
  return issues.length ? { issues } : found;
}

const buildLicenceIssue = (role: SigningRole, state: string): Issue =>
  buildSignerIssue(
    `a licence of ${SIGNERS[role]} in the state of the patient's address, ${state} (Practitioner.qualification): add the licence, or name another physician as the requester`,
    'Practitioner.qualification',
  );

/** The requester, or the practitioner of the requester's current role; contained or stored. Undefined for a practitioner who is not active. */
async function findPractitioner(
  context: Context,
  request: Resource,
  requester: Reference,
): Promise<Pick<SignerCandidate, 'practitioner' | 'id'> | undefined> {
  const first = await findReferenced(context, request, requester);
  const isRole = first?.resourceType === 'PractitionerRole' && first.active !== false && isInPeriod(first, context.clock().toISOString());
  const reference = isRole ? toTyped('PractitionerRole', first).practitioner : requester;
  const found = isRole ? await findReferenced(context, request, reference) : first;
  if (found?.resourceType !== 'Practitioner' || found.active === false) return undefined;
  return { practitioner: found, id: reference?.reference?.startsWith('#') ? undefined : found.id };
}

/** The maximum number of Practitioners that are read. With more of them no physician is the only one. */
const MAX_REGISTERED = 50;

/**
 * The physicians who can sign, with a registered licence in this state that is in force. Several Practitioners with one NPI are one physician: the one with the
 * smallest id is used.
 */
async function listRegistered(
  context: Context,
  { state, qualifications, registrationStatus }: SignerContext & { state: string },
): Promise<OrderPhysician[]> {
  const criteria = new URLSearchParams({ 'registered-state': state }).toString();
  // the caller may have no scope to read practitioners
  const rows = await findMatches(asSystemActor(context), 'Practitioner', { criteria, count: MAX_REGISTERED });
  const now = context.clock();
  const licences = { today: toDayInState(state, now), qualifications };
  const byNpi = new Map<string, OrderPhysician>();
  for (const { id, body } of rows.toSorted((a, b) => (a.id < b.id ? 1 : -1))) {
    const practitioner = toTyped('Practitioner', JSON.parse(body!));
    if (practitioner.active === false || !findLicensedStates(practitioner, { ...licences, registrationStatus }).includes(state)) continue;
    const states = findLicensedStates(practitioner, licences);
    const found = readPhysician(practitioner, { role: 'only-registered', id, states, now: now.toISOString() });
    if ('value' in found) byNpi.set(found.value.npi, found.value);
  }
  return [...byNpi.values()];
}

const REMEDY =
  'name one as the requester, or let the operator of this server set a default physician for this state (facet accounts update --default-physicians)';
const MAX_NAMES = 5;

function buildMissingIssue(state: string, registered: OrderPhysician[]): Issue {
  const needs = `a physician who is licensed in ${state}, the state of the patient's address`;
  if (registered.length === 0)
    return buildSignerIssue(`${needs}, and none is registered there (a pending registration does not count): register one, ${REMEDY}`);
  const names = registered.map(({ npi }) => npi).sort();
  const more = names.length > MAX_NAMES ? ' and others' : '';
  return buildSignerIssue(`${needs}, and several are registered there (NPI ${names.slice(0, MAX_NAMES).join(', ')}${more}): ${REMEDY}`);
}
