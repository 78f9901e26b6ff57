// The FHIRPath of an issue, and the suggested name.
import { findClosestName } from '../../src/fhir/closest-name.ts';
import { formatElementPath, toIssues } from '../../src/fhir/validation/issues.ts';
import { buildFault } from '../../src/fhir/validation/schema-rule.ts';
import { validateResource } from '../../src/fhir/validation/validate.ts';

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

test.each<[string, object, string]>([
  ['a required element', { communication: [{ language: { text: 'Welsh' } }, { preferred: true }] }, 'Patient.communication[1].language'],
  ['an unknown element', { name: [{ family: 'A' }, { fam: 'B' }] }, 'Patient.name[1].fam'],
  ['a wrong value', { name: [{ family: 'A' }, { given: ['B', 4] }] }, 'Patient.name[1].given[1]'],
  ['a code', { name: [{ family: 'A' }, { use: 'zz' }] }, 'Patient.name[1].use'],
  ['an invariant', { contact: [{ name: { family: 'A' } }, { gender: 'male' }] }, 'Patient.contact[1]'],
  [
    'the type of a reference',
    { generalPractitioner: [{ reference: 'Organization/a' }, { reference: 'Patient/b' }] },
    'Patient.generalPractitioner[1]',
  ],
])('the expression of an issue about %s has the index of each list', (_what, elements, expression) => {
  expect(validateResource({ resourceType: 'Patient', ...elements }, 'Patient').map((found) => found.expression)).toEqual([[expression]]);
});
