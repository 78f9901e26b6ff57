// The explorer's pure parts: the rows of the form, and what the next part of a parameter's name can be.
import { listPathOptions, listTargetOptions } from '../../src/console/views/explorer/form/path-options.ts';
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
          searchRevInclude: ['*', 'Observation:*', 'Observation:subject', 'Observation:performer', 'Goal:patient'],
          searchParam: [
            { name: '_id', type: 'token' },
            { name: 'name', type: 'string' },
          ],
        },
        { type: 'Group', interaction, searchRevInclude: ['Observation:subject'], searchParam: [{ name: 'code', type: 'token' }] },
        { type: 'Goal', interaction, searchRevInclude: ['Observation:focus'], searchParam: [{ name: 'patient', type: 'reference' }] },
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

const listNext = (type: string, name: string): string[] =>
  listPathOptions(capabilities, type, parsePath(name).steps).map(({ value }) => value);

test('the next part of a name: the parameters of the type where it is, and the types that refer to it', () => {
  expect(listNext('Observation', '')).toEqual(['subject', '_filter']);
  expect(listNext('Observation', 'subject:Patient.')).toEqual(['name', '_id', '_filter', '_has:Observation::', '_has:Goal:patient:']);
  expect(listNext('Observation', 'subject.')).toEqual(['name', 'code', '_id', '_filter', '_has:Observation::', '_has:Goal:patient:']);
});

test('a type that refers by several references asks by which one, also behind another step', () => {
  expect(listNext('Patient', '_has:Observation::')).toEqual(['subject', 'performer']);
  expect(listNext('Observation', 'subject:Patient._has:Observation::')).toEqual(['subject', 'performer']);
  expect(listNext('Goal', '_has:Observation::')).toEqual(['focus']);
  expect(listNext('Patient', '_has:Observation:performer:')).toEqual(['subject', '_filter']);
});

test('a reference is followed to each of its types, or to all if there are several', () => {
  const listTargets = (type: string, name: string): string[] =>
    listTargetOptions(findEnd(capabilities, type, parsePath(name))!).map(({ value }) => value);
  expect(listTargets('Observation', 'subject')).toEqual(['subject:Patient.', 'subject:Group.', 'subject.']);
  expect(listTargets('Patient', '_has:Goal:patient:patient')).toEqual(['patient:Patient.']);
});

test('a reference that several types have is followed to the targets of each of them', () => {
  const several = readCapabilities({
    rest: [
      {
        resource: [
          { type: 'Coverage', interaction, searchParam: [{ name: 'beneficiary', type: 'reference' }] },
          {
            type: 'Patient',
            interaction,
            searchRevInclude: ['Coverage:beneficiary', 'Group:owner'],
            searchParam: [{ name: 'owner', type: 'reference' }],
          },
          {
            type: 'Group',
            interaction,
            searchRevInclude: ['Coverage:beneficiary', 'Patient:owner'],
            searchParam: [{ name: 'owner', type: 'reference' }],
          },
        ],
      },
    ],
  });
  const end = findEnd(several, 'Coverage', parsePath('beneficiary.owner'));
  expect(end?.targets.toSorted()).toEqual(['Group', 'Patient']);
  expect(listTargetOptions(end!).map(({ value }) => value)).toContain('owner.');
});
