// The explorer's pure parts: the rows of the form, and what the next part of a parameter's name can be.
import { listPathOptions } from '../../src/console/views/explorer/form/path-options.ts';
import {
  createRow,
  findEnd,
  followSteps,
  isResultRow,
  listSaying,
  toParameters,
  toRows,
} from '../../src/console/views/explorer/form/rows.ts';
import { readCapabilities } from '../../src/console/views/explorer/query/capabilities.ts';
import { parsePath } from '../../src/console/views/explorer/query/parameter-path.ts';

const interaction = [{ code: 'search-type' }];
const capabilities = readCapabilities({
  rest: [
    {
      resource: [
        {
          type: 'Patient',
          interaction,
          searchRevInclude: ['*', 'Observation:*', 'Observation:subject'],
          searchParam: [
            { name: '_id', type: 'token' },
            { name: 'name', type: 'string' },
          ],
        },
        { type: 'Group', interaction, searchRevInclude: ['Observation:subject'], searchParam: [{ name: 'code', type: 'token' }] },
        { type: 'Observation', interaction, searchParam: [{ name: 'subject', type: 'reference' }] },
      ],
      searchParam: [{ name: '_filter', type: 'special' }],
    },
  ],
});

test('a row that is not filled in says nothing, and neither does an empty alternative', () => {
  const rows = toRows([
    ['name', 'ann,,bob,'],
    ['birthdate', ''],
    ['subject:Patient.', 'x'],
    ['_filter', 'name eq "a,,b"'],
  ]);
  expect(toParameters(rows)).toEqual([
    ['name', 'ann,bob'],
    ['_filter', 'name eq "a,,b"'],
  ]);
  expect(listSaying(rows).map(({ id }) => id)).toEqual([rows[0]!.id, rows[3]!.id]);
});

test('rows keep their ids when the query line changes, and new rows get others', () => {
  const before = [createRow('name', 'a'), createRow('gender', 'male')];
  const after = toRows(
    [
      ['name', 'ab'],
      ['gender', 'male'],
      ['_id', '1'],
    ],
    before,
  );
  expect(after.slice(0, 2).map(({ id }) => id)).toEqual(before.map(({ id }) => id));
  expect(new Set(after.map(({ id }) => id)).size).toBe(3);
});

test.each([
  ['_sort', true],
  ['_include:iterate', true],
  ['_id', false],
  ['_counter', false],
])('%s shapes the result: %s', (name, isResult) => expect(isResultRow(createRow(name))).toBe(isResult));

test.each([
  ['name', ['Observation'], undefined],
  ['subject:Patient.name', ['Patient'], 'string'],
  ['subject.code', ['Group', 'Patient'], 'token'],
  ['_has:Observation:subject:subject:Patient.name', ['Patient'], 'string'],
])('%s ends at these types, with a parameter of this kind', (name, types, kind) => {
  const path = parsePath(name);
  expect(followSteps(capabilities, 'Observation', path.steps).sort()).toEqual(types);
  expect(findEnd(capabilities, 'Observation', path)?.kind).toBe(kind);
});

test('the next part of a name: the own parameters, the references to follow, and what refers to the type', () => {
  expect(listPathOptions(capabilities, ['Observation']).map(({ value }) => value)).toEqual([
    'subject',
    '_filter',
    'subject:Patient.',
    'subject:Group.',
  ]);
  expect(listPathOptions(capabilities, ['Patient']).map(({ value }) => value)).toEqual([
    'name',
    '_id',
    '_filter',
    '_has:Observation:subject:',
  ]);
});
