// Strips published definitions to the elements that validation and the terminology operations use.

import { toObject } from '../json-values.ts';
import type { CodeSystem, Concept, ConceptMap, Contained, Inclusion, ValueSet } from '../terminology/value-set.ts';
import { isUniversalConstraint } from './constraint.ts';
import type { Constraint, Definition, ElementDefinition, StructureDefinition } from './definition.ts';
import { UnusableDefinitionError } from './definition.ts';

/** The stripped definition. Undefined: the resource is not a definition that validation uses. Throws UnusableDefinitionError if it is malformed. The assertion: the stripper is chosen by the resourceType. */
export function stripDefinition(resource: unknown): Definition | undefined {
  const { resourceType, url } = toObject(resource) ?? {};
  const strip = typeof resourceType === 'string' && Object.hasOwn(STRIPPERS, resourceType) ? STRIPPERS[resourceType] : undefined;
  if (!strip) return undefined;
  if (typeof url !== 'string' || url === '') throw new UnusableDefinitionError(`a ${resourceType} has no url`);
  return strip(resource as never);
}

const STRIPPERS: Readonly<Record<string, (resource: never) => Definition>> = {
  StructureDefinition: stripStructureDefinition,
  ValueSet: (valueSet: ValueSet) => ({
    ...pickProperties(valueSet, ['resourceType', 'url', 'version', 'name', 'title', 'status']),
    ...(valueSet.compose && {
      compose: { ...stripInclusions('include', valueSet.compose.include), ...stripInclusions('exclude', valueSet.compose.exclude) },
    }),
    ...(valueSet.expansion && {
      expansion: { ...pickProperties(valueSet.expansion, ['total']), contains: stripContained(valueSet.expansion.contains) },
    }),
  }),
  ConceptMap: (map: ConceptMap) => ({
    ...pickProperties(map, ['resourceType', 'url', 'version', 'name', 'title', 'status']),
    ...(map.group && {
      group: toArray(map.group).map((group) =>
        pickProperties(group, ['source', 'sourceVersion', 'target', 'targetVersion', 'element', 'unmapped']),
      ),
    }),
  }),
  CodeSystem: (system: CodeSystem) => ({
    ...pickProperties(system, ['resourceType', 'url', 'version', 'name', 'title', 'status', 'content', 'caseSensitive']),
    ...(system.property && { property: toArray(system.property).map((property) => pickProperties(property, ['code', 'uri', 'type'])) }),
    ...(system.concept && { concept: stripConcepts(system.concept) }),
  }),
};

function stripStructureDefinition(profile: StructureDefinition): StructureDefinition {
  const { snapshot, differential } = profile;
  if (typeof profile.type !== 'string') throw new UnusableDefinitionError(`${profile.url} has no type`);
  return {
    ...pickProperties(profile, [
      'resourceType',
      'url',
      'version',
      'name',
      'kind',
      'type',
      'derivation',
      'baseDefinition',
      'fhirVersion',
      'context',
    ]),
    ...(snapshot && { snapshot: { element: toArray(snapshot.element).map(stripElement) } }),
    ...(differential && {
      differential: {
        element: toArray(differential.element).flatMap((element) => (snapshot ? toOwnConstraints(element) : [stripElement(element)])),
      },
    }),
  };
}

/** If a profile has a snapshot, its differential is used only to find the profile's own constraints. */
const toOwnConstraints = ({ path, constraint }: ElementDefinition): ElementDefinition[] =>
  constraint?.length ? [{ path, constraint: constraint.map(({ key, severity }) => ({ key, severity })) }] : [];

const VALUE_ELEMENTS = /^(?:fixed|pattern|minValue|maxValue)[A-Z]/;

function stripElement(element: ElementDefinition): ElementDefinition {
  const values = Object.fromEntries(Object.entries(element).filter(([name]) => VALUE_ELEMENTS.test(name)));
  return {
    path: element.path,
    ...pickProperties(element, ['id', 'sliceName', 'min', 'max', 'contentReference', 'maxLength']),
    ...values,
    ...(element.type && {
      type: toArray(element.type).map((type) => pickProperties(type, ['code', 'profile', 'targetProfile', 'aggregation'])),
    }),
    ...(element.slicing && { slicing: pickProperties(element.slicing, ['discriminator', 'ordered', 'rules']) }),
    ...(element.binding && { binding: pickProperties(element.binding, ['strength', 'valueSet']) }),
    ...stripConstraints(element),
  };
}

function stripConstraints({ constraint }: ElementDefinition): { constraint?: Constraint[] } {
  const constraints = toArray(constraint).filter((constraint) => !isUniversalConstraint(constraint));
  return constraints.length
    ? { constraint: constraints.map((constraint) => pickProperties(constraint, ['key', 'severity', 'human', 'expression', 'source'])) }
    : {};
}

const stripInclusions = (name: 'include' | 'exclude', some: Inclusion[] | undefined): { [K in typeof name]?: Inclusion[] } =>
  some ? { [name]: toArray(some).map(stripInclusion) } : {};

const stripInclusion = (inclusion: Inclusion): Inclusion => ({
  ...pickProperties(inclusion, ['system', 'version', 'filter', 'valueSet']),
  ...(inclusion.concept && {
    concept: toArray(inclusion.concept).map((concept) => pickProperties(concept, ['code', 'display', 'designation'])),
  }),
});

const stripContained = (some: Contained[] | undefined): Contained[] =>
  toArray(some).map((contained) => ({
    ...pickProperties(contained, ['system', 'version', 'code', 'display', 'abstract', 'inactive', 'designation']),
    ...(contained.contains && { contains: stripContained(contained.contains) }),
  }));

const stripConcepts = (some: Concept[]): Concept[] =>
  toArray(some).map((concept) => ({
    ...pickProperties(concept, ['code', 'display', 'designation', 'property']),
    ...(concept.concept?.length && { concept: stripConcepts(concept.concept) }),
  }));

const toArray = <T>(some: T[] | undefined): T[] => (Array.isArray(some) ? some : []);

function pickProperties<T extends object, K extends keyof T>(from: T, names: K[]): Pick<T, K> {
  // the assertion: only the properties of `names` are copied
  return Object.fromEntries(names.filter((name) => from[name] !== undefined).map((name) => [name, from[name]])) as Pick<T, K>;
}
