// The compiled search parameters: R4's own for the served types, and the project's own SearchParameter resources.
// https://hl7.org/fhir/R4/searchparameter-registry.html, https://hl7.org/fhir/R4/searchparameter.html

import { findElement } from '../elements.ts';
import { hash, hashParameterName } from '../hash.ts';
import type { CompositePart, IndexedParameter, IndexedParameters, ParameterKind } from '../indexing/indexed-parameter.ts';
import { buildTokenTraits, isValueKind, listElementTypes, type ValueKind } from '../indexing/parameter-kinds.ts';
import { readContentWords, readNarrativeWords } from '../indexing/resource-texts.ts';
import type { ParameterNumber } from '../indexing/rows.ts';
import { assignSharedTexts, type SharedTexts } from '../indexing/shared-texts.ts';
import { hashPresence } from '../indexing/token.ts';
import type { CompiledExpression } from '../indexing/typed-value.ts';
import { readErrorMessage } from '../outcome.ts';
import { R4_TERMINOLOGY, type Terminology } from '../terminology/terminology.ts';
import { SERVED_TYPES, type ServedType } from '../types.ts';
import { findBoundValueSet } from './bound-value-set.ts';
import { type ComponentDefinition, compileCompositeParts } from './composite-parts.ts';
import {
  ANY_TARGET,
  listDefinitions,
  mapDefinitionsByUrl,
  type SearchParameterDefinition,
  type SearchParameterResource,
  validateDefinition,
} from './definitions.ts';
import { compileExpression } from './expression.ts';

/** One parameter of one resource type, as indexing and querying use it. */
export interface SearchParameter extends IndexedParameter {
  /** The canonical URL of its definition. */
  url?: string;
  /** The target types of a reference, served or not. */
  targets?: string[];
  /** The value set that the elements of a token are bound to. */
  valueSet?: string;
  /** The parts of a composite parameter. */
  parts?: readonly CompositePart[];
}

export interface SearchRegistry extends IndexedParameters {
  /** The parameter of a type, if it is served. Common parameters (`_id`) belong to every type. */
  lookup(type: string, code: string): SearchParameter | undefined;
  /** All served parameters of a type, the common ones first. */
  list(type: string): readonly SearchParameter[];
  /** The kind of a parameter that FHIR defines for the type but this server does not serve (`special`). */
  findUnservedKind(type: string, code: string): string | undefined;
  /** The value sets and code systems that searches can use. */
  terminology: Terminology;
}

interface RegistryOptions {
  /** Serves `_text` and `_content`. */
  fullText?: boolean;
}

/** Compiles R4's parameters and the custom ones. Throws an Error that names a parameter that cannot be served, is defined twice, or has the number of another. */
export function buildRegistry(
  custom: readonly SearchParameterResource[],
  terminology: Terminology = R4_TERMINOLOGY,
  { fullText = false }: RegistryOptions = {},
): SearchRegistry {
  custom.forEach(validateDefinition);
  const known = mapDefinitionsByUrl(custom);
  const tables = new Map(
    SERVED_TYPES.map((type): [string, ParameterTable] => [type, buildParameterTable(type, listDefinitions(type, custom), known)]),
  );
  if (fullText)
    for (const [type, { served }] of tables) for (const parameter of buildFullTextParameters(type)) served.set(parameter.code, parameter);
  const lists = new Map([...tables].map(([type, { served }]) => [type, [...served.values()]]));
  const parts = new Map([...lists].map(([type, list]) => [type, listDistinctParts(list)]));
  rejectNumberCollisions([
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
    listIndexed: (type) => lists.get(type) ?? [],
    listParts: (type) => parts.get(type) ?? [],
    findUnservedKind: (type, code) => tables.get(type)?.unserved.get(code),
    terminology,
  };
}

const listDistinctParts = (list: readonly SearchParameter[]): CompositePart[] => [
  ...new Map(list.flatMap(({ parts = [] }) => parts.map((part): [string, CompositePart] => [part.name, part]))).values(),
];

/** `_text` for types that have a narrative, `_content` for all types. https://hl7.org/fhir/R4/search.html#text */
function buildFullTextParameters(type: string): SearchParameter[] {
  const texts = [
    ...(findElement(type, 'text')
      ? [{ code: '_text', url: 'http://hl7.org/fhir/SearchParameter/DomainResource-text', read: readNarrativeWords }]
      : []),
    { code: '_content', url: 'http://hl7.org/fhir/SearchParameter/Resource-content', read: readContentWords },
  ];
  return texts.map(({ code, url, read }) => ({
    code,
    type: 'string',
    number: hashParameterName(`${type}.${code}`),
    textNumber: hashParameterName(`${type}.${code}:text`),
    url,
    ...buildTokenTraits(['string']),
    substringIndexed: false,
    phonetic: false,
    fullText: true,
    presence: hashPresence(code),
    definition: hash(code),
    types: ['string'],
    evaluate(resource) {
      const words = read(resource);
      return words === undefined ? [] : [{ type: 'string', value: words }];
    },
  }));
}

interface ParameterTable {
  served: Map<string, SearchParameter>;
  unserved: Map<string, string>;
}

function buildParameterTable(type: ServedType, definitions: SearchParameterDefinition[], known: DefinitionsByUrl): ParameterTable {
  const served = new Map<string, SearchParameter>();
  const unserved = new Map<string, string>();
  const shared = assignSharedTexts(type, definitions.filter(isSharing));
  for (const definition of definitions) {
    const { code, type: kind, url } = definition;
    if (served.has(code) || unserved.has(code)) throw new Error(`SearchParameter ${url ?? code}: ${type} has another parameter ${code}`);
    if (kind === 'special' && !SERVED_SPECIAL_PARAMETERS.has(url)) unserved.set(code, kind);
    else
      served.set(code, buildSearchParameter(type, definition, { ...compileDefinition(type, definition, known), shared: shared.get(code) }));
  }
  return { served, unserved };
}

/** The sounds of names are no texts. */
const isSharing = ({ type, code }: SearchParameterDefinition): boolean => type === 'string' && !isPhonetic(code);
const isPhonetic = (code: string): boolean => code === 'phonetic';

/** The special parameters that are served, each by its own code (near-condition.ts). */
const SERVED_SPECIAL_PARAMETERS: ReadonlySet<string | undefined> = new Set(['http://hl7.org/fhir/SearchParameter/Location-near']);

/** A definition compiled for a type. */
type CompiledDefinition = CompiledExpression & Pick<SearchParameter, 'parts'>;
/** URL of a definition → its kind, targets and implied code systems. */
type DefinitionsByUrl = ReadonlyMap<string | undefined, Pick<SearchParameterDefinition, 'type' | 'targets' | 'systems'>>;

function buildSearchParameter(
  type: ServedType,
  definition: SearchParameterDefinition,
  { types, shared, ...found }: CompiledDefinition & { shared: SharedTexts | undefined },
): SearchParameter {
  const { code, url, targets = [...ANY_TARGET], systems, infix: substringIndexed = false } = definition;
  // the assertion: validateDefinition has checked custom definitions, and R4's are generated
  const kind = definition.type as ParameterKind;
  const valueSet = kind === 'token' ? findBoundValueSet(definition.expression) : undefined;
  return {
    code,
    type: kind,
    number: hashParameterName(`${type}.${code}`),
    textNumber: hashParameterName(`${type}.${code}:text`),
    ...(url !== undefined && { url }),
    ...(kind === 'reference' && { targets }),
    ...(valueSet !== undefined && { valueSet }),
    ...buildTokenTraits(types, systems),
    substringIndexed,
    phonetic: kind === 'string' && isPhonetic(code),
    presence: hashPresence(code),
    definition: hash(JSON.stringify([definition, targets, found.parts?.map((part) => part.number), ...(shared ? [shared] : [])])),
    ...(shared && { shared }),
    types,
    ...found,
  };
}

/** Compiles a definition. An error names the definition. */
function compileDefinition(type: string, definition: SearchParameterDefinition, known: DefinitionsByUrl): CompiledDefinition {
  try {
    const { expression, type: kind, components = [] } = definition;
    if (kind === 'composite')
      return compileCompositeDefinition(
        type,
        expression,
        components.map((component) => toComponentDefinition(component, known)),
      );
    return isValueKind(kind) ? compileSimpleDefinition(type, expression, kind) : compileExpression(expression, type);
  } catch (error) {
    throw new Error(`SearchParameter ${definition.url ?? definition.code}: ${readErrorMessage(error)}`, { cause: error });
  }
}

function compileSimpleDefinition(type: string, expression: string, kind: ValueKind): CompiledDefinition {
  const found = compileExpression(expression, type, listElementTypes(kind));
  if (found.types?.length === 0) throw new Error(`its expression finds no element of ${type} that a ${kind} parameter can index`);
  return found;
}

function compileCompositeDefinition(type: string, expression: string, components: ComponentDefinition[]): CompiledDefinition {
  const parts = compileCompositeParts(type, expression, components);
  return {
    parts,
    types: parts.flatMap(({ occurrences }) => occurrences.types ?? []),
    evaluate: (resource) => parts.flatMap(({ occurrences }) => occurrences.evaluate(resource)),
  };
}

function toComponentDefinition({ like, expression }: { like: string; expression: string }, known: DefinitionsByUrl): ComponentDefinition {
  const definition = known.get(like);
  if (!definition) throw new Error(`its component refers to an unknown search parameter ${like}`);
  const { type: kind, targets = ANY_TARGET, systems = [] } = definition;
  return { kind, targets, systems, expression };
}

/** Refuses two parameters with the same number: their index rows would match each other's searches. */
export function rejectNumberCollisions(parameters: { name: string; number: ParameterNumber }[]): void {
  const names = new Map<ParameterNumber, string>();
  for (const { name, number } of parameters) {
    if (names.has(number))
      throw new Error(`the search parameters ${names.get(number)} and ${name} have the same number: rename the project's own`);
    names.set(number, name);
  }
}
