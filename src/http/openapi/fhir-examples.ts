// The examples of the FHIR API's OpenAPI document: one small valid resource of each type, and other request bodies.
// https://hl7.org/fhir/R4/resourcelist.html, https://hl7.org/fhir/R4/fhirpatch.html, https://www.rfc-editor.org/rfc/rfc6902
import { SERVED_TYPES, type ServedType } from '../../fhir/types.ts';
import { buildSmallestElements } from './smallest-resource.ts';

type Json = Record<string, unknown>;

/** Examples of path parameters. The examples fit together: the resource that the PUT example creates can be read, patched and deleted by the others. */
export const PATH_EXAMPLES: Readonly<Record<string, string>> = {
  id: 'example',
  versionId: '1',
  compartment: 'Patient',
  type: 'Observation',
};

const ID = PATH_EXAMPLES.id!;
const ada = { reference: `Patient/${ID}`, display: 'Ada Lovelace' };
const sarah = { reference: `Practitioner/${ID}`, display: 'Dr Sarah Johnson' };
const clinic = { reference: `Organization/${ID}`, display: 'Springfield Clinic' };
const loinc = (code: string, display: string): Json => ({ coding: [{ system: 'http://loinc.org', code, display }] });
const hl7 = (name: string, code: string): Json => ({ coding: [{ system: `http://terminology.hl7.org/CodeSystem/${name}`, code }] });

/** Type → elements of its example besides the mandatory ones, and other values of these. */
const ELEMENTS: Readonly<Partial<Record<ServedType, Json>>> = {
  Patient: { name: [{ family: 'Lovelace', given: ['Ada'] }], birthDate: '1985-12-10', gender: 'female' },
  Practitioner: { active: true, name: [{ family: 'Johnson', given: ['Sarah'], prefix: ['Dr'] }] },
  PractitionerRole: { active: true, practitioner: sarah, organization: clinic, specialty: [{ text: 'Cardiology' }] },
  ServiceRequest: { intent: 'order', code: loinc('11502-2', 'Laboratory report'), subject: ada, requester: sarah },
  Organization: { active: true, name: 'Springfield Clinic', telecom: [{ system: 'phone', value: '+1 518 473 1122' }] },
  Location: { status: 'active', name: 'Main Campus', address: { city: 'Albany', state: 'NY' }, managingOrganization: clinic },
  HealthcareService: { active: true, name: 'Cardiology', providedBy: clinic, appointmentRequired: true },
  Endpoint: {
    connectionType: { system: 'http://terminology.hl7.org/CodeSystem/endpoint-connection-type', code: 'hl7-fhir-rest' },
    payloadType: [{ text: 'FHIR R4' }],
    address: 'https://clinic.example/fhir',
  },
  Schedule: { active: true, actor: [sarah], planningHorizon: { start: '2027-01-04', end: '2027-01-08' } },
  Slot: { status: 'free', start: '2027-01-04T09:00:00Z', end: '2027-01-04T09:30:00Z' },
  Task: { status: 'requested', intent: 'order', description: 'Call the patient about the results', for: ada, owner: sarah },
  DiagnosticReport: { status: 'final', code: loinc('58410-2', 'CBC panel'), subject: ada, result: [{ reference: `Observation/${ID}` }] },
  Observation: {
    status: 'final',
    category: [hl7('observation-category', 'laboratory')],
    code: loinc('718-7', 'Hemoglobin'),
    subject: ada,
    effectiveDateTime: '2026-11-20T08:30:00Z',
    valueQuantity: { value: 13.2, unit: 'g/dL', system: 'http://unitsofmeasure.org', code: 'g/dL' },
  },
  Specimen: { type: { text: 'Blood' }, subject: ada, collection: { collectedDateTime: '2026-11-20T08:30:00Z' } },
  Condition: {
    clinicalStatus: hl7('condition-clinical', 'active'),
    code: { text: 'Hypothyroidism' },
    subject: ada,
    onsetDateTime: '2024-05',
  },
  RelatedPerson: { patient: ada, relationship: [{ text: 'brother' }], name: [{ family: 'Byron', given: ['Allegra'] }] },
  Encounter: {
    status: 'finished',
    class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'AMB' },
    subject: ada,
    period: { start: '2026-11-20T08:00:00Z', end: '2026-11-20T08:45:00Z' },
  },
  Coverage: { beneficiary: ada, payor: [clinic], subscriberId: 'W-1017' },
  Consent: {
    status: 'active',
    scope: hl7('consentscope', 'research'),
    category: [{ coding: [{ system: 'http://loinc.org', code: '59284-0' }] }],
    patient: ada,
    dateTime: '2026-11-20',
    policyRule: { text: 'Research within the clinic' },
  },
  Provenance: { target: [ada], agent: [{ who: sarah }] },
  Group: { name: 'To be called back', member: [{ entity: ada }] },
  List: { title: 'To be called back', entry: [{ item: ada }] },
  QuestionnaireResponse: {
    status: 'completed',
    subject: ada,
    item: [{ linkId: '1', text: 'Do you smoke?', answer: [{ valueBoolean: false }] }],
  },
  Binary: { data: 'SGVsbG8sIEFkYQ==' },
  Subscription: {
    reason: 'results',
    criteria: 'DiagnosticReport?status=final,amended,corrected,appended',
    channel: { type: 'rest-hook', endpoint: 'https://clinic.example/fhir', payload: 'application/fhir+json' },
  },
  CareTeam: { status: 'active', name: 'Thyroid', subject: ada, participant: [{ member: sarah }] },
  ActivityDefinition: { name: 'Hemoglobin', title: 'Hemoglobin in blood', kind: 'ServiceRequest' },
  AllergyIntolerance: { clinicalStatus: hl7('allergyintolerance-clinical', 'active'), code: { text: 'Penicillin' }, patient: ada },
  Appointment: {
    status: 'booked',
    start: '2027-01-04T09:00:00Z',
    end: '2027-01-04T09:30:00Z',
    participant: [{ actor: ada, status: 'accepted' }],
  },
  AppointmentResponse: { actor: ada },
  Bundle: { type: 'collection' },
  CapabilityStatement: {
    kind: 'requirements',
    description: 'What a client needs',
    fhirVersion: '4.0.1',
    format: ['json'],
    rest: [{ mode: 'server' }],
  },
  ImmunizationRecommendation: {
    patient: ada,
    recommendation: [{ vaccineCode: [{ text: 'Tetanus' }], forecastStatus: { text: 'due' } }],
  },
  InsurancePlan: { status: 'active', name: 'Springfield Basic' },
  Linkage: {
    item: [
      { type: 'source', resource: ada },
      { type: 'alternate', resource: { reference: 'Patient/other' } },
    ],
  },
  StructureDefinition: {
    url: 'https://clinic.example/StructureDefinition/adult',
    name: 'Adult',
    kind: 'resource',
    abstract: false,
    type: 'Patient',
    baseDefinition: 'http://hl7.org/fhir/StructureDefinition/Patient',
    derivation: 'constraint',
    differential: { element: [{ id: 'Patient.birthDate', path: 'Patient.birthDate', min: 1 }] },
  },
  TerminologyCapabilities: { kind: 'requirements', description: 'What a client needs' },
};

/** The mandatory elements come from the R4 definitions. */
const buildElements = (type: ServedType): Json => ({ ...buildSmallestElements(type, ID), ...ELEMENTS[type] });

/** Bodies that are not resources of the path's type. */
const OTHERS: Readonly<Record<string, { summary: string; value: unknown }>> = {
  JsonPatch: { summary: 'The language, by JSON Patch', value: [{ op: 'add', path: '/language', value: 'en' }] },
  SearchForm: { summary: 'Ten to a page', value: { _count: '10' } },
  Everything: { summary: 'Ten to a page', value: { resourceType: 'Parameters', parameter: [{ name: '_count', valueInteger: 10 }] } },
  GraphqlQuery: { summary: 'The type of the resource, or of the query', value: { query: '{ __typename }' } },
  NoParameters: { summary: 'Without parameters', value: { resourceType: 'Parameters' } },
  LastObservations: {
    summary: 'The last three of each code',
    value: {
      resourceType: 'Parameters',
      parameter: [
        { name: 'patient', valueString: `Patient/${ID}` },
        { name: 'category', valueString: 'laboratory' },
        { name: 'max', valuePositiveInt: 3 },
      ],
    },
  },
  Match: {
    summary: 'Patients like this one',
    value: {
      resourceType: 'Parameters',
      parameter: [
        { name: 'resource', resource: { resourceType: 'Patient', ...buildElements('Patient') } },
        { name: 'onlyCertainMatches', valueBoolean: false },
        { name: 'count', valueInteger: 5 },
      ],
    },
  },
  Merge: {
    summary: 'What a merge would do',
    value: {
      resourceType: 'Parameters',
      parameter: [
        { name: 'source-patient', valueReference: { reference: 'Patient/duplicate' } },
        { name: 'target-patient', valueReference: { reference: `Patient/${ID}` } },
        { name: 'preview', valueBoolean: true },
      ],
    },
  },
  Meta: {
    summary: 'A tag',
    value: {
      resourceType: 'Parameters',
      parameter: [{ name: 'meta', valueMeta: { tag: [{ system: 'https://clinic.example/tags', code: 'checked' }] } }],
    },
  },
  Transaction: {
    summary: 'All or nothing',
    value: {
      resourceType: 'Bundle',
      type: 'transaction',
      entry: [
        {
          fullUrl: 'urn:uuid:0190b3c2-0000-4000-8000-000000000001',
          resource: { resourceType: 'Patient', ...buildElements('Patient') },
          request: { method: 'POST', url: 'Patient' },
        },
        {
          resource: {
            resourceType: 'Observation',
            ...buildElements('Observation'),
            subject: { reference: 'urn:uuid:0190b3c2-0000-4000-8000-000000000001' },
          },
          request: { method: 'POST', url: 'Observation' },
        },
      ],
    },
  },
};

/** A FHIRPath Patch that can be applied to any resource of the type. */
const fhirPathPatch = (type: ServedType): Json => ({
  resourceType: 'Parameters',
  parameter: [
    {
      name: 'operation',
      part: [
        { name: 'type', valueCode: 'add' },
        { name: 'path', valueString: `${type}.meta` },
        { name: 'name', valueString: 'tag' },
        { name: 'value', valueCoding: { system: 'https://clinic.example/tags', code: 'reviewed' } },
      ],
    },
  ],
});

/** Name → example. `Type` is the body of a create, `Type.stored` has the id of PATH_EXAMPLES, `Type.patch` is a FHIRPath Patch. */
export const FHIR_EXAMPLES: Readonly<Record<string, { summary: string; value: unknown }>> = {
  ...OTHERS,
  ...Object.fromEntries(
    SERVED_TYPES.flatMap((type) => [
      [type, { summary: type, value: { resourceType: type, ...buildElements(type) } }],
      [`${type}.stored`, { summary: `${type}/${ID}`, value: { resourceType: type, id: ID, ...buildElements(type) } }],
      [`${type}.patch`, { summary: 'A tag, by FHIRPath Patch', value: fhirPathPatch(type) }],
    ]),
  ),
};
