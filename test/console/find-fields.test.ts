// The search for fields by their FHIR element, over the mappings as they are.

import type { Surface } from '../../src/console/api/mapping-types.ts';
import { findFields, listElements } from '../../src/console/views/mappings/find-fields.ts';
import { explainSurface } from '../../src/mapping/explain/explain-surface.ts';
import { everySurface, shapes } from '../mapping/examples.ts';

const SURFACES = everySurface
  .filter(([name]) => ['loop', 'clinik', 'jump'].includes(name))
  // as it is sent
  .map(
    ([name, loaded]) =>
      JSON.parse(
        JSON.stringify(
          explainSurface(
            loaded,
            shapes.filter(({ shape }) => shape.surface.name === name),
          ),
        ),
      ) as Surface,
  );
const find = (text: string): string[] => findFields(SURFACES, text).map(({ surface, shape, field }) => `${surface}/${shape} ${field}`);

test('an element finds the fields of all vendors that show it or something in it', () => {
  const found = find('Patient.telecom');
  expect(found).toEqual(expect.arrayContaining(['loop/patient email', 'clinik/patient phone', 'jump/patient mobile_phone']));
  expect(found.filter((name) => /first_name|birth/.test(name))).toEqual([]);
  expect(find("Patient.telecom.where(system='phone').value")).toEqual(find('Patient.telecom.value'));
});

test('a choice element, another case and a cut-off name find the same', () => {
  expect(find('Patient.deceased')).toEqual(expect.arrayContaining(['jump/patient is_deceased']));
  expect(find('Patient.deceased[x]')).toEqual(find('patient.deceased'));
  expect(find('Patient.birthD')).toEqual(find('Patient.birthDate'));
});

test('a field that shows a whole element shows what is in it', () => {
  expect(find('Patient.identifier.value')).toContain('loop/patient external_ids');
});

test('without a type, elements of every type and names of fields are found', () => {
  const types = new Set(findFields(SURFACES, 'telecom').flatMap(({ element }) => element?.split('.')[0] ?? []));
  expect([...types]).toEqual(expect.arrayContaining(['Patient', 'Practitioner']));
  expect(find('nhs')).toEqual(['jump/patient nhs_number']);
  expect(find('telecom.value')).toContain('jump/patient email');
});

test.each(['', ' ', '.', 'Slot', 'Patient.nothing', 'telecom.nothing'])('%j finds no field', (text) => {
  expect(find(text)).toEqual([]);
});

test('all elements that are shown are listed once, with those around them', () => {
  const elements = listElements(SURFACES);
  expect(elements).toEqual([...new Set(elements)].sort());
  expect(elements).toEqual(expect.arrayContaining(['Patient.telecom', 'Patient.telecom.value']));
  expect(elements.filter((element) => !element.includes('.'))).toEqual([]);
});
