// Valid resources that tests break one element at a time.
import type { ServedType } from '../../src/fhir/types.ts';
import { validateResource } from '../../src/fhir/validation/validate.ts';

/** A resource as parsed JSON. */
export type Json = Record<string, unknown>;

/** A Patient that uses much of what a Patient can hold. */
export const patient: Json = {
  resourceType: 'Patient',
  id: 'example',
  meta: { profile: ['https://example.org/StructureDefinition/patient'], tag: [{ system: 'https://example.org/tags', code: 'a' }] },
  text: { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml"><p>Rosa Example</p></div>' },
  contained: [{ resourceType: 'Organization', id: 'clinic', name: 'Clinic' }],
  extension: [
    {
      url: 'https://example.org/race',
      extension: [
        { url: 'text', valueString: 'Other' },
        { url: 'category', valueCoding: { system: 'https://example.org/races', code: 'o' } },
      ],
    },
  ],
  identifier: [
    { use: 'usual', system: 'https://example.org/mrn', value: '1', period: { start: '2020-01' }, assigner: { display: 'Clinic' } },
  ],
  active: true,
  name: [
    {
      family: 'Example',
      given: ['Rosa', null],
      _given: [null, { extension: [{ url: 'https://example.org/unknown', valueBoolean: true }] }],
    },
  ],
  telecom: [{ system: 'phone', value: '555-0100', rank: 1 }],
  gender: 'female',
  birthDate: '1987-02-20',
  _birthDate: { id: 'b', extension: [{ url: 'https://example.org/time', valueDateTime: '1987-02-20T10:00:00Z' }] },
  deceasedBoolean: false,
  contact: [{ relationship: [{ text: 'mother' }], name: { text: 'Eva' } }],
  communication: [{ language: { coding: [{ system: 'urn:ietf:bcp:47', code: 'en' }] }, preferred: true }],
  generalPractitioner: [{ reference: 'Practitioner/1' }, { reference: 'https://example.org/fhir/Organization/1/_history/2' }],
  managingOrganization: { reference: '#clinic' },
};

/** A ServiceRequest with its mandatory elements. */
export const request: Json = {
  resourceType: 'ServiceRequest',
  status: 'active',
  intent: 'order',
  code: { coding: [{ system: 'http://loinc.org', code: '24331-1' }] },
  subject: { reference: 'Patient/1' },
  occurrenceDateTime: '2026-02-20T10:00:00+01:00',
};

/** A copy with some elements put in place; undefined takes an element out. */
export const withElements = (resource: Json, elements: Json): Json => JSON.parse(JSON.stringify({ ...resource, ...elements }));
/** What is wrong, as `code expression`. */
export const brief = (resource: Json) =>
  validateResource(resource, resource.resourceType as ServedType).map(({ code, expression }) => `${code} ${expression?.join(' ')}`);
