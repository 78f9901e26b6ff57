// Patients for whom nothing can be ordered, whatever else is known of them. https://hl7.org/fhir/R4/patient-definitions.html#Patient.deceased_x_
import type { Issue } from '../../fhir/outcome.ts';
import type { Resource } from '../../fhir/types.ts';
import { wrong } from './validation-result.ts';

/** Element → whether it excludes an order, and why. */
const EXCLUSIONS: Record<string, [excludes: (patient: Resource) => boolean, text: string]> = {
  active: [
    ({ active }) => active === false,
    'an order needs a Patient in use: this record is inactive (Patient.active); order for the record that replaced it, or reactivate this one',
  ],
  deceased: [
    ({ deceasedBoolean, deceasedDateTime }) => deceasedBoolean === true || deceasedDateTime !== undefined,
    'an order needs a living patient: this record says that the patient is deceased (Patient.deceased)',
  ],
};

/** What the stored Patient excludes. */
export const excludedBy = (patient: Resource): Issue[] =>
  Object.entries(EXCLUSIONS).flatMap(([element, [excludes, text]]) =>
    excludes(patient) ? wrong(text, 'ServiceRequest.subject', `Patient.${element}`).issues : [],
  );
