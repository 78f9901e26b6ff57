// A search as a filter over resources, from the text of its parameters and the resources alone. https://hl7.org/fhir/R4/search.html
// What R4 leaves open is read as docs/decisions/0006-search-semantics.md says.
import { isSearched, KINDS, localTarget, ownTarget } from './brute-kinds.ts';
import { type SpecParameter, type SpecValue, specParameters, specValues, typedResource } from './spec-values.ts';

export interface Held {
  resourceType: string;
  id: string;
  [element: string]: unknown;
}

const parameters = new Map<string, Map<string, SpecParameter>>();
export const parametersOf = (type: string): Map<string, SpecParameter> => {
  const known = parameters.get(type) ?? new Map(specParameters(type).map((one) => [one.code, one]));
  parameters.set(type, known);
  return known;
};

const remembered = new WeakMap<object, Map<string, SpecValue[]>>();
/** The values of a parameter in a resource. */
export function valuesOf(resource: Held, code: string): SpecValue[] {
  const known = remembered.get(resource) ?? new Map<string, SpecValue[]>();
  remembered.set(resource, known);
  const values = known.get(code) ?? specValues(parametersOf(resource.resourceType).get(code)!.expression, typedResource(resource));
  known.set(code, values);
  return values;
}

/** Whether a resource meets `name=value`. */
export function meets(resource: Held, name: string, value: string, all: readonly Held[]): boolean {
  if (name.startsWith('_has:')) {
    const [, type, code, ...rest] = name.split(':');
    return all.some(
      (other) =>
        other.resourceType === type &&
        targets(other, code!).includes(`${resource.resourceType}/${resource.id}`) &&
        meets(other, rest.join(':'), value, all),
    );
  }
  if (name.includes('.')) {
    const [link, ...rest] = name.split('.');
    const [code, type] = link!.split(':');
    return targets(resource, code!).some((target) =>
      all.some(
        (other) =>
          `${other.resourceType}/${other.id}` === target &&
          (type === undefined || other.resourceType === type) &&
          (rest[0]!.startsWith('_has:') || parametersOf(other.resourceType).has(rest[0]!.split(':')[0]!)) &&
          meets(other, rest.join('.'), value, all),
      ),
    );
  }
  const [code, modifier = ''] = name.split(':') as [string, string?];
  const parameter = parametersOf(resource.resourceType).get(code)!;
  const values = valuesOf(resource, code);
  if (modifier === 'missing') return !values.some((one) => isSearched(parameter.kind, one)) === (value === 'true');
  if (parameter.kind === 'reference' && (modifier === 'above' || modifier === 'below')) {
    const reached = climb(value, modifier, all);
    return targets(resource, code).some((target) => reached.has(target));
  }
  const any = value.split(',').some((piece) => values.some((one) => matches(parameter, modifier, one, piece, resource)));
  return modifier === 'not' ? !any : any;
}

/** Type → the parameter for the resource that it is part of. */
export const PART_OF: Record<string, string> = { Encounter: 'part-of', Location: 'partof', Organization: 'partof', Task: 'part-of' };

/** The resource, and all that it is part of (`above`) or that are part of it (`below`). https://hl7.org/fhir/R4/search.html#recursive */
function climb(start: string, direction: 'above' | 'below', all: readonly Held[]): Set<string> {
  const link = PART_OF[start.split('/')[0]!]!;
  const edges = all
    .filter(({ resourceType }) => start.startsWith(`${resourceType}/`))
    .flatMap((one) => targets(one, link).map((whole) => [`${one.resourceType}/${one.id}`, whole] as const));
  const reached = new Set([start]);
  // a Set that grows is walked to its end
  for (const one of reached)
    for (const [part, whole] of edges) {
      if (direction === 'above' && part === one) reached.add(whole);
      if (direction === 'below' && whole === one) reached.add(part);
    }
  return reached;
}

/**
 * What a resource refers to by a parameter, as `Type/id`: resources of the types that the parameter names (https://hl7.org/fhir/R4/searchparameter-definitions.html#SearchParameter.target). A resource in the place of a reference is its own target. https://hl7.org/fhir/R4/bundle.html#search */
export function targets(resource: Held, code: string): string[] {
  const { targets: types } = parametersOf(resource.resourceType).get(code)!;
  return valuesOf(resource, code)
    .flatMap(({ type, value }) =>
      type === 'Reference' ? (localTarget((value as { reference?: string }).reference) ?? []) : (ownTarget(value) ?? []),
    )
    .filter((target) => !types.length || types.includes(target.split('/')[0]!));
}

function matches(parameter: SpecParameter, modifier: string, { type, value }: SpecValue, asked: string, resource: Held): boolean {
  if (parameter.kind === 'composite') return together(parameter, { type, value }, asked.split('$'), resource);
  return KINDS[parameter.kind]!({ type, value }, asked, modifier, parameter);
}

function together({ components }: SpecParameter, occurrence: SpecValue, asked: string[], resource: Held): boolean {
  return components.every(({ kind, expression }, at) =>
    specValues(expression, occurrence, typedResource(resource)).some((one) => KINDS[kind]!(one, asked[at]!, '', { kind } as SpecParameter)),
  );
}
