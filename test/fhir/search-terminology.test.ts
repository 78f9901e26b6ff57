// Search of tokens by value set and by the hierarchy of their code system. https://hl7.org/fhir/R4/search.html#subsumption

import { buildRegistry } from '../../src/fhir/search/registry.ts';
import { buildTerminology } from '../../src/fhir/terminology/terminology.ts';
import type { CodeSystem, Inclusion, ValueSet } from '../../src/fhir/terminology/value-set.ts';
import type { Resource } from '../../src/fhir/types.ts';
import { corpusOf, idsOf, parsed } from './search-corpus.ts';

const ANIMALS = 'http://example.org/CodeSystem/animals';
const OTHER = 'http://example.org/CodeSystem/other';
const system: CodeSystem = {
  resourceType: 'CodeSystem',
  url: ANIMALS,
  version: '2',
  content: 'complete',
  concept: [{ code: 'mammal', concept: [{ code: 'dog', concept: [{ code: 'poodle' }] }, { code: 'cat' }] }, { code: 'bird' }],
};
const set = (name: string, include: Inclusion[], exclude?: Inclusion[]): ValueSet => ({
  resourceType: 'ValueSet',
  url: `http://example.org/ValueSet/${name}`,
  compose: { include, ...(exclude && { exclude }) },
});
const filter = (property: string, op: string, value: string): Inclusion => ({ system: ANIMALS, filter: [{ property, op, value }] });
const registry = buildRegistry(
  [],
  buildTerminology([
    system,
    set('pets', [{ system: ANIMALS, concept: [{ code: 'dog' }, { code: 'cat' }] }]),
    set('all', [{ system: ANIMALS }]),
    set('anything', [{ system: OTHER }]),
    set('dogs', [filter('concept', 'is-a', 'dog')]),
    set('breeds', [filter('concept', 'descendent-of', 'dog')]),
    set('not-dogs', [filter('concept', 'is-not-a', 'dog')]),
    set('few', [filter('code', 'in', 'bird, poodle, cow')]),
    set('wild', [{ system: ANIMALS }], [{ valueSet: ['http://example.org/ValueSet/pets'] }]),
    set('both', [{ system: ANIMALS, valueSet: ['http://example.org/ValueSet/pets'] }]),
    set('nested', [{ valueSet: ['http://example.org/ValueSet/breeds'] }, { system: OTHER, concept: [{ code: 'x' }] }]),
    set('circle', [{ valueSet: ['http://example.org/ValueSet/circle'] }]),
    set('odd', [filter('colour', '=', 'red')]),
    set('unknown-tree', [{ system: OTHER, filter: [{ property: 'concept', op: 'is-a', value: 'x' }] }]),
    set('but-x', [{ system: OTHER }], [{ system: OTHER, concept: [{ code: 'x' }] }]),
    { resourceType: 'ValueSet', url: 'http://example.org/ValueSet/empty' },
    {
      resourceType: 'ValueSet',
      url: 'http://example.org/ValueSet/ready',
      expansion: { contains: [{ system: ANIMALS, code: 'mammal', abstract: true, contains: [{ system: ANIMALS, code: 'cat' }] }] },
    },
  ]),
);

const condition = (id: string, ...codes: string[]): Resource => ({
  resourceType: 'Condition',
  id,
  ...(codes.length && { code: { coding: codes.map((code) => ({ system: code === 'x' ? OTHER : ANIMALS, code })) } }),
});
const CORPUS = corpusOf(
  [
    condition('mammal', 'mammal'),
    condition('dog', 'dog'),
    condition('poodle', 'poodle'),
    condition('cat-and-x', 'cat', 'x'),
    condition('bird', 'bird'),
    condition('none'),
    { resourceType: 'Condition', id: 'loose', code: { coding: [{ code: 'dog' }] } },
    { resourceType: 'Patient', id: 'she', gender: 'female' },
    { resourceType: 'Patient', id: 'unsaid' },
  ],
  registry,
);

const VS = 'http://example.org/ValueSet';
test.each<[string, string[]]>([
  [`Condition?code:in=${VS}/pets`, ['dog', 'cat-and-x']],
  [`Condition?code:in=${VS}/all`, ['mammal', 'dog', 'poodle', 'cat-and-x', 'bird']],
  [`Condition?code:in=${VS}/anything`, ['cat-and-x']],
  [`Condition?code:in=${VS}/dogs`, ['dog', 'poodle']],
  [`Condition?code:in=${VS}/breeds`, ['poodle']],
  [`Condition?code:in=${VS}/not-dogs`, ['mammal', 'cat-and-x', 'bird']],
  [`Condition?code:in=${VS}/few`, ['poodle', 'bird']],
  [`Condition?code:in=${VS}/wild`, ['mammal', 'poodle', 'bird']],
  [`Condition?code:in=${VS}/both`, ['dog', 'cat-and-x']],
  [`Condition?code:in=${VS}/nested`, ['poodle', 'cat-and-x']],
  [`Condition?code:in=${VS}/ready`, ['cat-and-x']],
  [`Condition?code:in=${VS}/dogs,${VS}/ready`, ['dog', 'poodle', 'cat-and-x']],
  [`Condition?code:not-in=${VS}/all`, ['none', 'loose']],
  [`Condition?code:below=${ANIMALS}|dog`, ['dog', 'poodle']],
  [`Condition?code:below=${ANIMALS}|mammal`, ['mammal', 'dog', 'poodle', 'cat-and-x']],
  [`Condition?code:above=${ANIMALS}|poodle`, ['mammal', 'dog', 'poodle']],
  [`Condition?code:above=${ANIMALS}|cow`, []],
  // R4's own, and codes that name no system
  ['Patient?gender:in=http://hl7.org/fhir/ValueSet/administrative-gender', ['she']],
  ['Patient?gender:in=http://hl7.org/fhir/ValueSet/administrative-gender|4.0.1', ['she']],
  ['Patient?gender:not-in=http://hl7.org/fhir/ValueSet/administrative-gender', ['unsaid']],
  ['Patient?gender:below=female', ['she']],
  [`Patient?gender:in=${VS}/pets`, []],
])('%s', (search, ids) => {
  expect(idsOf(search.replaceAll('|', '%7C'), CORPUS, registry)).toEqual(ids);
});

test.each([
  [`Condition?code:in=${VS}/nowhere`, `the value set ${VS}/nowhere is not known here`],
  ['Condition?code:in=ValueSet/7', 'the value set ValueSet/7 is not known here'],
  [`Condition?code:not-in=${VS}/circle`, `the value set ${VS}/circle includes itself`],
  [`Condition?code:in=${VS}/odd`, 'a filter colour = on the code system'],
  [`Condition?code:in=${VS}/unknown-tree`, `the code system ${OTHER} is not known here`],
  [`Condition?code:in=${VS}/but-x`, `the code system ${OTHER} is not known here`],
  [`Condition?code:in=${VS}/empty`, 'does not define its codes'],
  ['Condition?code:below=http://snomed.info/sct%7C126851005', 'the code system http://snomed.info/sct is not known here'],
  ['Condition?code:below=dog', 'code:below must be system|code'],
  ['Patient?active:in=http://hl7.org/fhir/ValueSet/administrative-gender', 'active takes no modifier :in'],
  ['Patient?email:below=a', 'email takes no modifier :below'],
  ['Patient?identifier:in=a', 'identifier takes no modifier :in'],
])('%s is refused with the reason', (search, text) => {
  expect(() => parsed(search, registry)).toThrow(text);
});

test('a value set is expanded once, for any number of searches and versions', () => {
  const known = buildTerminology([]);
  let asked = 0;
  const codeSystem = (canonical: string) => {
    asked++;
    return known.findCodeSystem(canonical);
  };
  const counting = { ...registry, terminology: { ...known, findCodeSystem: codeSystem } };
  const [one, other] = ['http://hl7.org/fhir/ValueSet/administrative-gender', 'http://hl7.org/fhir/ValueSet/link-type'];
  parsed(`Patient?gender:in=${one},${one},${one}%7C4.0.1`, counting);
  parsed(`Patient?gender:not-in=${one}`, counting);
  expect(asked).toBe(1);
  parsed(`Patient?gender:in=${other}`, counting);
  expect(asked).toBe(2);
});

test('too many codes are refused before all value sets are expanded', () => {
  const asked: string[] = [];
  const many = (url: string): CodeSystem => ({
    resourceType: 'CodeSystem',
    url,
    content: 'complete',
    concept: Array.from({ length: 3000 }, (_, nth) => ({ code: `${url}${nth}` })),
  });
  const terminology = {
    findValueSet: (url: string): ValueSet => ({ resourceType: 'ValueSet', url, compose: { include: [{ system: url }] } }),
    findCodeSystem(url: string) {
      asked.push(url);
      return many(url);
    },
  };
  expect(() => parsed('Condition?code:in=urn:a,urn:b,urn:c,urn:d', { ...registry, terminology })).toThrow('selects more than 5000 codes');
  expect(asked).toEqual(['urn:a', 'urn:b']);
});
