// Hostile bodies: each is validated within a short time, without an exception.

import { listElementNames } from '../../src/fhir/elements.ts';
import type { ServedType } from '../../src/fhir/types.ts';
import { validateResource } from '../../src/fhir/validation/validate.ts';
import fc from '../fast-check.ts';
import { processorTime } from '../processor-time.ts';
import type { Json } from './valid-resources.ts';

describe('hostile bodies are answered soon', () => {
  const soon = (resource: Json, type: ServedType = 'Patient') => {
    let issues: ReturnType<typeof validateResource> = [];
    const took = processorTime(() => {
      issues = validateResource(resource, type);
    });
    expect(took).toBeLessThan(2_000);
    return issues;
  };
  const nested = (depth: number, wrap: (inner: Json) => Json, last: Json) => Array.from({ length: depth }).reduce<Json>(wrap, last);

  test('of very many wrong values, the first is reported', () => {
    expect(soon({ resourceType: 'Patient', name: Array.from({ length: 1_000_000 }, () => 1) })).toMatchObject([
      { code: 'structure', expression: ['Patient.name[0]'] },
    ]);
  });

  test.each([5_000, 100_000])('extensions in extensions, %d deep', (depth) => {
    const extension = nested(depth, (inner) => ({ url: 'a', extension: [inner] }), { url: 'a' });
    expect(soon({ resourceType: 'Patient', extension: [extension] })).toMatchObject([
      { code: 'structure', text: 'the resource is nested too deeply' },
    ]);
  });

  test('extensions in the values of extensions', () => {
    const extension = nested(2_000, (inner) => ({ url: 'a', valuePeriod: { extension: [inner] } }), { url: 'a' });
    expect(soon({ resourceType: 'Patient', extension: [extension] })).toMatchObject([{ code: 'structure' }]);
  });

  test('very many references to very many contained resources', () => {
    const names = Array.from({ length: 100_000 }, (_one, nth) => `c${nth}`);
    const contained = names.map((id) => ({ resourceType: 'Organization', id, name: id }));
    const generalPractitioner = names.map((id) => ({ reference: `#${id}` }));
    expect(soon({ resourceType: 'Patient', contained, generalPractitioner })).toEqual([]);
    expect(
      soon({ resourceType: 'Patient', contained, generalPractitioner: [...generalPractitioner, { reference: '#none' }] }),
    ).toHaveLength(1);
  });

  test('very many components of an Observation with very many codes', () => {
    const concept = (letter: string) => ({
      coding: Array.from({ length: 6_000 }, (_one, nth) => ({ system: 'urn:s', code: `${letter}${nth}` })),
    });
    const component = concept('b').coding.map((coding) => ({ code: { coding: [coding] } }));
    const observation = { resourceType: 'Observation', status: 'final', code: concept('a'), valueString: 'x', component };
    expect(soon(observation, 'Observation')).toEqual([]);
    expect(
      soon({ ...observation, code: { coding: [...concept('a').coding, { system: 'urn:s', code: 'b7' }] } }, 'Observation'),
    ).toHaveLength(1);
  });

  test('very many elements of a StructureDefinition, and very many contained ones', () => {
    const definition = (elements: number) => ({
      resourceType: 'StructureDefinition',
      url: 'https://example.org/a',
      name: 'A',
      status: 'draft',
      kind: 'resource',
      abstract: false,
      type: 'Patient',
      baseDefinition: 'http://hl7.org/fhir/StructureDefinition/Patient',
      derivation: 'constraint',
      differential: {
        element: Array.from({ length: elements }, (_one, nth) => ({ id: `e${nth}`, path: nth ? `Patient.e${nth}` : 'Patient' })),
      },
    });
    expect(soon(definition(10_000), 'StructureDefinition')).toEqual([]);
    const contained = Array.from({ length: 3_000 }, (_one, nth) => ({ ...definition(1), id: `c${nth}` }));
    const extension = contained.map(({ id }) => ({ url: 'urn:x', valueReference: { reference: `#${id}` } }));
    expect(soon({ resourceType: 'Basic', code: { text: 'a' }, contained, extension }, 'Basic')).toEqual([]);
  });

  test('resources in resources', () => {
    const contained = nested(3_000, (inner) => ({ resourceType: 'Patient', id: 'a', contained: [inner] }), {
      resourceType: 'Patient',
      id: 'a',
    });
    expect(soon(contained).length).toBeGreaterThan(0);
  });
});

test('any JSON in any element gets an answer, never an exception', () => {
  const element = fc.constantFrom(
    ...listElementNames('Patient'),
    ...listElementNames('Patient').map((name) => `_${name}`),
    'contained',
    'resourceType',
    '__proto__',
  );
  const inside = fc.constantFrom(
    'extension',
    'url',
    'valueString',
    'valuePeriod',
    'reference',
    'coding',
    'system',
    'start',
    'div',
    'resourceType',
    'toString',
    'id',
  );
  const value = fc.letrec((tie) => ({
    any: fc.oneof({ maxDepth: 5 }, fc.jsonValue({ maxDepth: 1 }), tie('object'), fc.array(tie('any'), { maxLength: 3 })),
    object: fc.dictionary(inside, tie('any'), { maxKeys: 4 }),
  })).any;
  fc.assert(
    fc.property(fc.dictionary(element, value, { maxKeys: 6 }), (elements) => {
      for (const { severity, text, expression } of validateResource(
        JSON.parse(JSON.stringify({ ...elements, resourceType: 'Patient' })),
        'Patient',
      )) {
        expect({ severity, text: text.length > 0, expression }).toEqual({
          severity: 'error',
          text: true,
          expression: [expect.stringMatching(/^Patient/)],
        });
      }
    }),
    { numRuns: 500 },
  );
});
