// `_filter` and `_list`: their results, and refusals. https://hl7.org/fhir/R4/search_filter.html, https://hl7.org/fhir/R4/search.html#list
import type { Resource } from '../../src/fhir/types.ts';
import { corpusOf, idsOf, parsed } from './search-corpus.ts';

const patient = (id: string, more: object): Resource => ({ resourceType: 'Patient', id, ...more });
const CORPUS = corpusOf([
  patient('ann', {
    gender: 'female',
    birthDate: '1980-05-17',
    name: [{ family: 'Miller', given: ['Ann'] }],
    generalPractitioner: [{ reference: 'Practitioner/lee' }],
  }),
  patient('bob', { gender: 'male', birthDate: '2014-10-10', name: [{ family: 'de la Cruz', given: ['Bob', 'Peter'] }] }),
  patient('cy', { name: [{ text: 'Cy, the (odd) one' }], generalPractitioner: [{ reference: 'Practitioner/ray' }] }),
  { resourceType: 'Practitioner', id: 'lee', gender: 'male', name: [{ family: 'Lee' }] },
  { resourceType: 'Practitioner', id: 'ray', gender: 'female', name: [{ family: 'Lee' }] },
  {
    resourceType: 'Observation',
    id: 'potassium',
    code: { coding: [{ system: 'http://loinc.org', code: '2823-3' }] },
    subject: { reference: 'Patient/ann' },
    effectivePeriod: { start: '2024-03-01', end: '2024-03-31' },
    valueQuantity: { value: 5.4, system: 'http://unitsofmeasure.org', code: 'mmol/L' },
  },
  { resourceType: 'List', id: 'mine', entry: [{ item: { reference: 'Patient/bob' } }, { item: { reference: 'Observation/potassium' } }] },
]);
const find = (type: string, filter: string): string[] => idsOf(`${type}?_filter=${encodeURIComponent(filter)}`, CORPUS);

test.each<[string, string, string[]]>([
  ['Patient', 'name co "ill"', ['ann']],
  ['Patient', 'given eq "peter" and birthdate ge 2014-10-10', ['bob']],
  ['Patient', 'given eq "pet"', []],
  ['Patient', 'given sw "pet"', ['bob']],
  ['Patient', 'given ew TER', ['bob']],
  ['Patient', 'given ne "bob"', ['ann', 'bob']],
  ['Patient', 'family gt m', ['ann']],
  ['Patient', 'family le "de la cruz"', ['bob']],
  ['Patient', 'name eq "Cy, the (odd) one"', ['cy']],
  ['Patient', 'gender eq male or gender eq female', ['ann', 'bob']],
  ['Patient', 'not (gender eq male)', ['ann', 'cy']],
  ['Patient', 'gender pr false', ['cy']],
  ['Patient', 'gender pr true and not (gender eq male)', ['ann']],
  // from left to right: (a or b) and c
  ['Patient', 'gender eq female or gender eq male and birthdate gt 2000', ['bob']],
  ['Patient', 'gender eq female or (gender eq male and birthdate gt 2000)', ['ann', 'bob']],
  ['Patient', 'general-practitioner re Practitioner/lee', ['ann']],
  ['Patient', 'general-practitioner.family eq lee', ['ann', 'cy']],
  ['Patient', 'general-practitioner[gender eq male].family eq lee', ['ann']],
  ['Patient', 'general-practitioner[gender eq male and family sw r].family eq lee', []],
  ['Patient', 'gender in http://hl7.org/fhir/ValueSet/administrative-gender', ['ann', 'bob']],
  ['Patient', 'gender ni http://hl7.org/fhir/ValueSet/administrative-gender', ['cy']],
  ['Patient', 'gender ss http://hl7.org/fhir/administrative-gender|male', ['bob']],
  ['Patient', '_id eq bob', ['bob']],
  ['Observation', 'code eq loinc|2823-3 and subject.name co "mil"', ['potassium']],
  ['Observation', 'value-quantity gt 5300|http://unitsofmeasure.org|umol/L', ['potassium']],
  ['Observation', 'value-quantity eq 5.3', []],
  ['Observation', 'date po 2024-03-31', ['potassium']],
  ['Observation', 'date co 2024-03-15', ['potassium']],
  ['Observation', 'date co 2024', []],
])('%s: %s', (type, filter, ids) => {
  expect(find(type, filter)).toEqual(ids);
});

test.each([
  ['name', 'at character 5 a blank'],
  ['name co', 'at character 6'],
  ['name co "x" and', 'at character 13'],
  ['(name co x', 'a closing bracket'],
  ['name co x)', 'at character 10 and, or, or its end'],
  ['name co "x', 'at character 9 a value'],
  ['shoe eq 7', 'Patient has no search parameter shoe'],
  [
    'gender ne male',
    '_filter: gender is of kind token, which takes eq, ss, sb, in, ni, pr; to test that no value is equal, write not (… eq …)',
  ],
  ['general-practitioner eq x', 'which takes re, pr'],
  ['name.family eq x', 'Patient.name is not a reference'],
  ['general-practitioner[gender eq male] re x', 'a dot and a further name'],
  ['birthdate gt soon', 'birthdate must be a date'],
  ['gender pr maybe', 'pr takes true or false'],
  ['gender in urn:x', 'the value set urn:x is not known here'],
  [`${'('.repeat(30)}name co x${')'.repeat(30)}`, 'brackets are nested'],
  [Array(40).fill('name co x').join(' or '), '_filter takes at most 30 tests'],
])('%s is refused', (filter, text) => {
  expect(() => parsed(`Patient?_filter=${encodeURIComponent(filter)}`)).toThrow(text);
});

test.each<[string, string[]]>([
  ['Patient?_list=mine', ['bob']],
  ['Patient?_list=List/mine&gender=male', ['bob']],
  ['Observation?_list=mine', ['potassium']],
  ['Patient?_list=mine&gender=female', []],
  ['Patient?_list=other', []],
])('%s', (search, ids) => {
  expect(idsOf(search, CORPUS)).toEqual(ids);
});

test('a functional list is refused', () => {
  expect(() => parsed('Patient?_list=$current-problems')).toThrow('_list takes the id of a List');
});
