// The resource types that ordering reads or writes: a server without one of them could not take an order through to its results.
import type { ServedType } from '../fhir/types.ts';

export const ORDERING_TYPES: readonly ServedType[] = [
  'ActivityDefinition',
  'Binary',
  'Condition',
  'Consent',
  'Coverage',
  'Device',
  'DiagnosticReport',
  'DocumentReference',
  'Observation',
  'Organization',
  'Patient',
  'Practitioner',
  'PractitionerRole',
  'QuestionnaireResponse',
  'RelatedPerson',
  'ServiceRequest',
  'Specimen',
  'Subscription',
  'Task',
];
