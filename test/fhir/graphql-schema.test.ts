// The GraphQL schema: whole for introspection, and with the names of a document for each request. https://hl7.org/fhir/R4/graphql.html
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type GraphQLObjectType, GraphQLSchema, validateSchema } from 'graphql';
import { findElement, isPrimitive, listElementNames, listResourceTypes } from '../../src/fhir/elements.ts';
import { parseGraphqlDocument, quoteArguments } from '../../src/fhir/graphql/document.ts';
import { buildGraphqlSchema } from '../../src/fhir/graphql/schema.ts';
import { validateDocument } from '../../src/fhir/graphql/validation-rules.ts';
import { buildRegistry } from '../../src/fhir/search/registry.ts';
import { SERVED_TYPES } from '../../src/fhir/types.ts';

const registry = buildRegistry([]);
const whole = buildGraphqlSchema({ registry, names: undefined });
const objectOf = (schema: GraphQLSchema, name: string) => schema.getType(name) as GraphQLObjectType;

test('the whole schema is valid GraphQL', () => {
  expect(validateSchema(new GraphQLSchema({ ...whole.toConfig(), assumeValid: false }))).toEqual([]);
});

test('each type of the definitions is one type with all its elements, and each served type can be read, listed and paged', () => {
  const fields = objectOf(whole, 'Query').getFields();
  expect(Object.keys(fields)).toHaveLength(SERVED_TYPES.length * 3);
  const seen = new Map<string, string>();
  const visit = (type: string): void => {
    const object = objectOf(
      whole,
      type === 'Element' ? 'ElementBase' : type.replace(/\.(.)/g, (_, letter: string) => letter.toUpperCase()),
    );
    if (seen.has(object.name)) {
      expect(seen.get(object.name)).toBe(type);
      return;
    }
    seen.set(object.name, type);
    for (const name of listElementNames(type)) {
      expect(object.getFields()[name]).toBeDefined();
      const [valueType] = findElement(type, name)!.types as [string];
      if (!isPrimitive(valueType) && valueType !== 'Resource') visit(valueType === 'SimpleQuantity' ? 'Quantity' : valueType);
    }
  };
  for (const type of listResourceTypes()) visit(type);
  expect(seen.size).toBeGreaterThan(600);
});

test('the types of the whole schema are built once, and other queries have their own', () => {
  const ofPatient = buildGraphqlSchema({ registry, names: undefined, instanceType: 'Patient' });
  expect(ofPatient.getQueryType()).toBe(objectOf(whole, 'Patient'));
  expect(ofPatient.getType('Observation')).toBe(objectOf(whole, 'Observation'));
  const small = buildGraphqlSchema({ registry, names: new Set(['Patient', 'id']) });
  expect(Object.keys(objectOf(small, 'Patient').getFields())).toEqual(['id', 'resourceType']);
});

const reverse = ['List', 'Connection'].map((form) => `Condition${form}`);
test.each([
  ['Patient', reverse],
  ['Encounter', reverse],
  ['Medication', []],
])('the reverse references to %s', (type, expected) => {
  const names = Object.keys(objectOf(whole, type).getFields()).filter((name) => name.startsWith('Condition'));
  expect(names).toEqual(expected);
});

test.each<[string, number]>([
  ['{ PatientList(name: "x", _sort: "name") { id name(use: official) { family given } ObservationList(_reference: subject) { id } } }', 0],
  ['{ Observation(id: 1) { valueQuantity { value } subject { resource(type: Patient) { birthDate } } } }', 0],
  ['{ BundleList { entry { resource { id ... on Patient { active } } } } }', 0],
  ['{ PatientConnection(_count: 2) { count edges { resource { contact { name { family } } } } next } }', 0],
  ['{ PatientList { nothing } }', 1],
  ['{ PatientList(nothing: 1) { id } }', 1],
  ['{ PatientList { name } }', 1],
  ['{ PatientList { id { x } } }', 1],
  ['{ PatientList { name(family: true, active: true) { family } } }', 1],
  ['{ Observation(id: 1) { ... on Patient { id } } }', 1],
])('the schema of a document accepts and refuses what the whole one does: %s', (query, count) => {
  const { document, names } = parseGraphqlDocument(query);
  const [own, full] = [buildGraphqlSchema({ registry, names }), whole].map((schema) =>
    validateDocument(schema, quoteArguments(document, schema)),
  );
  expect(full!.map(({ message }) => message)).toHaveLength(count);
  expect(own!.map(({ message }) => message)).toEqual(full!.map(({ message }) => message));
});

const FOLDERS = ['src/fhir/graphql', 'src/interactions/graphql'];
const files = (dir: string): string[] =>
  readdirSync(dir, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? files(join(dir, entry.name)) : join(dir, entry.name),
  );

test('the library and the code that uses it are loaded by the first query only: no other file imports them', () => {
  const others = files('src').filter((file) => file.endsWith('.ts') && !FOLDERS.some((folder) => file.startsWith(folder)));
  const imports = /^import (?!type\b)[^;]*from '(?:graphql|[^']*\/graphql\/[^']*)'/m;
  expect(others.filter((file) => imports.test(readFileSync(file, 'utf8')))).toEqual([]);
});
