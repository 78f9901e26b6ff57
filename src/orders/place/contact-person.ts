// A person beside the patient whom the lab network needs for an order: with a name, a telephone number and an address.
import type { Resource } from '../../fhir/types.ts';
import { buildPersonFacts, createPersonReader, type PersonRole } from './person-facts.ts';
import type { ValidationResult } from './validation-result.ts';

export interface ContactPerson {
  firstName: string;
  lastName: string;
  /** E.164. */
  phone: string;
  email: string | undefined;
  /** At least one line. */
  lines: string[];
  city: string;
  state: string;
  zip: string;
}

export function readContactPerson(person: Resource, role: PersonRole, now: string): ValidationResult<ContactPerson> {
  const { email, ...required } = buildPersonFacts(role);
  const reader = createPersonReader([{ person, at: undefined }], role, now);
  const { line, ...facts } = reader.readFacts(required);
  const value = { ...facts, email: reader.readOptional(email), lines: [line, ...reader.readOtherLines()] };
  return reader.issues.length ? { issues: reader.issues } : { value };
}
