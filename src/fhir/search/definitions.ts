// The definitions of search parameters in one form: R4's own for the served types, and the project's own SearchParameter resources.
// https://hl7.org/fhir/R4/searchparameter-registry.html, https://hl7.org/fhir/R4/searchparameter.html
import { readFileSync } from 'node:fs';
import { isValueKind } from '../indexing/parameter-kinds.ts';
import { isKnown, isServed, type ServedType } from '../types.ts';

/** The elements of a SearchParameter resource that search uses. */
export interface SearchParameterResource {
  url?: string;
  code: string;
  base: string[];
  type: string;
  expression?: string;
  target?: string[];
  modifier?: string[];
  /** The components of a composite: the definition of each value, and its expression in an occurrence. */
  component?: { definition: string; expression: string }[];
}

/** The definition of a search parameter for a type. `systems`: the code systems of `code` elements, which are not in the JSON. */
export interface SearchParameterDefinition {
  code: string;
  type: string;
  expression: string;
  url?: string;
  targets?: string[];
  systems?: string[];
  infix?: boolean;
  /** `like`: the URL of the search parameter that defines the component. */
  components?: { like: string; expression: string }[];
}

const { any, ...BASE }: { any: string[]; Resource: SearchParameterDefinition[] } & Record<ServedType, SearchParameterDefinition[]> =
  JSON.parse(readFileSync(new URL('../generated/search-parameters.json', import.meta.url), 'utf8'));

/** The target types of a reference parameter whose definition names none. */
export const ANY_TARGET: readonly string[] = any;

const CODE = /^_?[A-Za-z][A-Za-z0-9_-]*$/;

/** URL of a definition → its kind and targets, for the components of composites. */
export const mapDefinitionsByUrl = (
  custom: readonly SearchParameterResource[],
): Map<string | undefined, Pick<SearchParameterDefinition, 'type' | 'targets' | 'systems'>> =>
  new Map([...Object.values(BASE).flat(), ...custom.map(toDefinition)].map((definition) => [definition.url, definition]));

/** Throws an Error that names an invalid definition and its mistake. */
export function validateDefinition({ url, code, base, type, expression }: SearchParameterResource): void {
  const problem =
    (!CODE.test(code) && 'its code may hold letters, digits, - and _ only') ||
    (!isValueKind(type) && type !== 'composite' && `parameters of type ${type} are not served`) ||
    (!expression && 'it has no expression') ||
    (!base.some(isServed) && `none of its base types is served${base.some(isKnown) ? `: add ${base.join(' or ')} to FACET_TYPES` : ''}`);
  if (problem) throw new Error(`SearchParameter ${url ?? code}: ${problem}`);
}

/** The definitions for a type: those of all types, R4's for the type, and the project's own. */
export function listDefinitions(type: ServedType, custom: readonly SearchParameterResource[]): SearchParameterDefinition[] {
  const own = custom.filter(({ base }) => base.includes(type));
  return [...BASE.Resource, ...BASE[type], ...own.map(toDefinition)];
}

const toDefinition = ({
  url,
  code,
  type,
  expression,
  target,
  modifier = [],
  component,
}: SearchParameterResource): SearchParameterDefinition => ({
  code,
  type,
  expression: expression!,
  infix: modifier.includes('contains'),
  ...(url !== undefined && { url }),
  ...(target && { targets: target }),
  ...(component && { components: component.map(({ definition, expression: path }) => ({ like: definition, expression: path })) }),
});
