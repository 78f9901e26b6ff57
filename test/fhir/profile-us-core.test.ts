// Valid resources of US Core are accepted, and each fault is found at its element. https://hl7.org/fhir/us/core/

import type { ServedType } from '../../src/fhir/types.ts';
import { toIssues } from '../../src/fhir/validation/issues.ts';
import { validateResource } from '../../src/fhir/validation/validate.ts';
import { birthsex, bloodPressure, checkers, ethnicity, race, smokingStatus, US_CORE, usPatient, vitalSigns } from './profile-us-core.ts';
import { type Json, withElements } from './valid-resources.ts';

const loaded = checkers();
const said = (resource: Json, profile: string) => {
  const checker = loaded.findChecker(`${US_CORE}/${profile}`)!;
  const issues = toIssues(checker.findFaults(resource), resource, resource.resourceType as string, 100);
  const errors = issues.filter(({ severity }) => severity === 'error');
  expect(checker.isConformant(resource)).toBe(errors.length === 0);
  return { errors: errors.map(({ code, expression }) => `${code} ${expression!.join()}`), issues };
};
const [systolic, diastolic] = bloodPressure.component as [Json, Json];
/** US Core 5 looks for the reason on the patient. */
const NO_NAME = { url: 'http://hl7.org/fhir/StructureDefinition/data-absent-reason', valueCode: 'unknown' };
const ofRace = (...extension: object[]) => ({ extension: [{ ...race, extension }, ethnicity] });
const [omb, detailed, text] = race.extension as unknown as [Json, Json, Json];
const quantity = (elements: Json) => ({
  component: [{ ...systolic, valueQuantity: { ...(systolic.valueQuantity as Json), ...elements } }, diastolic],
});

describe('valid resources', () => {
  test.each<[string, Json, string]>([
    ['a patient', usPatient, 'us-core-patient'],
    ['a blood pressure', bloodPressure, 'us-core-blood-pressure'],
    ['a smoking status', smokingStatus, 'us-core-smokingstatus'],
    ['a patient without race', withElements(usPatient, { extension: undefined }), 'us-core-patient'],
    ['a patient with five races', withElements(usPatient, ofRace(omb, omb, omb, omb, omb, text)), 'us-core-patient'],
    [
      'a patient with extensions of others',
      withElements(usPatient, { extension: [race, { url: 'urn:a', valueString: 'x' }] }),
      'us-core-patient',
    ],
    [
      'a patient without a name, and with the reason',
      withElements(usPatient, { name: [{ text: 'Unknown' }], extension: [NO_NAME] }),
      'us-core-patient',
    ],
    [
      'a blood pressure whose parts were not measured, with the reason',
      withElements(bloodPressure, {
        component: [
          { code: systolic.code, dataAbsentReason: { text: 'cuff slipped' } },
          { code: diastolic.code, dataAbsentReason: { text: 'cuff slipped' } },
        ],
      }),
      'us-core-blood-pressure',
    ],
    [
      'a blood pressure with more categories and components',
      withElements(bloodPressure, {
        category: [{ text: 'x' }, vitalSigns],
        component: [systolic, { code: { text: 'x' }, valueString: 'a' }, diastolic],
      }),
      'us-core-blood-pressure',
    ],
    [
      'a blood pressure over a time',
      withElements(bloodPressure, { effectiveDateTime: undefined, effectivePeriod: { start: '2026' } }),
      'us-core-blood-pressure',
    ],
  ])('%s', (_what, resource, profile) => {
    expect(validateResource(resource, resource.resourceType as ServedType)).toEqual([]);
    expect(said(resource, profile).errors).toEqual([]);
  });
});

describe('of a patient', () => {
  test.each<[string, Json, string[]]>([
    ['no identifier', { identifier: undefined }, ['required Patient.identifier']],
    ['no name', { name: undefined }, ['invariant Patient', 'required Patient.name']],
    ['no gender', { gender: undefined }, ['required Patient.gender']],
    [
      'nothing at all',
      { identifier: undefined, name: undefined, gender: undefined },
      ['invariant Patient', 'required Patient.identifier', 'required Patient.name', 'required Patient.gender'],
    ],
    ['an identifier without a system', { identifier: [{ value: '1' }] }, ['required Patient.identifier[0].system']],
    [
      'an identifier without a value',
      { identifier: [{ system: 'urn:a', value: '1' }, { system: 'urn:a' }] },
      ['required Patient.identifier[1].value'],
    ],
    ['a telecom without a system', { telecom: [{ value: '1' }] }, ['required Patient.telecom[0].system']],
    ['a telecom without a value', { telecom: [{ system: 'phone' }] }, ['required Patient.telecom[0].value']],
    ['a name of nothing but a use', { name: [{ use: 'official' }] }, ['invariant Patient']],
    ['a name, and the reason why there is none', { extension: [NO_NAME] }, ['invariant Patient']],
    ['a race without a text', ofRace(omb), ['required Patient.extension[0].extension']],
    ['a race with two texts', ofRace(text, text), ['structure Patient.extension[0].extension[1]']],
    ['six races', ofRace(omb, omb, omb, omb, omb, omb, text), ['structure Patient.extension[0].extension[5]']],
    ['a race whose text is a code', ofRace({ url: 'text', valueCode: 'x' }), ['structure Patient.extension[0].extension[0].value']],
    [
      'a race whose category is a text',
      ofRace({ url: 'ombCategory', valueString: 'x' }, text),
      ['structure Patient.extension[0].extension[0].value'],
    ],
    [
      'a race whose category has no value',
      ofRace({ url: 'ombCategory', extension: [{ url: 'urn:a', valueCode: 'x' }] }, text),
      ['required Patient.extension[0].extension[0].value'],
    ],
    [
      'a race that is none',
      ofRace({ url: 'ombCategory', valueCoding: { ...(omb.valueCoding as Json), code: '9999-9' } }, text),
      ['code-invalid Patient.extension[0].extension[0].value'],
    ],
    [
      'a race of another system',
      ofRace({ url: 'ombCategory', valueCoding: { system: 'urn:x', code: '2106-3' } }, text),
      ['code-invalid Patient.extension[0].extension[0].value'],
    ],
    [
      'a race without a system',
      ofRace({ url: 'ombCategory', valueCoding: { code: '2106-3' } }, text),
      ['code-invalid Patient.extension[0].extension[0].value'],
    ],
    [
      'a detailed race that is none',
      ofRace({ ...detailed, valueCoding: { system: 'urn:x', code: '1' } }, text),
      ['code-invalid Patient.extension[0].extension[0].value'],
    ],
    ['a race with a value of its own', { extension: [{ ...race, valueString: 'White' }] }, ['structure Patient.extension[0].value']],
    ['two races', { extension: [race, race] }, ['structure Patient.extension[1]']],
    ['two ethnicities', { extension: [race, ethnicity, ethnicity] }, ['structure Patient.extension[2]']],
    [
      'an ethnicity without a text',
      { extension: [{ ...ethnicity, extension: [ethnicity.extension[0]] }] },
      ['required Patient.extension[0].extension'],
    ],
    [
      'an ethnicity with two categories',
      { extension: [{ ...ethnicity, extension: [ethnicity.extension[0], ethnicity.extension[0], text] }] },
      ['structure Patient.extension[0].extension[1]'],
    ],
    [
      'an ethnicity that is a race',
      { extension: [{ ...ethnicity, extension: [omb, text] }] },
      ['code-invalid Patient.extension[0].extension[0].value'],
    ],
    [
      'a birth sex as a text',
      { extension: [{ ...birthsex, valueCode: undefined, valueString: 'F' }] },
      ['structure Patient.extension[0].value'],
    ],
    ['a birth sex that is none', { extension: [{ ...birthsex, valueCode: 'X' }] }, ['code-invalid Patient.extension[0].value']],
    [
      'a birth sex of nothing',
      { extension: [{ url: birthsex.url, extension: [{ url: 'urn:a', valueCode: 'x' }] }] },
      ['required Patient.extension[0].value'],
    ],
    ['two birth sexes', { extension: [birthsex, birthsex] }, ['structure Patient.extension[1]']],
    [
      'a gender identity as a code',
      { extension: [{ url: `${US_CORE}/us-core-genderIdentity`, valueCode: 'x' }] },
      ['structure Patient.extension[0].value'],
    ],
    [
      'a gender identity that is extended',
      { extension: [{ url: `${US_CORE}/us-core-genderIdentity`, extension: [{ url: 'urn:a', valueCode: 'x' }] }] },
      ['structure Patient.extension[0].extension[0]', 'required Patient.extension[0].value'],
    ],
  ])('%s is found', (_what, elements, expected) => {
    expect(said(withElements(usPatient, elements), 'us-core-patient').errors.sort()).toEqual(expected.sort());
  });
});

describe('of a blood pressure', () => {
  test.each<[string, Json, string[]]>([
    ['no category', { category: undefined }, ['required Observation.category', 'required Observation.category']],
    ['another category only', { category: [{ text: 'vital signs' }] }, ['required Observation.category']],
    [
      'the code of the category in another system',
      { category: [{ coding: [{ system: 'urn:x', code: 'vital-signs' }] }] },
      ['required Observation.category'],
    ],
    ['the category twice', { category: [vitalSigns, vitalSigns] }, ['structure Observation.category[1]']],
    ['another code', { code: { coding: [{ system: 'http://loinc.org', code: '8867-4' }] } }, ['value Observation.code']],
    ['a code of no system', { code: { coding: [{ code: '85354-9' }] } }, ['value Observation.code']],
    ['a code as text alone', { code: { text: 'blood pressure' } }, ['value Observation.code']],
    ['no subject', { subject: undefined }, ['required Observation.subject']],
    ['a subject that is a group', { subject: { reference: 'Group/1' } }, ['value Observation.subject']],
    ['a subject that is a device', { subject: { reference: 'Device/1' } }, ['value Observation.subject']],
    ['no time', { effectiveDateTime: undefined }, ['required Observation.effective']],
    ['an instant', { effectiveDateTime: undefined, effectiveInstant: '2026-03-01T10:00:00Z' }, ['structure Observation.effective']],
    ['a year for a time', { effectiveDateTime: '2026' }, ['invariant Observation.effective']],
    [
      'no components',
      { component: undefined },
      ['invariant Observation', 'required Observation.component', 'required Observation.component', 'required Observation.component'],
    ],
    ['one component', { component: [systolic] }, ['required Observation.component', 'required Observation.component']],
    ['no diastolic', { component: [systolic, { code: { text: 'x' }, valueString: 'a' }] }, ['required Observation.component']],
    ['two systolics', { component: [systolic, systolic, diastolic] }, ['structure Observation.component[1]']],
    [
      'a systolic that is a text',
      { component: [{ code: systolic.code, valueString: '120' }, diastolic] },
      ['structure Observation.component[0].value'],
    ],
    [
      'a systolic of nothing',
      { component: [{ code: systolic.code }, diastolic] },
      ['invariant Observation.component[0]', 'invariant Observation.component[0]'].slice(0, 1),
    ],
    ['a systolic in another unit', quantity({ code: 'kPa' }), ['value Observation.component[0].value.code']],
    ['a systolic of another unit system', quantity({ system: 'urn:units' }), ['value Observation.component[0].value.system']],
    ['a systolic without a value', quantity({ value: undefined }), ['required Observation.component[0].value.value']],
    ['a systolic without a unit', quantity({ unit: undefined }), ['required Observation.component[0].value.unit']],
    ['a systolic without a unit’s system', quantity({ system: undefined }), ['required Observation.component[0].value.system']],
    ['a systolic without a unit’s code', quantity({ code: undefined }), ['required Observation.component[0].value.code']],
    [
      'a diastolic in another unit',
      { component: [systolic, { ...diastolic, valueQuantity: { ...(diastolic.valueQuantity as Json), code: 'cm[H2O]' } }] },
      ['value Observation.component[1].value.code'],
    ],
  ])('%s is found', (_what, elements, expected) => {
    const { errors } = said(withElements(bloodPressure, elements), 'us-core-blood-pressure');
    expect(errors.sort()).toEqual(expected.sort());
  });
});

describe('of a smoking status', () => {
  test.each<[string, Json, string[]]>([
    ['a status that R4 has and US Core does not', { status: 'preliminary' }, ['code-invalid Observation.status']],
    ['no category of social history', { category: [vitalSigns] }, ['required Observation.category']],
    ['no subject', { subject: undefined }, ['required Observation.subject']],
    ['a subject that is a location', { subject: { reference: 'Location/1' } }, ['value Observation.subject']],
    ['no time', { effectiveDateTime: undefined }, ['required Observation.effective']],
    ['a timing', { effectiveDateTime: undefined, effectiveTiming: { code: { text: 'daily' } } }, ['structure Observation.effective']],
    ['no value', { valueCodeableConcept: undefined }, ['invariant Observation', 'required Observation.value']],
  ])('%s is found', (_what, elements, expected) => {
    expect(said(withElements(smokingStatus, elements), 'us-core-smokingstatus').errors).toEqual(expected);
  });
});

test('a text names the element, the rule and the profile’s codes, never a value of the resource', () => {
  const { issues } = said(
    withElements(usPatient, { identifier: undefined, extension: [{ ...birthsex, valueCode: 'X' }, race, race] }),
    'us-core-patient',
  );
  expect(issues.filter(({ severity }) => severity === 'error').map(({ text }) => text)).toEqual([
    `at most 1 of extension:race (${US_CORE}/us-core-race) are allowed`,
    'a code of http://hl7.org/fhir/us/core/ValueSet/birthsex is expected: F, M',
    'identifier is required',
  ]);
});

test('a code outside of an extensible binding is a warning', () => {
  const { errors, issues } = said(withElements(usPatient, { address: [{ state: 'Massachusetts' }] }), 'us-core-patient');
  expect(errors).toEqual([]);
  expect(issues).toContainEqual(
    expect.objectContaining({ severity: 'warning', code: 'code-invalid', expression: ['Patient.address[0].state'] }),
  );
});

test('codes of unknown value sets are reported as unchecked', () => {
  const extension = [{ url: `${US_CORE}/us-core-genderIdentity`, valueCodeableConcept: { text: 'x' } }];
  const { errors, issues } = said(withElements(usPatient, { extension }), 'us-core-patient');
  expect(errors).toEqual([]);
  expect(issues).toContainEqual(
    expect.objectContaining({ severity: 'information', code: 'not-supported', expression: ['Patient.extension[0].value'] }),
  );
});

test('a profile that is not loaded is not found', () => {
  expect(loaded.findChecker(`${US_CORE}/us-core-nothing`)).toBeUndefined();
});
