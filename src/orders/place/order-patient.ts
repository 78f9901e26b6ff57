// Builds the patient data of an order in the lab network's format: from the contained Patient (a snapshot at order time), otherwise from the stored Patient.
// https://hl7.org/fhir/R4/patient.html

import { type Issue, issue } from '../../fhir/outcome.ts';
import { toTyped } from '../../fhir/typed-resource.ts';
import type { Resource } from '../../fhir/types.ts';
import {
  findValues,
  type LocatedValue,
  toAsciiName,
  toDayInState,
  toEmailAddress,
  toUsCountry,
  toUsPhone,
  toUsState,
  toUsZip,
  type ValuePath,
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
  /** The first source that has a name, an address … at all is used: parts of two sources are never mixed. */
  path: ValuePath;
  /** Converts a value to the format that is sent; undefined: the value is invalid. */
  form(text: string): string | undefined;
}

/** The lab network's limit for names: a longer name is refused, not shortened. https://docs.junction.com/lab/workflow/ordering */
const LONGEST_NAME = 50;
const FULL_DATE = /^\d{4}-\d\d-\d\d$/;

const trimToUndefined = (text: string): string | undefined => text.trim() || undefined;

function toShortName(text: string): string | undefined {
  const name = toAsciiName(text);
  return name !== undefined && name.length <= LONGEST_NAME ? name : undefined;
}

const PATIENT_FACTS: Record<Exclude<keyof OrderPatient, 'lines' | 'gender'> | 'line', PatientFact> = {
  firstName: {
    needs: "the patient's first name in Latin letters",
    rule: `at most ${LONGEST_NAME} letters`,
    element: 'Patient.name.given',
    path: { element: 'name', part: 'given[0]' },
    form: toShortName,
  },
  lastName: {
    needs: "the patient's last name in Latin letters",
    rule: `at most ${LONGEST_NAME} letters`,
    element: 'Patient.name.family',
    path: { element: 'name', part: 'family' },
    form: toShortName,
  },
  birthDate: {
    needs: "the patient's full date of birth",
    element: 'Patient.birthDate',
    path: { element: 'birthDate' },
    form: (text) => (FULL_DATE.test(text) ? text : undefined),
  },
  phone: {
    needs: 'a US phone number of the patient',
    rule: 'ten digits, and none of the reserved numbers (area code 555, 555-01xx, 911)',
    element: "Patient.telecom.where(system='phone').value",
    path: { element: 'telecom', part: 'value', system: 'phone' },
    form: toUsPhone,
  },
  email: {
    needs: 'an e-mail address of the patient',
    rule: 'a mailbox, @ and a domain name',
    element: "Patient.telecom.where(system='email').value",
    path: { element: 'telecom', part: 'value', system: 'email' },
    form: toEmailAddress,
  },
  city: {
    needs: "a city in the patient's address",
    element: 'Patient.address.city',
    path: { element: 'address', part: 'city' },
    form: trimToUndefined,
  },
  state: {
    needs: "a US state in the patient's address",
    element: 'Patient.address.state',
    path: { element: 'address', part: 'state' },
    form: toUsState,
  },
  zip: {
    needs: "a ZIP code in the patient's address",
    element: 'Patient.address.postalCode',
    path: { element: 'address', part: 'postalCode' },
    form: toUsZip,
  },
  line: {
    needs: "a street in the patient's address",
    element: 'Patient.address.line',
    path: { element: 'address', part: 'line[0]' },
    form: trimToUndefined,
  },
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
  path: { element: 'address', part: 'country' },
  form: toUsCountry,
};
const ALL_LINES: ValuePath = { element: 'address', part: 'line' };

/** Returns the patient of an order, or issues for all missing and invalid values. Of `sources`, the first one that has a value is used. */
export function buildOrderPatient(sources: PatientSource[], now: Date): { patient: OrderPatient } | { issues: Issue[] } {
  const issues: Issue[] = [];
  const at = now.toISOString();
  const refuse = (fact: PatientFact): void => {
    const { source, values } = findSource(sources, fact.path, at);
    issues.push(buildMissingIssue(fact, source, values[0]));
  };
  const facts: Record<string, string> = {};
  for (const [name, fact] of Object.entries(PATIENT_FACTS)) {
    const value = findValidValue(findSource(sources, fact.path, at).values, fact);
    if (value === undefined) refuse(fact);
    facts[name] = value ?? '';
  }
  const countries = findSource(sources, COUNTRY.path, at).values;
  if (countries.length && findValidValue(countries, COUNTRY) === undefined) refuse(COUNTRY);
  // type assertion: these are the keys of PATIENT_FACTS
  const { line, ...patient } = facts as Record<keyof typeof PATIENT_FACTS, string>;
  if (patient.birthDate !== '' && isMinor(patient.birthDate, toDayInState(patient.state, now))) refuse(OF_AGE);
  if (issues.length) return { issues };
  const more = findSource(sources, ALL_LINES, at).values.slice(1);
  return { patient: { ...patient, gender: findGender(sources), lines: [line, ...more.flatMap(([, text]) => text.trim() || [])] } };
}

/** The first source that has an element at this path, and the element's values. */
function findSource(sources: PatientSource[], path: ValuePath, now: string): { source: PatientSource | undefined; values: LocatedValue[] } {
  for (const source of sources) {
    const values = findValues(source.patient, path, now);
    if (values) return { source, values };
  }
  return { source: undefined, values: [] };
}

function findValidValue(values: LocatedValue[], { form }: PatientFact): string | undefined {
  for (const [, text] of values) {
    const formed = form(text);
    if (formed !== undefined) return formed;
  }
  return undefined;
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

const GENDERS = new Set(['female', 'male', 'other', 'unknown']);

function findGender(sources: PatientSource[]): string {
  for (const { patient } of sources) {
    const { gender } = toTyped('Patient', patient);
    if (gender !== undefined && GENDERS.has(gender)) return gender;
  }
  return 'unknown';
}
