// Builds the patient data of an order in the lab network's format: from the contained Patient (a snapshot at order time), otherwise from the stored Patient.
// https://hl7.org/fhir/R4/patient.html

import { toList } from '../../fhir/json-values.ts';
import { type Issue, issue } from '../../fhir/outcome.ts';
import { toTyped } from '../../fhir/typed-resource.ts';
import type { Resource } from '../../fhir/types.ts';
import {
  findAddressPart,
  findHomeAddress,
  findNamePart,
  hasName,
  type LocatedValue,
  listContactPoints,
  toAsciiName,
  toDayInState,
  toEmailAddress,
  toUsCountry,
  toUsPhone,
  toUsState,
  toUsZip,
} from './demographics.ts';

export interface OrderPatient {
  firstName: string;
  lastName: string;
  /** YYYY-MM-DD. */
  birthDate: string;
  gender: string;
  /** E.164. */
  phone: string;
  email: string;
  /** At least one line. */
  lines: string[];
  city: string;
  state: string;
  zip: string;
}

/** A Patient as a source of data. `at`: its path in the ServiceRequest; undefined for the stored Patient. */
export interface PatientSource {
  patient: Resource;
  at: string | undefined;
}

interface PatientFact {
  /** Name of the required value, for error texts. */
  needs: string;
  /** The format of a valid value, for error texts about an invalid one. */
  rule?: string;
  element: string;
  /** Whether this Patient has a name, an address … at all. The first source that has one is used: parts of two sources are never mixed. */
  isPresent(patient: Resource, now: string): boolean;
  /** The possible values at the time `now` (ISO 8601), the preferred one first. */
  candidates(patient: Resource, now: string): LocatedValue[];
  /** Converts a value to the format that is sent; undefined: the value is invalid. */
  form(text: string): string | undefined;
}

/** The lab network's limit for names: a longer name is refused, not shortened. https://docs.junction.com/lab/workflow/ordering */
const LONGEST_NAME = 50;
const FULL_DATE = /^\d{4}-\d\d-\d\d$/;

const hasHome = (patient: Resource, now: string): boolean => findHomeAddress(patient, now) !== undefined;
const trimToUndefined = (text: string): string | undefined => text.trim() || undefined;

function toShortName(text: string): string | undefined {
  const name = toAsciiName(text);
  return name !== undefined && name.length <= LONGEST_NAME ? name : undefined;
}

const PATIENT_FACTS: Record<Exclude<keyof OrderPatient, 'lines' | 'gender'>, PatientFact> = {
  firstName: {
    needs: "the patient's first name in Latin letters",
    rule: `at most ${LONGEST_NAME} letters`,
    element: 'Patient.name.given',
    isPresent: hasName,
    candidates: (patient, now) => findNamePart(patient, 'given[0]', now),
    form: toShortName,
  },
  lastName: {
    needs: "the patient's last name in Latin letters",
    rule: `at most ${LONGEST_NAME} letters`,
    element: 'Patient.name.family',
    isPresent: hasName,
    candidates: (patient, now) => findNamePart(patient, 'family', now),
    form: toShortName,
  },
  birthDate: {
    needs: "the patient's full date of birth",
    element: 'Patient.birthDate',
    isPresent: ({ birthDate }) => birthDate !== undefined,
    candidates: ({ birthDate }) => (typeof birthDate === 'string' ? [['birthDate', birthDate]] : []),
    form: (text) => (FULL_DATE.test(text) ? text : undefined),
  },
  phone: {
    needs: 'a US phone number of the patient',
    rule: 'ten digits, and none of the reserved numbers (area code 555, 555-01xx, 911)',
    element: "Patient.telecom.where(system='phone').value",
    isPresent: (patient, now) => listContactPoints(patient, 'phone', now).length > 0,
    candidates: (patient, now) => listContactPoints(patient, 'phone', now),
    form: toUsPhone,
  },
  email: {
    needs: 'an e-mail address of the patient',
    rule: 'a mailbox, @ and a domain name',
    element: "Patient.telecom.where(system='email').value",
    isPresent: (patient, now) => listContactPoints(patient, 'email', now).length > 0,
    candidates: (patient, now) => listContactPoints(patient, 'email', now),
    form: toEmailAddress,
  },
  city: {
    needs: "a city in the patient's address",
    element: 'Patient.address.city',
    isPresent: hasHome,
    candidates: (patient, now) => findAddressPart(patient, 'city', now),
    form: trimToUndefined,
  },
  state: {
    needs: "a US state in the patient's address",
    element: 'Patient.address.state',
    isPresent: hasHome,
    candidates: (patient, now) => findAddressPart(patient, 'state', now),
    form: toUsState,
  },
  zip: {
    needs: "a ZIP code in the patient's address",
    element: 'Patient.address.postalCode',
    isPresent: hasHome,
    candidates: (patient, now) => findAddressPart(patient, 'postalCode', now),
    form: toUsZip,
  },
};
const FIRST_LINE: PatientFact = {
  needs: "a street in the patient's address",
  element: 'Patient.address.line',
  isPresent: hasHome,
  candidates: (patient, now) => findAddressPart(patient, 'line[0]', now),
  form: trimToUndefined,
};
/** For a minor the lab network requires a parent or guardian, which is not supported yet. */
const OF_AGE: PatientFact = {
  ...PATIENT_FACTS.birthDate,
  needs: 'a patient of eighteen years or more: a parent or guardian is not supported',
};
/** An address without a country is in the United States. */
const COUNTRY: PatientFact = {
  needs: "the patient's address in the United States",
  element: 'Patient.address.country',
  isPresent: (patient, now) => findAddressPart(patient, 'country', now).length > 0,
  candidates: (patient, now) => findAddressPart(patient, 'country', now),
  form: toUsCountry,
};

/** Returns the patient of an order, or issues for all missing and invalid values. Of `sources`, the first one that has a value is used. */
export function buildOrderPatient(sources: PatientSource[], now: Date): { patient: OrderPatient } | { issues: Issue[] } {
  const issues: Issue[] = [];
  const at = now.toISOString();
  const look = (fact: PatientFact) => {
    const source = sources.find(({ patient }) => fact.isPresent(patient, at));
    return { source, candidates: source ? fact.candidates(source.patient, at) : [] };
  };
  const refuse = (fact: PatientFact): void => {
    const { source, candidates } = look(fact);
    issues.push(buildMissingIssue(fact, source, candidates[0]));
  };
  const take = (fact: PatientFact): string => {
    const form = look(fact)
      .candidates.map(([, text]) => fact.form(text))
      .find((text) => text !== undefined);
    if (form === undefined) refuse(fact);
    return form ?? '';
  };
  // Object.fromEntries loses the key type: these are the keys of PATIENT_FACTS
  const facts = Object.fromEntries(Object.entries(PATIENT_FACTS).map(([name, fact]) => [name, take(fact)])) as Record<
    keyof typeof PATIENT_FACTS,
    string
  >;
  const first = take(FIRST_LINE);
  const home = sources.find(({ patient }) => hasHome(patient, at));
  if (home && COUNTRY.isPresent(home.patient, at)) take(COUNTRY);
  const born = facts.birthDate;
  if (born !== '' && isMinor(born, toDayInState(facts.state, now))) refuse(OF_AGE);
  if (issues.length) return { issues };
  return { patient: { ...facts, gender: findGender(sources), lines: [first, ...listFurtherLines(sources, at)] } };
}

/** Both days as YYYY-MM-DD. */
const isMinor = (born: string, today: string): boolean => `${Number(born.slice(0, 4)) + 18}${born.slice(4)}` > today;

/** For the contained Patient the issue names the element. The stored Patient is another resource, so there the issue names the reference, too. */
function buildMissingIssue(
  { needs, rule, element }: PatientFact,
  source: PatientSource | undefined,
  found: LocatedValue | undefined,
): Issue {
  const text = `an order needs ${needs}${found && rule ? `: ${rule}` : ''}`;
  if (source?.at === undefined) return issue('business-rule', text, ['ServiceRequest.subject', element]);
  return issue('business-rule', text, found ? `${source.at}.${found[0]}` : source.at);
}

function listFurtherLines(sources: PatientSource[], now: string): string[] {
  const home = sources.map(({ patient }) => findHomeAddress(patient, now)).find((found) => found !== undefined);
  const lines = toList(home?.[1].line).filter((line) => typeof line === 'string');
  return lines
    .slice(1)
    .map((line) => line.trim())
    .filter(Boolean);
}

const GENDERS = new Set(['female', 'male', 'other', 'unknown']);

const findGender = (sources: PatientSource[]): string =>
  sources.map(({ patient }) => toTyped('Patient', patient).gender).find((gender) => gender !== undefined && GENDERS.has(gender)) ??
  'unknown';
