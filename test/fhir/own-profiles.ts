// Test profiles as differentials on R4's types, and the issues of resources against them.

import { buildProfileCheckers, type ProfileCheckers } from '../../src/fhir/profile/checker.ts';
import type { Definition, ElementDefinition, StructureDefinition } from '../../src/fhir/profile/definition.ts';
import { buildDefinitionLibrary } from '../../src/fhir/profile/library.ts';
import { toIssues } from '../../src/fhir/validation/issues.ts';
import type { Json } from './valid-resources.ts';

export const URL = 'https://example.org/StructureDefinition';
export const profile = (
  name: string,
  type: string,
  element: ElementDefinition[],
  more: Partial<StructureDefinition> = {},
): StructureDefinition => ({
  resourceType: 'StructureDefinition',
  url: `${URL}/${name}`,
  kind: 'resource',
  type,
  derivation: 'constraint',
  baseDefinition: `http://hl7.org/fhir/StructureDefinition/${type}`,
  differential: { element: [{ path: type }, ...element] },
  ...more,
});
export const library = (...definitions: Definition[]): ProfileCheckers =>
  buildProfileCheckers(buildDefinitionLibrary(definitions.map((resource) => ({ package: 'own', resource }))));

/** The issues of a resource as `code expression`, after the severity if it is not an error. */
export function listIssues(checkers: ProfileCheckers, name: string, resource: Json): string[] {
  const checker = checkers.findChecker(`${URL}/${name}`)!;
  const issues = toIssues(checker.findFaults(resource), resource, resource.resourceType as string, 100);
  expect(checker.isConformant(resource)).toBe(!issues.some(({ severity }) => severity === 'error'));
  return issues.map(({ severity, code, expression }) => `${severity === 'error' ? '' : `${severity} `}${code} ${expression!.join()}`);
}

export const practitioner = (elements: Json = {}): Json => ({ resourceType: 'Practitioner', ...elements });
export const observation = (elements: Json = {}): Json => ({
  resourceType: 'Observation',
  status: 'final',
  code: { text: 'x' },
  ...elements,
});
export const NPI = 'http://hl7.org/fhir/sid/us-npi';
