// Validates stored results against US Core's laboratory profiles, as $validate does. https://hl7.org/fhir/us/core/
import { readPackage } from '../../src/cli/fhir-package.ts';
import { toPlainJson } from '../../src/fhir/json.ts';
import type { Issue } from '../../src/fhir/outcome.ts';
import { buildProfileCheckers } from '../../src/fhir/profile/checker.ts';
import type { Definition } from '../../src/fhir/profile/definition.ts';
import { buildDefinitionLibrary } from '../../src/fhir/profile/library.ts';
import { buildProfileIssues } from '../../src/fhir/profile/profile-issues.ts';
import type { Resource, ServedType } from '../../src/fhir/types.ts';
import { createProfiles } from '../../src/interactions/profiles.ts';
import { collectIssues } from '../../src/interactions/validate.ts';
import { addPackage } from '../../src/store/definitions.ts';
import type { TestStore } from '../store/open.ts';
import type { TrackingFixture } from './tracking-fixture.ts';

export const US_CORE_FOLDER = 'test/us-core-lab';
const US_CORE = 'http://hl7.org/fhir/us/core/StructureDefinition';
/** Type → profile. */
export const LAB_PROFILES: Partial<Record<ServedType, string>> = {
  DiagnosticReport: `${US_CORE}/us-core-diagnosticreport-lab`,
  Observation: `${US_CORE}/us-core-observation-lab`,
  Specimen: `${US_CORE}/us-core-specimen`,
};

export const loadUsCore = ({ database }: TestStore) =>
  addPackage(database, readPackage(US_CORE_FOLDER).package, '2026-01-01T00:00:00.000Z');

const checkers = buildProfileCheckers(
  buildDefinitionLibrary(
    readPackage(US_CORE_FOLDER).package.definitions.map(({ body }) => ({ package: 'us-core', resource: JSON.parse(body) as Definition })),
  ),
);

/** The errors of one resource, without a store. */
export function findUsCoreErrors(resource: Resource): Issue[] {
  const checker = checkers.findChecker(LAB_PROFILES[resource.resourceType as ServedType]!)!;
  const plain = toPlainJson(resource) as Resource;
  return buildProfileIssues(checker, { root: plain, resource: plain }).filter(({ severity }) => severity === 'error');
}

/** The errors and warnings of every result of a tenant. `checked`: how many resources of each type were validated. */
export async function validateResults(fixture: TrackingFixture): Promise<{ checked: Record<string, number>; issues: string[] }> {
  const context = { ...fixture.context, profiles: createProfiles([]) };
  const [checked, issues]: [Record<string, number>, string[]] = [{}, []];
  for (const [name, profile] of Object.entries(LAB_PROFILES)) {
    const type = name as ServedType;
    const resources = await fixture.listResources(type);
    checked[type] = resources.length;
    for (const { id } of resources) {
      const found = await collectIssues(context, { type, id: id!, mode: 'profile', profile });
      issues.push(
        ...found
          .filter(({ severity }) => severity !== 'information')
          .map(({ severity, text, expression }) => `${severity} ${type}/${id} ${expression?.join()}: ${text}`),
      );
    }
  }
  return { checked, issues };
}
