// The rules of profiles, one by one. https://hl7.org/fhir/R4/profiling.html, https://hl7.org/fhir/R4/elementdefinition.html

import type { ElementDefinition, StructureDefinition } from '../../src/fhir/profile/definition.ts';
import { toIssues } from '../../src/fhir/validation/issues.ts';
import { library, listIssues, NPI, observation, practitioner, profile, URL } from './own-profiles.ts';
import type { Json } from './valid-resources.ts';

describe('values', () => {
  const checkers = library(
    profile('values', 'Observation', [
      { path: 'Observation.status', fixedCode: 'final' },
      {
        path: 'Observation.code',
        patternCodeableConcept: {
          coding: [
            { system: 'urn:s', code: '1' },
            { system: 'urn:s', code: '2' },
          ],
        },
      },
      { path: 'Observation.valueQuantity', minValueQuantity: { value: 0, code: 'mg' }, maxValueQuantity: { value: 100, code: 'mg' } },
      { path: 'Observation.effectiveDateTime', minValueDateTime: '2020-01-01' },
      { path: 'Observation.note.text', maxLength: 5 },
      { path: 'Observation.method', fixedCodeableConcept: { text: 'scale' } },
    ]),
  );
  const code = {
    coding: [
      { system: 'urn:s', code: '2', display: 'two' },
      { code: '1', system: 'urn:s' },
    ],
    text: 'more',
  };
  test.each<[string, Json, string[]]>([
    ['as asked', {}, []],
    ['another fixed code', { status: 'amended' }, ['value Observation.status']],
    ['half of a pattern', { code: { coding: [code.coding[0]] } }, ['value Observation.code']],
    ['more than a fixed value', { method: { text: 'scale', id: 'a' } }, ['value Observation.method']],
    ['less than the least', { valueQuantity: { value: -1, code: 'mg' } }, ['value Observation.value']],
    ['more than the most', { valueQuantity: { value: 101, code: 'mg' } }, ['value Observation.value']],
    ['within', { valueQuantity: { value: 100, code: 'mg' } }, []],
    ['another unit, which is not compared', { valueQuantity: { value: 101, code: 'g' } }, []],
    ['an earlier date', { effectiveDateTime: '2019-12-31' }, ['value Observation.effective']],
    ['a date that may be early enough', { effectiveDateTime: '2020' }, []],
    ['another type of the choice', { valueString: 'x' }, []],
    ['a long text', { note: [{ text: '12345' }, { text: '123456' }] }, ['value Observation.note[1].text']],
  ])('%s', (_what, elements, expected) => expect(listIssues(checkers, 'values', observation({ code, ...elements }))).toEqual(expected));
});

describe('cardinality and types', () => {
  const checkers = library(
    profile('types', 'Observation', [
      {
        path: 'Observation.subject',
        min: 1,
        type: [{ code: 'Reference', targetProfile: [`${URL}/vip`, 'http://hl7.org/fhir/StructureDefinition/Group'] }],
      },
      { path: 'Observation.performer', max: '1', type: [{ code: 'Reference', targetProfile: [`${URL}/unknown`] }] },
      { path: 'Observation.value[x]', type: [{ code: 'Quantity' }, { code: 'string' }] },
      { path: 'Observation.bodySite', max: '0' },
      {
        path: 'Observation.specimen',
        type: [{ code: 'Reference', targetProfile: ['http://hl7.org/fhir/StructureDefinition/Specimen'], aggregation: ['contained'] }],
      },
      { path: 'Observation.component', min: 1 },
      { path: 'Observation.component.referenceRange', max: '0' },
      { path: 'Observation.referenceRange.text', min: 1 },
    ]),
    profile('vip', 'Patient', []),
  );
  const good = { subject: { reference: 'Patient/1' }, component: [{ code: { text: 'a' } }] };
  test.each<[string, Json, string[]]>([
    ['as asked', {}, []],
    ['no subject', { subject: undefined }, ['required Observation.subject']],
    ['a subject that is only named', { subject: { display: 'a' } }, []],
    ['a subject of a type the profile leaves out', { subject: { reference: 'Location/1' } }, ['value Observation.subject']],
    [
      'a contained subject of such a type',
      { subject: { reference: '#l' }, contained: [{ resourceType: 'Location', id: 'l' }] },
      ['value Observation.subject'],
    ],
    [
      'two performers',
      { performer: [{ reference: 'Practitioner/1' }, { reference: 'Practitioner/2' }] },
      ['structure Observation.performer[1]'],
    ],
    ['a value of a type left out', { valueBoolean: true }, ['structure Observation.value']],
    ['a value as extensions alone', { _valueBoolean: { extension: [{ url: 'urn:a', valueCode: 'x' }] } }, ['structure Observation.value']],
    ['what is not allowed', { bodySite: { text: 'x' } }, ['structure Observation.bodySite']],
    ['a specimen that is not contained', { specimen: { reference: 'Specimen/1' } }, ['value Observation.specimen']],
    ['no component', { component: undefined }, ['required Observation.component']],
    [
      'a range in a component',
      { component: [{ code: { text: 'a' }, referenceRange: [{ text: 'x' }] }] },
      ['structure Observation.component[0].referenceRange[0]'],
    ],
    ['a range without a text', { referenceRange: [{ low: { value: 1 } }] }, ['required Observation.referenceRange[0].text']],
  ])('%s', (_what, elements, expected) => expect(listIssues(checkers, 'types', observation({ ...good, ...elements }))).toEqual(expected));
});

describe('rules from other profiles', () => {
  const extension = (name: string, element: ElementDefinition[], more: object = {}): StructureDefinition =>
    profile(name, 'Extension', [{ path: 'Extension.url', fixedUri: `${URL}/${name}` }, ...element], { kind: 'complex-type', ...more });
  const base = profile('base', 'Practitioner', [
    {
      id: 'Practitioner.identifier',
      path: 'Practitioner.identifier',
      min: 1,
      slicing: { discriminator: [{ type: 'value', path: 'system' }], rules: 'open' },
    },
    { id: 'Practitioner.identifier:npi', path: 'Practitioner.identifier', sliceName: 'npi', max: '1' },
    { id: 'Practitioner.identifier:npi.system', path: 'Practitioner.identifier.system', fixedUri: NPI },
    { path: 'Practitioner', constraint: [{ key: 'base-1', severity: 'error', human: 'active says so', expression: 'active.exists()' }] },
  ]);
  const derived = profile(
    'derived',
    'Practitioner',
    [
      { id: 'Practitioner.identifier:npi', path: 'Practitioner.identifier', sliceName: 'npi', min: 1 },
      {
        id: 'Practitioner.extension',
        path: 'Practitioner.extension',
        slicing: { discriminator: [{ type: 'value', path: 'url' }], rules: 'open' },
      },
      {
        id: 'Practitioner.extension:color',
        path: 'Practitioner.extension',
        sliceName: 'color',
        min: 1,
        max: '1',
        type: [{ code: 'Extension', profile: [`${URL}/color`] }],
      },
      { id: 'Practitioner.birthDate.extension', path: 'Practitioner.birthDate.extension', min: 1 },
    ],
    { baseDefinition: `${URL}/base` },
  );
  const checkers = library(
    base,
    derived,
    extension('color', [
      { path: 'Extension.value[x]', min: 1, type: [{ code: 'code' }] },
      { path: 'Extension.extension', max: '0' },
    ]),
    profile('orphan', 'Practitioner', [], { baseDefinition: `${URL}/nowhere` }),
    profile('circle', 'Practitioner', [], { baseDefinition: `${URL}/circle` }),
    profile('bare', 'Practitioner', [], { differential: { element: [] } }),
    profile('strange', 'Practitioner', [{ path: 'Practitioner.shoe', min: 1 }]),
    profile('own', 'Practitioner', [
      {
        path: 'Practitioner',
        constraint: [
          { key: 'inv-1', severity: 'error', human: 'not of R4’s inv-1', expression: 'name.exists()' },
          { key: 'w-1', severity: 'warning', human: 'better with a gender', expression: 'gender.exists()' },
          { key: 'u-1', severity: 'error', human: 'u', expression: 'now() > birthDate' },
          { key: 'x-1', severity: 'error', human: 'x', expression: 'name[' },
        ],
      },
    ]),
  );
  const good = practitioner({
    active: true,
    identifier: [{ system: NPI, value: '1' }],
    extension: [{ url: `${URL}/color`, valueCode: 'red' }],
  });
  test.each<[string, Json, string[]]>([
    ['as asked', {}, []],
    ['a constraint of the base', { active: undefined }, ['invariant Practitioner']],
    ['a slice of the base, made required', { identifier: [{ value: '1' }] }, ['required Practitioner.identifier']],
    ['the base’s own count of it', { identifier: [{ system: NPI }, { system: NPI }] }, ['structure Practitioner.identifier[1]']],
    ['the extension that must be there', { extension: undefined }, ['required Practitioner.extension']],
    [
      'the extension’s own type',
      { extension: [{ url: `${URL}/color`, valueString: 'red' }] },
      ['structure Practitioner.extension[0].value'],
    ],
    [
      'the extension’s own extensions',
      { extension: [{ url: `${URL}/color`, valueCode: 'red', extension: [{ url: 'urn:a', valueCode: 'x' }] }] },
      ['structure Practitioner.extension[0].extension[0]'],
    ],
    ['an extension beside a primitive', { birthDate: '2000' }, ['required Practitioner.birthDate.extension']],
    ['such an extension there', { birthDate: '2000', _birthDate: { extension: [{ url: 'urn:a', valueCode: 'x' }] } }, []],
  ])('%s', (_what, elements, expected) => expect(listIssues(checkers, 'derived', { ...good, ...elements })).toEqual(expected));

  test.each([
    ['orphan', 'its base https://example.org/StructureDefinition/nowhere is not loaded'],
    ['circle', 'is based on itself'],
    ['bare', 'has neither a snapshot nor a differential'],
    ['strange', 'Practitioner.shoe: R4 has no such element'],
  ])('%s cannot be used, and the error gives the reason', (name, why) => expect(() => checkers.findChecker(`${URL}/${name}`)).toThrow(why));

  test('constraints: an error, a warning, and one that cannot be evaluated; a key that R4 uses elsewhere is the profile’s own', () => {
    expect(listIssues(checkers, 'own', practitioner())).toEqual([
      'invariant Practitioner',
      'warning invariant Practitioner',
      'warning not-supported Practitioner',
      'warning not-supported Practitioner',
    ]);
    const issues = toIssues(checkers.findChecker(`${URL}/own`)!.findFaults(practitioner()), practitioner(), 'Practitioner');
    expect(issues.map(({ text }) => text).join()).toContain('the constraint u-1 is not checked: now() is not evaluated here');
  });
});

test('malformed elements are left to base validation, and cause no exception', () => {
  const checkers = library(
    profile('robust', 'Patient', [
      { path: 'Patient.name', min: 1, constraint: [{ key: 'r-1', severity: 'error', human: 'r', expression: "family.matches('a')" }] },
      { path: 'Patient.name.family', min: 1, maxLength: 3 },
      { path: 'Patient.gender', binding: { strength: 'required', valueSet: 'http://hl7.org/fhir/ValueSet/link-type' } },
    ]),
  );
  for (const name of [null, 5, 'x', [], [null], [5], { family: 1 }, [{ family: { a: 1 } }], [[['x']]]])
    for (const gender of [undefined, null, 5, {}, ['male']])
      expect(() => checkers.findChecker(`${URL}/robust`)!.findFaults({ resourceType: 'Patient', name, gender })).not.toThrow();
});
