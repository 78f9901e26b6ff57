// The filters of value sets, and the hierarchy of code systems. https://hl7.org/fhir/R4/valueset-filter-operator.html,
// https://hl7.org/fhir/R4/codesystem.html#hierarchy
import { filterByPattern } from '../../src/fhir/terminology/bounded-pattern.ts';
import { buildConceptTree } from '../../src/fhir/terminology/concepts.ts';
import { expandValueSet } from '../../src/fhir/terminology/expansion.ts';
import { buildTerminology } from '../../src/fhir/terminology/terminology.ts';
import type { CodeSystem, Inclusion, ValueSet } from '../../src/fhir/terminology/value-set.ts';

const SYSTEM = 'urn:dishes';
/** `soup` is nested below `hot`; `gazpacho` names its parents by a property with FHIR's URI; `cold` names a child. */
const dishes: CodeSystem = {
  resourceType: 'CodeSystem',
  url: SYSTEM,
  content: 'complete',
  property: [
    { code: 'is-below', uri: 'http://hl7.org/fhir/concept-properties#parent', type: 'code' },
    { code: 'spice', type: 'string' },
    { code: 'vegan', type: 'boolean' },
    { code: 'region', type: 'Coding' },
  ],
  concept: [
    { code: 'dish' },
    { code: 'hot', property: [{ code: 'is-below', valueCode: 'dish' }], concept: [{ code: 'soup', display: 'Soup of the day' }] },
    {
      code: 'cold',
      property: [
        { code: 'is-below', valueCode: 'dish' },
        { code: 'child', valueCode: 'ice' },
      ],
    },
    { code: 'ice', property: [{ code: 'vegan', valueBoolean: false }] },
    {
      code: 'gazpacho',
      property: [
        { code: 'is-below', valueCode: 'cold' },
        { code: 'is-below', valueCode: 'soup' },
        { code: 'vegan', valueBoolean: true },
        { code: 'spice', valueString: 'garlic' },
        { code: 'region', valueCoding: { system: 'urn:regions', code: 'es' } },
      ],
    },
  ],
};

const filter = (property: string, op: string, value: string): Inclusion => ({ system: SYSTEM, filter: [{ property, op, value }] });
function expand(include: Inclusion[], exclude?: Inclusion[]): unknown {
  const set: ValueSet = { resourceType: 'ValueSet', url: 'urn:vs', compose: { include, ...(exclude && { exclude }) } };
  const expansion = expandValueSet('urn:vs', buildTerminology([dishes, set]));
  if (typeof expansion === 'string') return expansion;
  const { codes, unknown } = expansion.get(SYSTEM) ?? { codes: new Set() };
  return unknown ?? (codes === 'all' ? codes : [...codes].sort());
}

test.each<[string, string, string, string[]]>([
  ['concept', 'is-a', 'dish', ['cold', 'dish', 'gazpacho', 'hot', 'ice', 'soup']],
  ['concept', 'is-a', 'cold', ['cold', 'gazpacho', 'ice']],
  ['concept', 'descendent-of', 'hot', ['gazpacho', 'soup']],
  ['concept', 'is-not-a', 'cold', ['dish', 'hot', 'soup']],
  ['concept', 'generalizes', 'gazpacho', ['cold', 'dish', 'gazpacho', 'hot', 'soup']],
  ['concept', 'is-a', 'nothing', []],
  ['code', 'regex', '.*o.*', ['cold', 'gazpacho', 'hot', 'soup']],
  ['code', 'regex', 'ot', []],
  ['display', 'regex', 'Soup.*', ['soup']],
  ['display', '=', 'Soup of the day', ['soup']],
  ['vegan', '=', 'true', ['gazpacho']],
  ['vegan', 'exists', 'true', ['gazpacho', 'ice']],
  ['vegan', 'exists', 'false', ['cold', 'dish', 'hot', 'soup']],
  ['spice', 'in', 'garlic, chili', ['gazpacho']],
  ['spice', 'not-in', 'garlic,chili', ['cold', 'dish', 'hot', 'ice', 'soup']],
  ['region', '=', 'es', ['gazpacho']],
  ['parent', '=', 'soup', ['gazpacho']],
  ['is-below', '=', 'cold', ['gazpacho', 'ice']],
  ['child', '=', 'ice', ['cold']],
])('%s %s %s selects exactly these codes', (property, op, value, codes) => expect(expand([filter(property, op, value)])).toEqual(codes));

test('several filters select the codes that pass all of them', () => {
  const both = { system: SYSTEM, filter: [...filter('concept', 'is-a', 'cold').filter!, ...filter('vegan', '=', 'true').filter!] };
  expect(expand([both])).toEqual(['gazpacho']);
});

test('a property that the code system does not define, and an operator of another version, are not known', () => {
  expect(expand([filter('colour', '=', 'red')])).toBe('a filter colour = on the code system urn:dishes is not understood');
  expect(expand([filter('concept', 'child-of', 'dish')])).toBe('a filter concept child-of on the code system urn:dishes is not understood');
});

test('a version that is not loaded is not known; the loaded one is used', () => {
  const versioned = { ...dishes, version: '2' };
  const expansionOf = (version: string) =>
    expandValueSet(
      'urn:vs',
      buildTerminology([versioned, { resourceType: 'ValueSet', url: 'urn:vs', compose: { include: [{ system: SYSTEM, version }] } }]),
    );
  expect(expansionOf('2')).toEqual(
    new Map([[SYSTEM, { codes: new Set(['dish', 'hot', 'soup', 'cold', 'ice', 'gazpacho']), versions: new Set(['2']) }]]),
  );
  expect(expansionOf('3')).toEqual(new Map([[SYSTEM, { codes: 'all', versions: new Set(['3']) }]]));
});

test('a regular expression that would run for hours is refused within a second, and a malformed one is named', () => {
  const evil: CodeSystem = { resourceType: 'CodeSystem', url: SYSTEM, content: 'complete', concept: [{ code: `${'a'.repeat(60)}!` }] };
  const run = (value: string) => () =>
    expandValueSet(
      'urn:vs',
      buildTerminology([evil, { resourceType: 'ValueSet', url: 'urn:vs', compose: { include: [filter('code', 'regex', value)] } }]),
    );
  const began = performance.now();
  expect(run('(a+)+')).toThrow('a regex filter of the value set takes longer than 100 ms');
  expect(performance.now() - began).toBeLessThan(1000);
  expect(run('(')).toThrow('a regex filter of the value set is not a regular expression');
  expect(run('a'.repeat(1001))).toThrow('a regex filter may have at most 1000 characters');
});

test.each([
  ['that had processor time', 60_000, 1],
  ['that had none', 0, 3],
])('a regular expression %s is refused after an exact number of attempts', (_case, user, attempts) => {
  const { cpuUsage } = process;
  let calls = 0;
  process.cpuUsage = (before) => {
    calls++;
    return { user: before ? user : 0, system: 0 };
  };
  try {
    expect(() => filterByPattern([`${'a'.repeat(60)}!`], '(a+)+')).toThrow('takes longer than 100 ms');
  } finally {
    process.cpuUsage = cpuUsage;
  }
  // before and after each attempt
  expect(calls).toBe(2 * attempts);
});

test('an expansion stops at 200,000 codes', () => {
  const many = Array.from({ length: 150_000 }, (_one, at) => ({ code: `c${at}` }));
  const big: CodeSystem = { resourceType: 'CodeSystem', url: SYSTEM, content: 'complete', concept: many };
  const sets: ValueSet[] = [
    { resourceType: 'ValueSet', url: 'urn:once', compose: { include: [{ system: SYSTEM }] } },
    { resourceType: 'ValueSet', url: 'urn:twice', compose: { include: [{ system: SYSTEM }, { valueSet: ['urn:once'] }] } },
  ];
  const terminology = buildTerminology([big, ...sets]);
  expect(expandValueSet('urn:once', terminology)).toBeInstanceOf(Map);
  expect(() => expandValueSet('urn:twice', terminology)).toThrow('have more than 200000 codes');
});

describe('the tree of a code system', () => {
  test('a cycle of parents ends', () => {
    const cycle = buildConceptTree({
      resourceType: 'CodeSystem',
      url: SYSTEM,
      concept: [
        { code: 'a', property: [{ code: 'parent', valueCode: 'b' }] },
        { code: 'b', property: [{ code: 'parent', valueCode: 'a' }] },
      ],
    });
    expect([cycle.listAbove('a'), cycle.listBelow('a')]).toEqual([
      ['b', 'a'],
      ['a', 'b'],
    ]);
  });

  test('case is ignored only if the code system says so', () => {
    const concept = [{ code: 'Abc' }];
    const tree = (caseSensitive?: boolean) =>
      buildConceptTree({ resourceType: 'CodeSystem', url: SYSTEM, concept, ...(caseSensitive !== undefined && { caseSensitive }) });
    expect([tree(false).find('aBC')?.code, tree(true).find('aBC'), tree().find('aBC')]).toEqual(['Abc', undefined, undefined]);
  });
});
