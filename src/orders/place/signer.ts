// The physician who signs an order: the requester, who must be licensed in the patient's state. An order without a requester, or with a requester that is a
// patient, an organization or a device, is sent without a physician.
// https://hl7.org/fhir/R4/servicerequest-definitions.html#ServiceRequest.requester, docs/decisions/0023-order-acceptance.md
import type { Extension, PractitionerQualification } from '@medplum/fhirtypes';
import { findCurrentElements, isInPeriod } from '../../fhir/current-elements.ts';
import { type Issue, issue } from '../../fhir/outcome.ts';
import { toTyped } from '../../fhir/typed-resource.ts';
import type { Resource } from '../../fhir/types.ts';
import type { Context } from '../../interactions/context.ts';
import { findValues, toAsciiName, toDayInState, toUsState } from './demographics.ts';
import type { OrderPhysician } from './junction-order.ts';
import { findReferenced, findReferencedType, type Reference } from './references.ts';

const NPI_SYSTEM = 'http://hl7.org/fhir/sid/us-npi';
const REQUESTER_PATH = 'ServiceRequest.requester';
/** Types of requesters that do not sign orders. */
const NON_SIGNING_TYPES = new Set(['Organization', 'Patient', 'RelatedPerson', 'Device']);

/** `state`: the patient's state (USPS code); undefined: the address is invalid. `qualifications`: the code system of types of qualification. */
interface SignerContext {
  state: string | undefined;
  qualifications: string;
}

/** The physician (undefined: the order has no signer), or the reasons why the requester cannot sign. */
type SignerResult = { physician: OrderPhysician | undefined } | { issues: Issue[] };

export async function readSigner(context: Context, request: Resource, signing: SignerContext): Promise<SignerResult> {
  const { requester } = toTyped('ServiceRequest', request);
  if (requester === undefined || NON_SIGNING_TYPES.has(findReferencedType(request, requester) ?? '')) return { physician: undefined };
  const practitioner = await findPractitioner(context, request, requester);
  if (!practitioner)
    return { issues: [buildMissingIssue('a requester that is a Practitioner of this server, or a role of one, in practice', [])] };
  return toPhysician(practitioner, signing, context.clock());
}

const buildMissingIssue = (what: string, elements: string[]): Issue =>
  issue('business-rule', `an order needs ${what}`, [REQUESTER_PATH, ...elements]);

function toPhysician(practitioner: Resource, { state, qualifications }: SignerContext, now: Date): SignerResult {
  const states = findLicensedStates(practitioner, { today: toDayInState(state ?? '', now), qualifications });
  const at = now.toISOString();
  const [firstName, lastName] = (['given[0]', 'family'] as const).map((part) =>
    toAsciiName(findValues(practitioner, { element: 'name', part }, at)?.[0]?.[1] ?? ''),
  );
  const npi = readNpi(practitioner, at);
  const issues = [
    ...(npi ? [] : [buildMissingIssue('the NPI of its requester (Practitioner.identifier)', ['Practitioner.identifier'])]),
    ...(firstName && lastName
      ? []
      : [buildMissingIssue("its requester's first and last name in Latin letters (Practitioner.name)", ['Practitioner.name'])]),
    ...(state === undefined || states.includes(state) ? [] : [buildMissingIssue(NEEDS_LICENCE, ['Practitioner.qualification'])]),
  ];
  return issues.length ? { issues } : { physician: { firstName: firstName!, lastName: lastName!, npi: npi!, states } };
}

const NEEDS_LICENCE = "a requester who is licensed in the state of the patient's address (Practitioner.qualification)";

/** The current US national provider identifier. */
export const readNpi = (practitioner: Resource, now: string): string | undefined =>
  findCurrentElements(toTyped('Practitioner', practitioner).identifier ?? [], 'Identifier', now).find(({ system }) => system === NPI_SYSTEM)
    ?.value;

/** The requester, or the practitioner of the requester's current role; contained or stored. Undefined for a practitioner who is not active. */
async function findPractitioner(context: Context, request: Resource, requester: Reference): Promise<Resource | undefined> {
  const first = await findReferenced(context, request, requester);
  const isRole = first?.resourceType === 'PractitionerRole' && first.active !== false && isInPeriod(first, context.clock().toISOString());
  const found = isRole ? await findReferenced(context, request, first.practitioner) : first;
  return found?.resourceType === 'Practitioner' && found.active !== false ? found : undefined;
}

const WHERE_VALID_URL = 'http://hl7.org/fhir/us/davinci-pdex-plan-net/StructureDefinition/practitioner-qualification';
const USPS_SYSTEM = 'https://www.usps.com/';
/** The code for a licence to practise in the code system of types of qualification. Its other codes are not licences. */
const LICENCE_CODE = 'state-license';

/** USPS codes, sorted. `today`: YYYY-MM-DD. `qualifications`: the code system of types of qualification. */
export function findLicensedStates(practitioner: Resource, { today, qualifications }: { today: string; qualifications: string }): string[] {
  const licences = (toTyped('Practitioner', practitioner).qualification ?? []).filter(
    (qualification) => isLicence(qualification, qualifications) && isPeriodCurrent(qualification.period, today),
  );
  return [...new Set(licences.flatMap(({ extension }) => (extension ?? []).filter(isQualificationInForce).flatMap(listStates)))].sort();
}

function isLicence({ code }: PractitionerQualification, system: string): boolean {
  const own = (code?.coding ?? []).filter((coding) => coding.system === system);
  return own.length === 0 || own.some((coding) => coding.code === LICENCE_CODE);
}

/** Dates of any precision: an end without a day includes the whole month or year. https://hl7.org/fhir/R4/datatypes.html#Period */
const isPeriodCurrent = (period: PractitionerQualification['period'], today: string): boolean =>
  (period?.start ?? '').slice(0, 10) <= today &&
  !(period?.end !== undefined && period.end.slice(0, 10) < today.slice(0, period.end.length));

function isQualificationInForce({ url, extension = [] }: Extension): boolean {
  const status = extension.find((item) => item.url === 'status')?.valueCode;
  return url === WHERE_VALID_URL && (status === undefined || status === 'active');
}

const listStates = ({ extension = [] }: Extension): string[] =>
  extension
    .filter(({ url }) => url === 'whereValid')
    .flatMap(({ valueCodeableConcept }) => valueCodeableConcept?.coding ?? [])
    .flatMap(({ system, code }) => (system === USPS_SYSTEM ? (toUsState(code ?? '') ?? []) : []));
