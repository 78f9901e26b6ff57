// Explanations of mappings: the elements of each field are those that its lens reads, and its codes are those of the file.
import { explainCodes } from '../../src/mapping/explain/codes.ts';
import { explainShape, outlineShape } from '../../src/mapping/explain/explain-shape.ts';
import type { ElementPlace } from '../../src/mapping/shape.ts';
import { casesOf } from './example-cases.ts';
import { everyShape, examplesOf, registry, shapes } from './examples.ts';

/** `Patient.telecom.value`, as explanations name elements. */
const nameOf = ({ owner, keys }: ElementPlace, resource: string): string =>
  [owner === '' ? resource : owner.split('/')[0], ...keys.filter((key) => typeof key === 'string')].join('.');
const isAtOrBelow = (element: string, other: string): boolean => element === other || element.startsWith(`${other}.`);

/** A condition inside the elements of a list decides what is shown of each, so the lineage counts it to them. */
const CONDITIONS = ['category: Condition.category.coding.system'];

test.each(everyShape)('%s: a field names the elements that it is read from', (_name, loaded) => {
  const elements = new Map(outlineShape(loaded).fields.map((field) => [field.name, field.elements]));
  const astray = examplesOf(loaded)
    .flatMap((example) => casesOf(loaded, example))
    .flatMap(({ resource, env }) =>
      loaded.lens.trace(resource, env).flatMap(({ name, elements: read }) =>
        read
          .map((place) => nameOf(place, resource.resourceType))
          .filter((element) => {
            const known = elements.get(name.replace(/\[\d+\]/g, '[]')) ?? [];
            return !known.some((one) => isAtOrBelow(element, one) || isAtOrBelow(one, element));
          })
          .map((element) => `${name}: ${element}`),
      ),
    );
  expect([...new Set(astray)].filter((one) => !CONDITIONS.includes(one))).toEqual([]);
});

test('fields are found by their element in all vendors’ shapes', () => {
  const found = shapes.flatMap((loaded) =>
    outlineShape(loaded)
      .fields.filter(({ elements }) => elements.some((element) => isAtOrBelow(element, 'Patient.telecom')))
      .map(({ name }) => `${loaded.shape.surface.name}/${loaded.shape.name} ${name}`),
  );
  expect(found).toEqual(expect.arrayContaining(['loop/patient phone', 'clinik/patient phone', 'jump/patient mobile_phone']));
});

test('a shape is explained with its endpoints, access, lines, searches and losses', () => {
  const loaded = shapes.find(({ shape }) => shape.surface.name === 'loop' && shape.name === 'patient')!;
  const explained = explainShape(loaded, registry);
  expect(explained.endpoints[0]).toEqual({ method: 'POST', path: '/v1/patients', summary: 'Create a patient' });
  const field = explained.fields.find(({ name }) => name === 'email')!;
  expect(field).toMatchObject({ access: 'read-write', format: 'email', elements: ['Patient.telecom.value'] });
  expect(field.foundBy).toContain('email');
  expect(explained.source.text.split('\n')[Number(field.mapping.split(':')[1]) - 1]).toContain('email:');
  expect(explained.filters).toEqual([{ name: 'brand_id', search: '_tag=%brand|{}' }]);
  expect(explained.losses.unshown).toContain('maritalStatus');
  expect(explained.losses.partial.map(({ element }) => element)).toContain('telecom');
  expect(explained.losses.changed.map(({ field: name }) => name)).toContain('gender');
});

test.each([
  ['codes', { codes: { yes: true } }, [{ word: 'yes', code: 'true', use: 'both' }]],
  [
    'synonyms',
    { codes: { m: 'male' }, synonyms: { man: 'male' } },
    [
      { word: 'm', code: 'male', use: 'both' },
      { word: 'man', code: 'male', use: 'synonym' },
    ],
  ],
  [
    'codes of which only the first is written',
    { reads: { a: 'one', b: 'one' } },
    [
      { word: 'one', code: 'a', use: 'both' },
      { word: 'one', code: 'b', use: 'read' },
    ],
  ],
  ['words without a code', { enum: ['x'] }, [{ word: 'x', use: 'both' }]],
  ['every other word', { otherwise: 'unknown' }, [{ code: 'unknown', use: 'other' }]],
])('words of a field: %s', (_what, spec, codes) => {
  expect(explainCodes(spec)).toEqual(codes);
});
