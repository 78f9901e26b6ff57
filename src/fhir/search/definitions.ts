// The definitions of search parameters: R4's own for the served types, and the project's own SearchParameter resources, brought to one form.
// https://hl7.org/fhir/R4/searchparameter-registry.html, https://hl7.org/fhir/R4/searchparameter.html
import { readFileSync } from 'node:fs';
import { isValueKind } from '../indexing/parameter-kinds.ts';
import { isServed, type ServedType } from '../types.ts';

/** The parts of a SearchParameter resource that searching needs. */
export interface SearchParameterResource {
  url?: string;
  code: string;
  base: string[];
  type: string;
  expression?: string;
  target?: string[];
  modifier?: string[];
  /** Of a composite: what each of its values is like, and where it stands in an occurrence. */
  component?: { definition: string; expression: string }[];
}

/** A search parameter as it is defined for a type. `systems`: the code systems of a `code` element, which its JSON does not name. */
export interface SearchParameterDefinition {
  code: string;
  type: string;
  expression: string;
  url?: string;
  targets?: string[];
  systems?: string[];
  infix?: boolean;
  /** `like`: the URL of the parameter that a component is like. */
  components?: { like: string; expression: string }[];
}

const { any, ...BASE }: { any: string[]; Resource: SearchParameterDefinition[] } & Record<ServedType, SearchParameterDefinition[]> =
  JSON.parse(readFileSync(new URL('../generated/search-parameters.json', import.meta.url), 'utf8'));

/** All types a reference may lead to where its definition names no targets. */
export const ANY_TARGET: readonly string[] = any;

const CODE = /^_?[A-Za-z][A-Za-z0-9_-]*$/;

/** URL of a definition → its kind: what a component is like. */
export const mapKindsByUrl = (custom: readonly SearchParameterResource[]): Map<string | undefined, string> =>
  new Map([...Object.values(BASE).flat(), ...custom].map(({ url, type }) => [url, type]));

/** Fails with a plain Error that names a definition which cannot be one. */
export function validateDefinition({ url, code, base, type, expression }: SearchParameterResource): void {
  const problem =
    (!CODE.test(code) && 'its code may hold letters, digits, - and _ only') ||
    (!isValueKind(type) && type !== 'composite' && `parameters of type ${type} are not served`) ||
    (!expression && 'it has no expression') ||
    (!base.some(isServed) && 'none of its base types is served');
  if (problem) throw new Error(`SearchParameter ${url ?? code}: ${problem}`);
}

/** The definitions in force for a type: those of all types, its own, and the project's. */
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
