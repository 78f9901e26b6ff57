// Which results of GraphQL introspection are kept, and for how many queries. docs/decisions/0040-graphql.md
import { parse } from 'graphql';
import { buildRegistry } from '../../src/fhir/search/registry.ts';
import { findSchemaResult, keepSchemaResult, toSchemaKey } from '../../src/interactions/graphql/schema-results.ts';

const keyOf = (text: string, parts: Parameters<typeof toSchemaKey>[1] = {}) => toSchemaKey(parse(text), parts);

test.each([
  ['{ __schema { types { name } } }', true],
  ['{ __typename other: __type(name: "Period") { name } }', true],
  ['{ __typename Patient(id: "1") { id } }', false],
  ['{ ...A } fragment A on Query { Patient(id: "1") { id } }', false],
])('the result of %s is kept: %s', (text, isKept) => {
  expect(keyOf(text) !== undefined).toBe(isKept);
});

test('white space and comments make no difference; the operation, the variables and the path do', () => {
  const text = 'query A { __typename } query B { __typename }';
  expect(keyOf(`# again\n${text.replaceAll(' ', '  ')}`)).toBe(keyOf(text));
  const keys = [{}, { operationName: 'A' }, { operationName: 'B' }, { variables: { a: 1 } }].map((parts) => keyOf(text, parts));
  expect(new Set(keys).size).toBe(4);
  expect(keyOf(text, { instance: { type: 'Patient', id: '1' } })).toBeUndefined();
});

test('the oldest results are given up, by number and by size, and each schema has its own', () => {
  const [registry, other] = [buildRegistry([]), buildRegistry([])];
  for (let n = 0; n < 17; n++) keepSchemaResult(registry, `key ${n}`, `result ${n}`);
  expect([findSchemaResult(registry, 'key 0'), findSchemaResult(registry, 'key 1')]).toEqual([undefined, 'result 1']);
  expect(findSchemaResult(other, 'key 1')).toBeUndefined();
  keepSchemaResult(registry, 'large', 'x'.repeat(47_999_995));
  expect([findSchemaResult(registry, 'key 16'), findSchemaResult(registry, 'large')?.length]).toEqual([undefined, 47_999_995]);
});
