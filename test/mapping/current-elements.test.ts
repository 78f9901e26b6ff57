// Elements that shapes do not show because they are no longer in use (use: old) are not found by the filters of these mappings.
import { findElement } from '../../src/fhir/elements.ts';
import type { Resource } from '../../src/fhir/types.ts';
import { listSearches } from '../../src/mapping/query/parameter-rules.ts';
import type { MappingSpec } from '../../src/mapping/spec.ts';
import { registry, shapes } from './examples.ts';

const OLD = {
  HumanName: () => [{ use: 'old', text: 'Jo Was', family: 'Was', given: ['Jo'] }],
  ContactPoint: () => ['phone', 'email'].map((system) => ({ system, use: 'old', value: 'was@example.com' })),
  Address: () => [{ use: 'old', city: 'Was', text: 'Was' }],
  Identifier: (systems: string[]) => systems.map((system) => ({ system, use: 'old', value: 'was' })),
};

/** A resource of which everything that can be old, and repeats, is. */
function retired(type: string, systems: string[]): Resource {
  const lists = ['name', 'telecom', 'address', 'identifier'].flatMap((name) => {
    const facts = findElement(type, name);
    const old = facts?.list ? OLD[facts.types[0] as keyof typeof OLD] : undefined;
    return old ? [[name, old(systems)]] : [];
  });
  return { resourceType: type, ...Object.fromEntries(lists) } as Resource;
}

const codesOf = ({ search = {} }: MappingSpec): string[] => [
  ...new Set(
    Object.values(search)
      .flatMap(listSearches)
      .flatMap((text) => text.split('&').map((part) => /^[\w-]+/.exec(part)![0])),
  ),
];

const FILTERS = shapes.flatMap(({ shape, mapping, surface }) =>
  codesOf(mapping.content).map((code) => [shape.surface.name, shape.resource, code, Object.values(surface.content.systems ?? {})] as const),
);

test.each(FILTERS)('%s does not find a %s by a former %s', (_surface, type, code, systems) => {
  const listValues = (resource: Resource) => registry.lookup(type, code)?.evaluate(resource) ?? [];
  expect(listValues(retired(type, systems))).toEqual(listValues({ resourceType: type }));
});

test('the search parameters of FHIR find former values', () => {
  expect(registry.lookup('Patient', 'phone')!.evaluate(retired('Patient', []))).toHaveLength(1);
});
