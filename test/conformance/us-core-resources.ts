// Resources for US Core's searches, and resources that these must not find. No real people.
import type { Resource } from './asking.ts';

const US_CORE = 'http://hl7.org/fhir/us/core/StructureDefinition';
export const LAB = 'http://terminology.hl7.org/CodeSystem/observation-category|laboratory';
export const LAB_V2 = 'http://terminology.hl7.org/CodeSystem/v2-0074|LAB';
export const LAB_ORDER = 'http://snomed.info/sct|108252007';
export const HBA1C = 'http://loinc.org|4548-4';
/** `system|code` as a CodeableConcept. */
const of = (token: string) => {
  const [system, code] = token.split('|');
  return { coding: [{ system, code }] };
};
const to = (reference: string) => ({ reference });
const claims = (profile: string) => ({ meta: { profile: [`${US_CORE}/${profile}`] } });
export const MRN = { system: 'http://hospital.example/mrn', value: '100' };
const address = [{ line: ['1 Main St'], city: 'Albany', state: 'NY', postalCode: '12207' }];

/** The ones that the searches find. */
export const OURS: Resource[] = [
  {
    resourceType: 'Patient',
    id: 'ada',
    ...claims('us-core-patient'),
    identifier: [MRN],
    name: [{ family: 'Lovelace', given: ['Ada'] }],
    gender: 'female',
    birthDate: '1985-12-10',
    deceasedDateTime: '2026-01-02T03:04:05-05:00',
  },
  {
    resourceType: 'Practitioner',
    id: 'lee',
    ...claims('us-core-practitioner'),
    identifier: [{ system: 'http://hl7.org/fhir/sid/us-npi', value: '1234567893' }],
    name: [{ family: 'Lee' }],
  },
  {
    resourceType: 'PractitionerRole',
    id: 'role',
    practitioner: to('Practitioner/lee'),
    endpoint: [to('Endpoint/inbox')],
    specialty: [of('http://nucc.org/provider-taxonomy|207Q00000X')],
    telecom: [{ system: 'phone', value: '555-0100' }],
  },
  {
    resourceType: 'Endpoint',
    id: 'inbox',
    status: 'active',
    connectionType: { system: 'http://terminology.hl7.org/CodeSystem/endpoint-connection-type', code: 'hl7-fhir-rest' },
    payloadType: [{ text: 'any' }],
    address: 'https://inbox.example',
  },
  { resourceType: 'Organization', id: 'clinic', active: true, name: 'Albany Clinic', address },
  { resourceType: 'Location', id: 'room', name: 'Albany Laboratory', address: address[0] },
  {
    resourceType: 'ServiceRequest',
    id: 'order',
    status: 'active',
    intent: 'plan',
    category: [of(LAB_ORDER)],
    code: of(HBA1C),
    subject: to('Patient/ada'),
    authoredOn: '2026-03-01T10:00:00-05:00',
  },
  {
    resourceType: 'DiagnosticReport',
    id: 'report',
    status: 'final',
    category: [of(LAB_V2)],
    code: of(HBA1C),
    subject: to('Patient/ada'),
    effectiveDateTime: '2026-03-02T10:00:00-05:00',
    issued: '2026-03-03T10:00:00-05:00',
  },
  {
    resourceType: 'Observation',
    id: 'result',
    status: 'final',
    category: [of(LAB)],
    code: of(HBA1C),
    subject: to('Patient/ada'),
    effectiveDateTime: '2026-03-02T10:00:00-05:00',
    valueQuantity: { value: 5.4, unit: '%', system: 'http://unitsofmeasure.org', code: '%' },
  },
];

/** Of every kind others, of another patient or of another time, that they may not find. */
export const OTHERS: Resource[] = [
  { resourceType: 'Patient', id: 'bob', name: [{ family: 'Byron' }], gender: 'male', birthDate: '1988-01-22' },
  { resourceType: 'Practitioner', id: 'kay', name: [{ family: 'Kay' }] },
  { resourceType: 'PractitionerRole', id: 'role-kay', practitioner: to('Practitioner/kay') },
  { resourceType: 'Organization', id: 'school', name: 'School', address: [{ city: 'Troy', state: 'MI' }] },
  { resourceType: 'Location', id: 'hall', name: 'Hall', address: { city: 'Troy', state: 'MI', postalCode: '48084' } },
  { resourceType: 'ServiceRequest', id: 'order-bob', status: 'active', intent: 'plan', subject: to('Patient/bob'), code: of(HBA1C) },
  { resourceType: 'DiagnosticReport', id: 'report-bob', status: 'final', subject: to('Patient/bob'), code: of(HBA1C) },
  { resourceType: 'Observation', id: 'result-bob', status: 'final', subject: to('Patient/bob'), code: of(HBA1C) },
  {
    resourceType: 'ServiceRequest',
    id: 'order-old',
    status: 'completed',
    intent: 'plan',
    subject: to('Patient/ada'),
    code: { text: 'x' },
    authoredOn: '2019',
  },
  {
    resourceType: 'DiagnosticReport',
    id: 'report-old',
    status: 'partial',
    subject: to('Patient/ada'),
    code: { text: 'x' },
    effectiveDateTime: '2019',
  },
  {
    resourceType: 'Observation',
    id: 'result-old',
    status: 'preliminary',
    subject: to('Patient/ada'),
    code: { text: 'x' },
    effectiveDateTime: '2019',
  },
];

/** Who said so, of a resource. */
export const provenance = (resource: Resource): Resource => ({
  resourceType: 'Provenance',
  id: `of-${resource.id}`,
  recorded: '2026-03-04T00:00:00Z',
  target: [to(`${resource.resourceType}/${resource.id}`)],
  agent: [{ who: to('Practitioner/lee') }],
});
