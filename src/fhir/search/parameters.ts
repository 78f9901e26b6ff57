// The search parameters in force: R4's own for the served types, and the project's own SearchParameter resources, compiled.
// https://hl7.org/fhir/R4/searchparameter-registry.html, https://hl7.org/fhir/R4/searchparameter.html

import { hash, parameterNumber } from '../hash.ts';
import type { Part } from '../indexing/composite.ts';
import { isValueKind, tokenTraits, typesOfKind, type ValueKind } from '../indexing/kinds.ts';
import type { IndexedParameter, IndexedParameters, ParameterKind } from '../indexing/parameter.ts';
import type { ParameterNumber } from '../indexing/rows.ts';
import { presenceHash } from '../indexing/token.ts';
import type { Expression } from '../indexing/typed-value.ts';
import { CORE, type Terminology } from '../terminology/terminology.ts';
import { SERVED_TYPES, type ServedType } from '../types.ts';
import { type ComponentDefinition, partsOf } from './composite-parts.ts';
import { ANY_TARGET, checkDefinition, type Definition, definitionsOf, kindsByUrl, type SearchParameterResource } from './definitions.ts';
import { compileExpression } from './expression.ts';

/** One parameter of one resource type, as indexing and querying use it. */
export interface SearchParameter extends IndexedParameter {
  /** The canonical URL of its definition. */
  url?: string;
  /** The resource types a reference may lead to, served or not. */
  targets?: string[];
  /** Composite parameters: what they look at. */
  parts?: readonly Part[];
}

export interface Registry extends IndexedParameters {
  /** The parameter of a type, if it is served; the common ones (`_id`) are parameters of every type. */
  lookup(type: string, code: string): SearchParameter | undefined;
  list(type: string): readonly SearchParameter[];
  /** The kind of a parameter that FHIR defines for the type and this server does not serve (`special`). */
  unserved(type: string, code: string): string | undefined;
  /** The value sets and code systems that searches may name. */
  terminology: Terminology;
}

/** R4's parameters and these. Fails with a plain Error that names the parameter which cannot be served, stands twice, or shares another's number. */
export function buildRegistry(custom: readonly SearchParameterResource[], terminology: Terminology = CORE): Registry {
  custom.forEach(checkDefinition);
  const kinds = kindsByUrl(custom);
  const tables = new Map(SERVED_TYPES.map((type) => [type as string, tableOf(type, definitionsOf(type, custom), kinds)]));
  const lists = new Map([...tables].map(([type, { served }]) => [type, [...served.values()]]));
  const parts = new Map([...lists].map(([type, list]) => [type, distinctParts(list)]));
  refuseCollisions([
    ...[...lists].flatMap(([type, list]) =>
      list.flatMap(({ code, number, textNumber }) => [
        { name: `${type}.${code}`, number },
        { name: `${type}.${code}:text`, number: textNumber },
      ]),
    ),
    ...[...parts.values()].flat(),
  ]);
  return {
    lookup: (type, code) => tables.get(type)?.served.get(code),
    list: (type) => lists.get(type) ?? [],
    parts: (type) => parts.get(type) ?? [],
    unserved: (type, code) => tables.get(type)?.unserved.get(code),
    terminology,
  };
}

const distinctParts = (list: readonly SearchParameter[]): Part[] => [
  ...new Map(list.flatMap(({ parts = [] }) => parts.map((part): [string, Part] => [part.name, part]))).values(),
];

interface Table {
  served: Map<string, SearchParameter>;
  unserved: Map<string, string>;
}

function tableOf(type: ServedType, definitions: Definition[], kinds: Kinds): Table {
  const served = new Map<string, SearchParameter>();
  const unserved = new Map<string, string>();
  for (const definition of definitions) {
    const { code, type: kind, url } = definition;
    if (served.has(code) || unserved.has(code)) throw new Error(`SearchParameter ${url ?? code}: ${type} has another parameter ${code}`);
    if (kind === 'special' && !SPECIAL.has(url)) unserved.set(code, kind);
    else served.set(code, parameterOf(type, definition, compiled(type, definition, kinds)));
  }
  return { served, unserved };
}

/** Special parameters that are served: each has rules of its own (near.ts). */
const SPECIAL: ReadonlySet<string | undefined> = new Set(['http://hl7.org/fhir/SearchParameter/Location-near']);

/** What a definition means for a type. */
type Compiled = Expression & Pick<SearchParameter, 'parts'>;
/** URL of a definition → its kind. */
type Kinds = ReadonlyMap<string | undefined, string>;

function parameterOf(type: ServedType, definition: Definition, { types, ...found }: Compiled): SearchParameter {
  const { code, url, targets = [...ANY_TARGET], systems, infix = false } = definition;
  const kind = definition.type as ParameterKind;
  return {
    code,
    type: kind,
    number: parameterNumber(`${type}.${code}`),
    textNumber: parameterNumber(`${type}.${code}:text`),
    ...(url !== undefined && { url }),
    ...(kind === 'reference' && { targets }),
    ...tokenTraits(types, systems),
    infix,
    phonetic: kind === 'string' && code === 'phonetic',
    presence: presenceHash(code),
    definition: hash(JSON.stringify([definition, targets, found.parts?.map((part) => part.number)])),
    types,
    ...found,
  };
}

/** A mistake in a definition is said with its name. */
function compiled(type: string, definition: Definition, kinds: Kinds): Compiled {
  try {
    const { expression, type: kind, components = [] } = definition;
    if (kind === 'composite')
      return composite(
        type,
        expression,
        components.map((component) => componentOf(component, kinds)),
      );
    return isValueKind(kind) ? plain(type, expression, kind) : compileExpression(expression, type);
  } catch (error) {
    throw new Error(`SearchParameter ${definition.url ?? definition.code}: ${(error as Error).message}`, { cause: error });
  }
}

function plain(type: string, expression: string, kind: ValueKind): Compiled {
  const found = compileExpression(expression, type, typesOfKind(kind));
  if (found.types?.length === 0) throw new Error(`its expression finds nothing in ${type} that a ${kind} parameter can be made of`);
  return found;
}

function composite(type: string, expression: string, components: ComponentDefinition[]): Compiled {
  const parts = partsOf(type, expression, components);
  return {
    parts,
    types: parts.flatMap(({ occurrences }) => occurrences.types ?? []),
    values: (resource) => parts.flatMap(({ occurrences }) => occurrences.values(resource)),
  };
}

function componentOf({ like, expression }: { like: string; expression: string }, kinds: Kinds): ComponentDefinition {
  const kind = kinds.get(like);
  if (kind === undefined) throw new Error(`the parameter ${like} that a component is like is not known`);
  return { kind, expression };
}

/** Two parameters of one number would answer each other's searches. */
export function refuseCollisions(parameters: { name: string; number: ParameterNumber }[]): void {
  const names = new Map<ParameterNumber, string>();
  for (const { name, number } of parameters) {
    if (names.has(number))
      throw new Error(`the search parameters ${names.get(number)} and ${name} have the same number: rename the project's own`);
    names.set(number, name);
  }
}
