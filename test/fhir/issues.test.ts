// The FHIRPath of an issue, and the suggested name.
import { findClosestName } from '../../src/fhir/closest-name.ts';
import { formatElementPath, toIssues } from '../../src/fhir/validation/issues.ts';
import { buildFault } from '../../src/fhir/validation/schema-rule.ts';

test.each([
  [['name', 0, 'family'], 'Patient.name[0].family'],
  [['_birthDate', 'extension', 0, 'url'], 'Patient.birthDate.extension[0].url'],
  [['name', 1, '_given', 0, 'extension'], 'Patient.name[1].given[0].extension'],
  [['deceasedDateTime'], 'Patient.deceased'],
  [['_deceasedDateTime', 'id'], 'Patient.deceased.id'],
  [['extension', 0, 'valueQuantity', 'value'], 'Patient.extension[0].value.value'],
  [['contained', 0, 'valueString'], 'Patient.contained[0].value'],
  [['contained', 1, 'valueString'], 'Patient.contained[1].valueString'],
  [['shoe', 'size'], 'Patient.shoe.size'],
  [['name', 0, 'Rosa Example'], 'Patient.name[0]'],
  [[], 'Patient'],
])('%j is %s', (steps, expression) => {
  const resource = { contained: [{ resourceType: 'Observation' }, { resourceType: 'Medication' }] };
  expect(formatElementPath('Patient', resource, steps)).toBe(expression);
});

test('equal faults become one issue', () => {
  const twice = [buildFault('value', 'a', 'name'), buildFault('value', 'a', 'name'), buildFault('value', 'b', 'name')];
  expect(toIssues(twice, {}, 'Patient').map(({ text }) => text)).toEqual(['a', 'b']);
});

test.each([
  ['birthdate', 'birthDate'],
  ['bithDate', 'birthDate'],
  ['adress', 'address'],
  ['value', 'valueString'],
  ['id2', 'id'],
  ['ab', undefined],
  ['photograph', undefined],
])('for %s the suggestion is %s', (name, meant) => {
  expect(findClosestName(name, ['id', 'birthDate', 'address', 'valueString', 'photo'])).toBe(meant);
});
