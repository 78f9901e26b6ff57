// The values of a view by the names of its fields, as the live view of a mapping shows them.
import { listFieldValues } from '../../src/console/views/mappings/field-values.ts';

const field = (name: string, ...paths: string[]) => ({
  name,
  mapping: 'loop/patient.yaml:1',
  elements: paths.map((path) => ({ path })),
});

test('values are found in objects and lists, and a list is shown by the fields of its members', () => {
  const view = { name: { last: 'Lovelace' }, phones: [{ number: '1' }, { number: '2' }], tags: [] };
  const fields = [
    field('name.last', 'name[0].family'),
    field('phones'),
    field('phones[0].number'),
    field('phones[1].number'),
    field('tags'),
  ];
  expect(listFieldValues({ view, fields }).map(({ name, value }) => [name, value])).toEqual([
    ['name.last', 'Lovelace'],
    ['phones[0].number', '1'],
    ['phones[1].number', '2'],
    ['tags', []],
  ]);
});

test('a field that the view leaves out has no value, and an element of another resource has its name', () => {
  const role = { ...field('role'), elements: [{ path: 'code[0].text', resource: 'PractitionerRole/1' }] };
  expect(listFieldValues({ view: { other: null }, fields: [role, field('other'), field('other.inner')] })).toEqual([
    { name: 'role', value: undefined, elements: ['PractitionerRole/1: code[0].text'], mapping: 'loop/patient.yaml:1' },
    { name: 'other', value: null, elements: [], mapping: 'loop/patient.yaml:1' },
    { name: 'other.inner', value: undefined, elements: [], mapping: 'loop/patient.yaml:1' },
  ]);
});
