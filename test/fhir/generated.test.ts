// The generated files equal the output of the generator, and contain no prose.
import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { type ElementDefinition, isPrimitive, nameOf, reachableGroups, typesOf } from '../../scripts/generate/definitions.ts';
import { invariantNames } from '../../scripts/generate/invariants.ts';
import { GENERATED } from '../../scripts/generate-definitions.ts';
import { findElement } from '../../src/fhir/elements.ts';
import { R4_SCHEMA, type Schema } from '../../src/fhir/json-schema.ts';
import { SERVED_TYPES } from '../../src/fhir/types.ts';

const committed = (name: string) => readFileSync(new URL(`../../src/fhir/generated/${name}`, import.meta.url), 'utf8');

test.each(Object.keys(GENERATED))('%s is, byte for byte, what `npm run generate` writes', (name) => {
  expect(committed(name) === GENERATED[name]!()).toBe(true);
});

test.each(Object.keys(GENERATED))('%s carries names, types and codes, but no prose', (name) => {
  const prose = new Set(['definition', 'description', 'comment', 'short', 'human', 'requirements', 'title', 'display', 'purpose', 'xpath']);
  const keys = new Set<string>();
  JSON.parse(committed(name), (key, value) => {
    if (typeof value === 'string') keys.add(key);
    return value;
  });
  expect([...keys].filter((key) => prose.has(key))).toEqual([]);
});

test('the schemas are JSON Schema', () => {
  const ajv = new Ajv();
  expect({ valid: ajv.validateSchema(R4_SCHEMA), errors: ajv.errors }).toEqual({ valid: true, errors: null });
});

test('every served type has a schema that refuses other elements', () => {
  for (const type of SERVED_TYPES)
    expect(R4_SCHEMA.$defs[type]).toMatchObject({ additionalProperties: false, properties: { resourceType: { const: type } } });
});

test('the generated files contain no additions of the definitions package to R4 4.0.1', () => {
  for (const name of ['project', 'author', 'account', 'compartment', 'deleted']) expect(property('Meta', name)).toBeUndefined();
  expect(property('Binary', 'url')).toBeUndefined();
  expect(property('HealthcareService', 'offeredIn')).toBeUndefined();
  expect(findElement('Meta', 'project')).toBeUndefined();
});

test('codes of required bindings are listed, with the codes of nested concepts', () => {
  expect(property('Patient', 'gender')).toEqual({ type: 'string', enum: ['male', 'female', 'other', 'unknown'] });
  expect(property('Condition', 'clinicalStatus')).toMatchObject({
    bound: {
      'http://terminology.hl7.org/CodeSystem/condition-clinical': ['active', 'recurrence', 'relapse', 'inactive', 'remission', 'resolved'],
    },
  });
  expect(property('Timing.repeat', 'durationUnit').enum).toEqual(['s', 'min', 'h', 'd', 'wk', 'mo', 'a']);
  expect(property('Attachment', 'contentType')).toEqual({ type: 'string', format: 'fhir-mimeType' });
});

test('the schemas have every error-level constraint on its element', () => {
  const lost: string[] = [];
  for (const group of reachableGroups().values()) {
    if (['Element', 'BackboneElement', 'Resource'].includes(group.name)) continue;
    const own = errorKeys(group.self);
    lost.push(...own.filter((key) => !keysOf(R4_SCHEMA.$defs[group.name]!).includes(key)).map((key) => `${group.name} ${key}`));
    for (const element of group.elements.filter(({ max, path }) => max !== '0' && !path.endsWith('[x]'))) {
      const type = typesOf(element)[0]!;
      const found = [
        ...keysOf(property(group.name, nameOf(element))),
        ...(isPrimitive(type) || type === 'Resource' ? ['ele-1'] : ownKeys(type)),
      ];
      lost.push(
        ...errorKeys(element)
          .filter((key) => !found.includes(key))
          .map((key) => `${element.path} ${key}`),
      );
    }
  }
  expect(lost).toEqual([]);
});

/** The schema of a property, of the items when it is a list. */
function property(type: string, name: string): Schema {
  const schema = (R4_SCHEMA.$defs[type]!.properties as Record<string, Schema>)[name];
  return (schema?.items ?? schema) as Schema;
}

const keysOf = (schema: Schema): string[] =>
  ((schema.invariants as string[] | undefined) ?? []).map((name) => name.slice(name.indexOf('.') + 1));
const ownKeys = (type: string): string[] => keysOf(R4_SCHEMA.$defs[type]!);
const errorKeys = (element: ElementDefinition): string[] =>
  invariantNames(element, element.path).map((name) => name.slice(name.indexOf('.') + 1));
