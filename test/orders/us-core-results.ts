// Validates stored results against US Core's laboratory profiles, as $validate does. https://hl7.org/fhir/us/core/
import { readPackage } from '../../src/cli/fhir-package.ts';
import type { ServedType } from '../../src/fhir/types.ts';
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
