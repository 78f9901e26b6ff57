// The expansion of value sets, which validation and search share: the codes, and what is not known. https://hl7.org/fhir/R4/valueset.html#compositions
import { findValueSetCodes } from '../../src/fhir/profile/binding.ts';
import { buildRegistry } from '../../src/fhir/search/registry.ts';
import { expandValueSet } from '../../src/fhir/terminology/expansion.ts';
import { buildTerminology } from '../../src/fhir/terminology/terminology.ts';
import type { CodeSystem, Inclusion, ValueSet } from '../../src/fhir/terminology/value-set.ts';
import { parsed } from './search-corpus.ts';

const COLORS = 'urn:colors';
const colors: CodeSystem = {
  resourceType: 'CodeSystem',
  url: COLORS,
  content: 'complete',
  concept: [{ code: 'red', concept: [{ code: 'crimson' }] }, { code: 'blue' }],
};
const set = (name: string, include: Inclusion[], exclude?: Inclusion[], expansion?: ValueSet['expansion']): ValueSet => ({
  resourceType: 'ValueSet',
  url: `urn:vs:${name}`,
  compose: { include, ...(exclude && { exclude }) },
  ...(expansion && { expansion }),
});
const filter = (property: string, op: string, value: string, system = COLORS): Inclusion => ({
  system,
  filter: [{ property, op, value }],
});
const of = (name: string): Inclusion => ({ valueSet: [`urn:vs:${name}`] });
const whole: Inclusion = { system: COLORS };
const elsewhere: Inclusion = { system: 'urn:elsewhere' };
const tree = filter('concept', 'is-a', 'x', 'urn:elsewhere');

const terminology = buildTerminology([
  colors,
  set('not-in', [filter('code', 'not-in', 'blue, green')]),
  set('in', [filter('code', 'in', 'blue, green')]),
  set('equal', [filter('code', '=', 'blue')]),
  set('equal-to-none', [filter('code', '=', 'green')]),
  set('but-a-known-set', [whole], [filter('concept', 'is-a', 'red')]),
  set('but-an-unknown-set', [whole], [of('nowhere')]),
  set('but-an-unknown-filter', [whole], [filter('display', 'regex', '.*')]),
  set('but-some-elsewhere', [elsewhere], [{ ...elsewhere, concept: [{ code: 'x' }] }]),
  set('but-all-elsewhere', [whole, elsewhere], [elsewhere]),
  set('elsewhere', [elsewhere]),
  set('tree', [tree]),
  set('regex', [filter('display', 'regex', '.*')]),
  set('regex-of-few', [
    { system: COLORS, filter: [...filter('display', 'regex', '.*').filter!, { property: 'code', op: 'in', value: 'red' }] },
  ]),
  set('listed-elsewhere', [tree], undefined, { contains: [{ system: 'urn:elsewhere', code: 'x1' }] }),
  set('listed-in-part', [tree], undefined, { total: 9, contains: [{ system: 'urn:elsewhere', code: 'x1' }] }),
  set('within', [{ system: COLORS, valueSet: ['urn:vs:nowhere'] }]),
  set('one-and-unknown', [{ system: COLORS, concept: [{ code: 'red' }] }, of('nowhere')]),
  set('circle', [of('circle'), of('circle')]),
  set('nothing', []),
  set('neither', [{}]),
]);

/** `all` and the codes of each system, with what is not known of it; or what is not known at all. */
const told = (name: string): unknown => {
  const expansion = expandValueSet(`urn:vs:${name}`, terminology);
  if (typeof expansion === 'string') return expansion;
  return Object.fromEntries(
    [...expansion].map(([system, { codes, unknown }]) => [
      system,
      [codes === 'all' ? codes : [...codes].join(), ...(unknown ? [unknown] : [])],
    ]),
  );
};

test.each<[string, unknown]>([
  ['not-in', { [COLORS]: ['red,crimson'] }],
  ['in', { [COLORS]: ['blue'] }],
  ['equal', { [COLORS]: ['blue'] }],
  ['equal-to-none', { [COLORS]: [''] }],
  ['but-a-known-set', { [COLORS]: ['blue'] }],
  ['but-an-unknown-set', { [COLORS]: ['red,crimson,blue', 'the value set urn:vs:nowhere is not known here'] }],
  ['but-an-unknown-filter', { [COLORS]: ['red,crimson,blue', `a filter display regex on the code system ${COLORS} is not understood`] }],
  ['but-some-elsewhere', { 'urn:elsewhere': ['all', 'the code system urn:elsewhere is not known here'] }],
  ['but-all-elsewhere', { [COLORS]: ['red,crimson,blue'] }],
  ['elsewhere', { 'urn:elsewhere': ['all'] }],
  ['tree', { 'urn:elsewhere': ['all', 'the code system urn:elsewhere is not known here'] }],
  ['regex', { [COLORS]: ['red,crimson,blue', `a filter display regex on the code system ${COLORS} is not understood`] }],
  ['regex-of-few', { [COLORS]: ['red', `a filter display regex on the code system ${COLORS} is not understood`] }],
  ['listed-elsewhere', { 'urn:elsewhere': ['x1'] }],
  ['listed-in-part', { 'urn:elsewhere': ['all', 'the code system urn:elsewhere is not known here'] }],
  ['within', { [COLORS]: ['red,crimson,blue', 'the value set urn:vs:nowhere is not known here'] }],
  ['one-and-unknown', 'the value set urn:vs:nowhere is not known here'],
  ['circle', 'the value set urn:vs:circle includes itself'],
  ['nothing', 'the value set urn:vs:nothing does not define its codes'],
  ['neither', 'the value set urn:vs:neither does not define its codes'],
])('%s', (name, expected) => expect(told(name)).toEqual(expected));

describe('what is not known', () => {
  const registry = buildRegistry([], terminology);
  const searched = (name: string) => () => parsed(`Condition?code:in=urn:vs:${name}`, registry);

  test.each(['but-an-unknown-set', 'but-an-unknown-filter', 'but-some-elsewhere', 'tree', 'regex', 'within'])(
    '%s has unknown codes: validation accepts a code, and a search is refused',
    (name) => {
      const codes = findValueSetCodes(`urn:vs:${name}`, terminology)!;
      const system = codes.mayContain(COLORS, 'red') ? COLORS : 'urn:elsewhere';
      expect([codes.isComplete, codes.mayContain(system, 'red'), codes.mayContain('urn:other', 'red')]).toEqual([false, true, false]);
      expect(searched(name)).toThrow(/is not (?:known here|understood)/);
    },
  );

  test.each(['not-in', 'in', 'equal', 'equal-to-none', 'but-a-known-set', 'listed-elsewhere'])(
    '%s is fully known: validation decides on codes, and a search is answered',
    (name) => {
      expect(findValueSetCodes(`urn:vs:${name}`, terminology)).toMatchObject({ isComplete: true });
      expect(searched(name)).not.toThrow();
    },
  );

  test.each(['one-and-unknown', 'circle', 'nothing', 'neither'])(
    '%s is not known at all: validation has no codes, and a search is refused',
    (name) => {
      expect(findValueSetCodes(`urn:vs:${name}`, terminology)).toBeUndefined();
      expect(searched(name)).toThrow('the value set');
    },
  );
});
