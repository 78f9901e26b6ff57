// What an order needs of the Practitioner who signs it: the NPI, the name and the states of the licences.
// https://hl7.org/fhir/R4/practitioner.html, docs/decisions/0023-order-acceptance.md
import type { Extension, PractitionerQualification } from '@medplum/fhirtypes';
import { findCurrentElements } from '../../fhir/current-elements.ts';
import { type Issue, issue } from '../../fhir/outcome.ts';
import { toTyped } from '../../fhir/typed-resource.ts';
import type { Resource } from '../../fhir/types.ts';
import { findValues, toAsciiName, toUsState } from './demographics.ts';
import type { OrderPhysician, SigningRole } from './junction-order.ts';
import type { ValidationResult } from './validation-result.ts';

export const NPI_SYSTEM = 'http://hl7.org/fhir/sid/us-npi';

/** The current US national provider identifier. */
export const readNpi = (practitioner: Resource, now: string): string | undefined =>
  findCurrentElements(toTyped('Practitioner', practitioner).identifier ?? [], 'Identifier', now).find(({ system }) => system === NPI_SYSTEM)
    ?.value;

/** The reasons name the elements of the Practitioner that are missing. */
export function readPhysician(
  practitioner: Resource,
  { now, role, ...known }: Pick<OrderPhysician, 'role' | 'id' | 'states'> & { now: string },
): ValidationResult<OrderPhysician> {
  const who = SIGNERS[role];
  const [firstName, lastName] = (['given[0]', 'family'] as const).map((part) =>
    toAsciiName(findValues(practitioner, { element: 'name', part }, now)?.[0]?.[1] ?? ''),
  );
  const npi = readNpi(practitioner, now);
  const issues = [
    ...(npi ? [] : [buildSignerIssue(`the NPI of ${who} (Practitioner.identifier)`, 'Practitioner.identifier')]),
    ...(firstName && lastName
      ? []
      : [buildSignerIssue(`the first and last name of ${who} in Latin letters (Practitioner.name)`, 'Practitioner.name')]),
  ];
  return issues.length ? { issues } : { value: { ...known, role, firstName: firstName!, lastName: lastName!, npi: npi! } };
}

/** Who a physician is to an order, for error texts. */
export const SIGNERS: Record<SigningRole, string> = {
  requester: 'its requester',
  'account-default': "its account's default physician for the patient's state",
  'only-registered': "the only physician who is registered in the patient's state",
};

/** `physician`: undefined for an order without a physician of this server. */
export const describeSigner = (physician: OrderPhysician | undefined): string =>
  physician
    ? `the order is signed by ${physician.firstName} ${physician.lastName} (NPI ${physician.npi}), ${SIGNERS[physician.role]}`
    : 'the order names no physician: a physician of the lab network signs it';

/** The reason why an order has no valid signer. `elements`: of the Practitioner. */
export const buildSignerIssue = (needs: string, ...elements: string[]): Issue =>
  issue('business-rule', `an order needs ${needs}`, ['ServiceRequest.requester', ...elements]);

const WHERE_VALID_URL = 'http://hl7.org/fhir/us/davinci-pdex-plan-net/StructureDefinition/practitioner-qualification';
const USPS_SYSTEM = 'https://www.usps.com/';
/** The code for a licence to practise in the code system of types of qualification. Its other codes are not licences. */
const LICENCE_CODE = 'state-license';

interface LicenceFilter {
  /** YYYY-MM-DD: the licence is in its period on this day. */
  today: string;
  /** The code system of types of qualification. */
  qualifications: string;
  /** The extension with the status of a registration with the lab network: only licences count that are registered. Absent: all licences. */
  registrationStatus?: string;
}

/** USPS codes, sorted. */
export function findLicensedStates(practitioner: Resource, { today, qualifications, registrationStatus }: LicenceFilter): string[] {
  const licences = (toTyped('Practitioner', practitioner).qualification ?? []).filter(
    (qualification) =>
      isLicence(qualification, qualifications) &&
      isPeriodCurrent(qualification.period, today) &&
      (registrationStatus === undefined || isRegistered(qualification, registrationStatus)),
  );
  return [...new Set(licences.flatMap(({ extension }) => (extension ?? []).filter(isQualificationInForce).flatMap(listStates)))].sort();
}

/** The lab network lists the physician, or has accepted the registration. */
const isRegistered = ({ extension = [] }: PractitionerQualification, status: string): boolean =>
  extension.some(({ url, valueCode }) => url === status && valueCode === 'active');

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
