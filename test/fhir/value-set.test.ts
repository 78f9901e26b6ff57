// The codes of value sets, and the reports about those that are not loaded. https://hl7.org/fhir/R4/valueset.html

import { buildDefinitionLibrary } from '../../src/fhir/profile/library.ts';
import type { CodeSystem, Inclusion, ValueSet } from '../../src/fhir/terminology/value-set.ts';

const colors: CodeSystem = {
  resourceType: 'CodeSystem',
  url: 'urn:colors',
  content: 'complete',
  concept: [{ code: 'red', concept: [{ code: 'crimson', concept: [{ code: 'ruby' }] }, { code: 'scarlet' }] }, { code: 'blue' }],
};
const sizes: CodeSystem = { resourceType: 'CodeSystem', url: 'urn:sizes', content: 'fragment', concept: [{ code: 's' }] };
const set = (name: string, include: Inclusion[], more: Partial<ValueSet> & { exclude?: Inclusion[] } = {}): ValueSet => {
  const { exclude, ...rest } = more;
  return { resourceType: 'ValueSet', url: `urn:vs:${name}`, compose: { include, ...(exclude && { exclude }) }, ...rest };
};
const sets = [
  set('listed', [
    { system: 'urn:colors', concept: [{ code: 'red' }] },
    { system: 'urn:x', concept: [{ code: '1' }] },
  ]),
  set('whole', [{ system: 'urn:colors' }]),
  set('kinds', [{ system: 'urn:colors', filter: [{ property: 'concept', op: 'is-a', value: 'crimson' }] }]),
  set('below', [{ system: 'urn:colors', filter: [{ property: 'concept', op: 'descendent-of', value: 'red' }] }]),
  set('notkinds', [{ system: 'urn:colors', filter: [{ property: 'concept', op: 'is-not-a', value: 'red' }] }]),
  set('without', [{ system: 'urn:colors' }], { exclude: [{ system: 'urn:colors', concept: [{ code: 'blue' }] }] }),
  set('both', [{ valueSet: ['urn:vs:below', 'urn:vs:kinds'] }]),
  set('narrowed', [{ system: 'urn:colors', valueSet: ['urn:vs:kinds'] }]),
  set('fragment', [{ system: 'urn:sizes' }]),
  set('elsewhere', [{ system: 'http://snomed.info/sct', filter: [{ property: 'concept', op: 'is-a', value: '1' }] }]),
  set('regex', [{ system: 'urn:colors', filter: [{ property: 'display', op: 'regex', value: '.*' }] }]),
  set('missing', [{ valueSet: ['urn:vs:nowhere'] }]),
  set('expanded', [{ system: 'http://snomed.info/sct', filter: [{ property: 'concept', op: 'is-a', value: '1' }] }], {
    expansion: {
      total: 2,
      contains: [
        { system: 'http://snomed.info/sct', code: '1', abstract: true, contains: [{ system: 'http://snomed.info/sct', code: '2' }] },
      ],
    },
  }),
  set('paged', [{ valueSet: ['urn:vs:nowhere'] }], { expansion: { total: 9, contains: [{ system: 'urn:a', code: '1' }] } }),
  set('circle', [{ valueSet: ['urn:vs:circle'] }]),
  set('empty', []),
];
const library = buildDefinitionLibrary([colors, sizes, ...sets].map((resource) => ({ package: 'test', resource })));
const codes = (name: string) => library.findCodes(`urn:vs:${name}`, '');

test.each<[string, [string, string][], [string, string][]]>([
  [
    'listed',
    [
      ['urn:colors', 'red'],
      ['urn:x', '1'],
    ],
    [
      ['urn:colors', 'crimson'],
      ['urn:x', 'red'],
      ['', 'red'],
    ],
  ],
  [
    'whole',
    [['urn:colors', 'ruby']],
    [
      ['urn:colors', 'green'],
      ['urn:x', 'red'],
    ],
  ],
  [
    'kinds',
    [
      ['urn:colors', 'crimson'],
      ['urn:colors', 'ruby'],
    ],
    [['urn:colors', 'red']],
  ],
  [
    'below',
    [
      ['urn:colors', 'ruby'],
      ['urn:colors', 'scarlet'],
    ],
    [
      ['urn:colors', 'red'],
      ['urn:colors', 'blue'],
    ],
  ],
  ['notkinds', [['urn:colors', 'blue']], [['urn:colors', 'ruby']]],
  ['without', [['urn:colors', 'red']], [['urn:colors', 'blue']]],
  ['both', [['urn:colors', 'crimson']], [['urn:colors', 'scarlet']]],
  ['narrowed', [['urn:colors', 'ruby']], [['urn:colors', 'blue']]],
  [
    'expanded',
    [['http://snomed.info/sct', '2']],
    [
      ['http://snomed.info/sct', '1'],
      ['http://snomed.info/sct', '3'],
    ],
  ],
])('%s', (name, inside, outside) => {
  const found = codes(name)!;
  expect(found.isComplete).toBe(true);
  expect(inside.filter(([system, code]) => !found.mayContain(system, code))).toEqual([]);
  expect(outside.filter(([system, code]) => found.mayContain(system, code))).toEqual([]);
  expect(found.mayContain(undefined, inside[0]![1])).toBe(true);
});

test.each(['fragment', 'elsewhere', 'regex'])('%s: the system is known, not all of its codes', (name) => {
  const found = codes(name)!;
  expect(found.isComplete).toBe(false);
  expect(found.mayContain('urn:other', 'x')).toBe(false);
});

test.each(['missing', 'paged', 'circle', 'empty', 'nowhere'])('%s: nothing is known', (name) => expect(codes(name)).toBeUndefined());

test('R4’s own value sets are found with and without a version', () => {
  const gender = library.findCodes('http://hl7.org/fhir/ValueSet/administrative-gender|4.0.1', '')!;
  expect([
    gender.isComplete,
    gender.mayContain('http://hl7.org/fhir/administrative-gender', 'male'),
    gender.mayContain(undefined, 'M'),
  ]).toEqual([true, true, false]);
  expect(
    library
      .findCodes('http://terminology.hl7.org/ValueSet/v3-MaritalStatus', '')!
      .mayContain('http://terminology.hl7.org/CodeSystem/v3-MaritalStatus', 'M'),
  ).toBe(true);
});

describe('among several versions', () => {
  const version = (version: string, code: string, from: string) => ({
    package: from,
    resource: { ...set('versioned', [{ system: 'urn:v', concept: [{ code }] }]), version },
  });
  const several = buildDefinitionLibrary([
    version('3.1.1', 'a', 'p#3.1.1'),
    version('10.0.0', 'b', 'p#10.0.0'),
    version('10.0.0-ballot', 'c', 'p#10.0.0-ballot'),
  ]);
  const has = (canonical: string, from: string) =>
    ['a', 'b', 'c'].filter((code) => several.findCodes(canonical, from)?.mayContain('urn:v', code));

  test('the requested one, that of the same package, or the newest release is chosen', () => {
    expect(has('urn:vs:versioned|3.1.1', '')).toEqual(['a']);
    expect(has('urn:vs:versioned|3.1', '')).toEqual(['a']);
    expect(has('urn:vs:versioned|4', '')).toEqual([]);
    expect(has('urn:vs:versioned', 'p#3.1.1')).toEqual(['a']);
    expect(has('urn:vs:versioned', '')).toEqual(['b']);
  });
});
