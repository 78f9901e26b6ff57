// FHIRPath Patch: what each operation does to a resource. https://hl7.org/fhir/R4/fhirpatch.html

import { parse, parseExact, stringify } from '../../src/fhir/json.ts';
import { fhirPathPatch } from '../../src/fhir/patch/fhirpath-patch.ts';
import type { Resource } from '../../src/fhir/types.ts';

type Parts = Record<string, object>;
const parameters = (...operations: Parts[]) => ({
  resourceType: 'Parameters',
  parameter: operations.map((parts) => ({ name: 'operation', part: Object.entries(parts).map(([name, value]) => ({ name, ...value })) })),
});
const on = (resource: string, ...operations: Parts[]) =>
  stringify(fhirPathPatch(parse(JSON.stringify(parameters(...operations))))(parseExact(resource) as Resource));
const P = (elements: string) => `{"resourceType":"Patient"${elements && `,${elements}`}}`;
const type = (valueCode: string) => ({ valueCode });
const text = (valueString: string) => ({ valueString });
const number = (valueInteger: number) => ({ valueInteger });

test.each<[string, string, Parts, string]>([
  [
    'adds an element that is not there',
    '',
    { type: type('add'), path: text('Patient'), name: text('birthDate'), value: { valueDate: '2000-01-01' } },
    '"birthDate":"2000-01-01"',
  ],
  [
    'adds to a list',
    '"name":[{"family":"A"}]',
    { type: type('add'), path: text('Patient'), name: text('name'), value: { valueHumanName: { family: 'B' } } },
    '"name":[{"family":"A"},{"family":"B"}]',
  ],
  [
    'adds below a chosen member',
    '"name":[{"use":"usual"},{"use":"official"}]',
    { type: type('add'), path: text("Patient.name.where(use = 'official')"), name: text('family'), value: { valueString: 'B' } },
    '"name":[{"use":"usual"},{"use":"official","family":"B"}]',
  ],
  [
    'adds an element of parts',
    '',
    {
      type: type('add'),
      path: text('Patient'),
      name: text('contact'),
      value: {
        part: [
          { name: 'gender', valueCode: 'male' },
          { name: 'telecom', valueContactPoint: { value: '1' } },
        ],
      },
    },
    '"contact":[{"gender":"male","telecom":[{"value":"1"}]}]',
  ],
  [
    'adds a branch of a choice',
    '',
    { type: type('add'), path: text('Patient'), name: text('deceased'), value: { valueBoolean: true } },
    '"deceasedBoolean":true',
  ],
  [
    'inserts',
    '"name":[{"family":"A"},{"family":"C"}]',
    { type: type('insert'), path: text('Patient.name'), index: number(1), value: { valueHumanName: { family: 'B' } } },
    '"name":[{"family":"A"},{"family":"B"},{"family":"C"}]',
  ],
  [
    'deletes, with what stands beside it',
    '"active":true,"birthDate":"2000","_birthDate":{"id":"x"}',
    { type: type('delete'), path: text('Patient.birthDate') },
    '"active":true',
  ],
  [
    'deletes a member, and what that leaves empty',
    '"active":true,"name":[{"given":["A"]}]',
    { type: type('delete'), path: text('Patient.name[0].given[0]') },
    '"active":true',
  ],
  ['deletes nothing where nothing is', '"active":true', { type: type('delete'), path: text('Patient.birthDate') }, '"active":true'],
  ['replaces', '"active":true', { type: type('replace'), path: text('Patient.active'), value: { valueBoolean: false } }, '"active":false'],
  [
    'replaces a choice by another type',
    '"deceasedBoolean":true',
    { type: type('replace'), path: text('Patient.deceased'), value: { valueDateTime: '2020' } },
    '"deceasedDateTime":"2020"',
  ],
  [
    'replaces inside a member',
    '"name":[{"given":["A","B"]}]',
    { type: type('replace'), path: text('Patient.name.first().given[1]'), value: { valueString: 'C' } },
    '"name":[{"given":["A","C"]}]',
  ],
  [
    'moves, with the extensions of primitives',
    '"name":[{"given":["A","B","C"],"_given":[null,null,{"id":"c"}]}]',
    { type: type('move'), path: text('Patient.name[0].given'), source: number(2), destination: number(0) },
    '"name":[{"given":["C","A","B"],"_given":[{"id":"c"},null,null]}]',
  ],
  [
    'finds extensions by url',
    '"extension":[{"url":"u","valueString":"x"}]',
    { type: type('replace'), path: text("Patient.extension('u').value"), value: { valueString: 'y' } },
    '"extension":[{"url":"u","valueString":"y"}]',
  ],
])('%s', (_what, before, operation, after) => {
  expect(on(P(before), operation)).toBe(P(after));
});

test('digits stay as written: those of the resource, and those of the patch', () => {
  const body = `{"resourceType":"Parameters","parameter":[{"name":"operation","part":[{"name":"type","valueCode":"replace"},
    {"name":"path","valueString":"Observation.value"},{"name":"value","valueQuantity":{"value":2.50}}]}]}`;
  const before = '{"resourceType":"Observation","referenceRange":[{"low":{"value":1.00}}],"valueQuantity":{"value":1.0}}';
  expect(stringify(fhirPathPatch(parse(body))(parseExact(before) as Resource))).toBe(before.replace('1.0}}', '2.50}}'));
});

test.each<[string, Parts, string]>([
  [
    'adding what is there already',
    { type: type('add'), path: text('Patient'), name: text('active'), value: { valueBoolean: false } },
    'rule',
  ],
  [
    'adding what R4 does not have',
    { type: type('add'), path: text('Patient'), name: text('shoe'), value: { valueBoolean: false } },
    'rule',
  ],
  ['replacing nothing', { type: type('replace'), path: text('Patient.birthDate'), value: { valueDate: '2000' } }, 'rule'],
  ['replacing several', { type: type('replace'), path: text('Patient.name'), value: { valueHumanName: {} } }, 'rule'],
  ['deleting several', { type: type('delete'), path: text('Patient.name') }, 'rule'],
  [
    'inserting beyond the list',
    { type: type('insert'), path: text('Patient.name'), index: number(3), value: { valueHumanName: {} } },
    'rule',
  ],
  ['changing the id', { type: type('replace'), path: text('Patient.id'), value: { valueId: '2' } }, 'rule'],
  ['a path that is not one', { type: type('delete'), path: text('Patient.name.where(') }, 'not-supported'],
  [
    'a path that asks where a reference leads',
    { type: type('delete'), path: text('Patient.generalPractitioner.where(resolve() is Practitioner)') },
    'not-supported',
  ],
  ['an operation there is not', { type: type('merge'), path: text('Patient') }, 'structure'],
  ['an insert without an index', { type: type('insert'), path: text('Patient.name'), value: { valueHumanName: {} } }, 'structure'],
])('%s is refused', (_what, operation, kind) => {
  expect(() => on('{"resourceType":"Patient","id":"1","active":true,"name":[{"family":"A"},{"family":"B"}]}', operation)).toThrow(
    expect.objectContaining({ kind }),
  );
});
