// Builds the patient data of an order in the lab network's format: from the contained Patient (a snapshot at order time), otherwise from the stored Patient.
// https://hl7.org/fhir/R4/patient.html

import type { Issue } from '../../fhir/outcome.ts';
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

const buildBirthDateFact = ({ who, type }: PersonRole): PersonFact => ({
  needs: `${who}'s full date of birth`,
  element: `${type}.birthDate`,
  path: { element: 'birthDate' },
  form: (text) => (FULL_DATE.test(text) ? text : undefined),
});

function buildPatientFacts(role: PersonRole) {
  const { firstName, lastName, ...others } = buildPersonFacts(role);
  return { firstName, lastName, birthDate: buildBirthDateFact(role), ...others };
}

/**
 * Returns the patient of an order, or issues for all missing and invalid values. Of `sources`, the first one that has a value is used. `role`: of another person
 * of whom an order needs the same data.
 */
export function buildOrderPatient(
  sources: PersonSource[],
  now: Date,
  role: PersonRole = PATIENT,
): { patient: OrderPatient } | { issues: Issue[] } {
  const reader = createPersonReader(sources, role, now.toISOString());
  const { line, ...patient } = reader.readFacts(buildPatientFacts(role));
  const lines = [line, ...reader.readOtherLines()];
  return reader.issues.length ? { issues: reader.issues } : { patient: { ...patient, gender: findGender(sources), lines } };
}

/** Whether the patient is under eighteen today, where the patient lives. */
export const isMinor = ({ birthDate, state }: Pick<OrderPatient, 'birthDate' | 'state'>, now: Date): boolean =>
  `${Number(birthDate.slice(0, 4)) + 18}${birthDate.slice(4)}` > toDayInState(state, now);

const GENDERS = new Set(['female', 'male', 'other', 'unknown']);

function findGender(sources: PersonSource[]): string {
  const genders = sources.map(({ person }) => String(person.gender));
  return genders.find((gender) => GENDERS.has(gender)) ?? 'unknown';
}
