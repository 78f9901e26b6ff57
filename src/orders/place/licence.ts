// Where a practitioner is licensed, as their qualifications say it: Da Vinci Plan-Net's extension names the state a qualification is valid in, and whether
// it is in force. https://hl7.org/fhir/R4/practitioner-definitions.html#Practitioner.qualification
import type { Resource } from '../../fhir/types.ts';
import { usState } from './us-postal.ts';

const WHERE_VALID = 'http://hl7.org/fhir/us/davinci-pdex-plan-net/StructureDefinition/practitioner-qualification';
const USPS = 'https://www.usps.com/';
/** Of the codes of our own system this one is a licence to practise; the others are something else that is valid in a state. */
const LICENCE = 'state-license';

interface Extension {
  url: string;
  extension?: Extension[];
  valueCode?: string;
  valueCodeableConcept?: { coding?: Coding[] };
}
interface Coding {
  system?: string;
  code?: string;
}
interface Qualification {
  code?: { coding?: Coding[] };
  period?: { start?: string; end?: string };
  extension?: Extension[];
}

/** USPS codes, sorted. `today`: YYYY-MM-DD. `qualifications`: our own code system for what a qualification is. */
export function licensedStates(practitioner: Resource, { today, qualifications }: { today: string; qualifications: string }): string[] {
  const licences = ((practitioner.qualification ?? []) as Qualification[]).filter(
    (one) => isLicence(one, qualifications) && covers(one.period, today),
  );
  return [...new Set(licences.flatMap(({ extension }) => (extension ?? []).filter(isInForce).flatMap(statesOf)))].sort();
}

function isLicence({ code }: Qualification, system: string): boolean {
  const own = (code?.coding ?? []).filter((coding) => coding.system === system);
  return own.length === 0 || own.some((coding) => coding.code === LICENCE);
}

/** Dates of any precision: a year covers all its days. https://hl7.org/fhir/R4/datatypes.html#Period */
const covers = (period: Qualification['period'], today: string): boolean =>
  (period?.start ?? '').slice(0, 10) <= today &&
  !(period?.end !== undefined && period.end.slice(0, 10) < today.slice(0, period.end.length));

function isInForce({ url, extension = [] }: Extension): boolean {
  const status = extension.find((one) => one.url === 'status')?.valueCode;
  return url === WHERE_VALID && (status === undefined || status === 'active');
}

const statesOf = ({ extension = [] }: Extension): string[] =>
  extension
    .filter(({ url }) => url === 'whereValid')
    .flatMap(({ valueCodeableConcept }) => valueCodeableConcept?.coding ?? [])
    .flatMap(({ system, code }) => (system === USPS ? (usState(code ?? '') ?? []) : []));
