// Builds the patient data of an order in the lab network's format: from the contained Patient (a snapshot at order time), otherwise from the stored Patient.
// https://hl7.org/fhir/R4/patient.html

import type { Issue } from '../../fhir/outcome.ts';
import { toTyped } from '../../fhir/typed-resource.ts';
import { toDayInState } from './demographics.ts';
import { buildPersonFacts, createPersonReader, type PersonFact, type PersonRole, type PersonSource } from './person-facts.ts';

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

const PATIENT: PersonRole = { who: 'the patient', type: 'Patient', reference: 'ServiceRequest.subject' };
const FULL_DATE = /^\d{4}-\d\d-\d\d$/;

const BIRTH_DATE: PersonFact = {
  needs: "the patient's full date of birth",
  element: 'Patient.birthDate',
  path: { element: 'birthDate' },
  form: (text) => (FULL_DATE.test(text) ? text : undefined),
};
const { firstName, lastName, ...OTHER_FACTS } = buildPersonFacts(PATIENT);
const PATIENT_FACTS = { firstName, lastName, birthDate: BIRTH_DATE, ...OTHER_FACTS };

/** Returns the patient of an order, or issues for all missing and invalid values. Of `sources`, the first one that has a value is used. */
export function buildOrderPatient(sources: PersonSource[], now: Date): { patient: OrderPatient } | { issues: Issue[] } {
  const reader = createPersonReader(sources, PATIENT, now.toISOString());
  const { line, ...patient } = reader.readFacts(PATIENT_FACTS);
  const lines = [line, ...reader.readOtherLines()];
  return reader.issues.length ? { issues: reader.issues } : { patient: { ...patient, gender: findGender(sources), lines } };
}

/** Whether the patient is under eighteen today, where the patient lives. */
export const isMinor = ({ birthDate, state }: Pick<OrderPatient, 'birthDate' | 'state'>, now: Date): boolean =>
  `${Number(birthDate.slice(0, 4)) + 18}${birthDate.slice(4)}` > toDayInState(state, now);

const GENDERS = new Set(['female', 'male', 'other', 'unknown']);

function findGender(sources: PersonSource[]): string {
  for (const { person } of sources) {
    const { gender } = toTyped('Patient', person);
    if (gender !== undefined && GENDERS.has(gender)) return gender;
  }
  return 'unknown';
}
