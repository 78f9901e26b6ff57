// What is kept of a published definition: what it is checked with. Texts, mappings and pictures stay in the package they came in.

import type { CodeSystem, Concept, Contained, Inclusion, ValueSet } from '../terminology/value-set.ts';
import { isOfAll } from './constraint.ts';
import type { Constraint, Definition, ElementDefinition, StructureDefinition } from './definition.ts';
import { Unusable } from './definition.ts';

type Json = Record<string, unknown>;

/** The kept part of a resource that defines something to check with; undefined for one that does not. What is malformed is an Unusable error. */
export function stripped(resource: unknown): Definition | undefined {
  const { resourceType, url } = (resource ?? {}) as Json;
  const strip = typeof resourceType === 'string' && Object.hasOwn(STRIPS, resourceType) ? STRIPS[resourceType] : undefined;
  if (!strip) return undefined;
  if (typeof url !== 'string' || url === '') throw new Unusable(`a ${resourceType} has no url`);
  return strip(resource as never);
}

const STRIPS: Readonly<Record<string, (resource: never) => Definition>> = {
  StructureDefinition: structure,
  ValueSet: (valueSet: ValueSet) => ({
    ...only(valueSet, ['resourceType', 'url', 'version']),
    ...(valueSet.compose && { compose: { ...parts('include', valueSet.compose.include), ...parts('exclude', valueSet.compose.exclude) } }),
    ...(valueSet.expansion && { expansion: { ...only(valueSet.expansion, ['total']), contains: contained(valueSet.expansion.contains) } }),
  }),
  CodeSystem: (system: CodeSystem) => ({
    ...only(system, ['resourceType', 'url', 'version', 'content', 'caseSensitive']),
    ...(system.concept && { concept: concepts(system.concept) }),
  }),
};

function structure(profile: StructureDefinition): StructureDefinition {
  const { snapshot, differential } = profile;
  if (typeof profile.type !== 'string') throw new Unusable(`${profile.url} has no type`);
  return {
    ...only(profile, ['resourceType', 'url', 'version', 'name', 'kind', 'type', 'derivation', 'baseDefinition', 'fhirVersion', 'context']),
    ...(snapshot && { snapshot: { element: list(snapshot.element).map(element) } }),
    ...(differential && {
      differential: { element: list(differential.element).flatMap((one) => (snapshot ? ownOf(one) : [element(one)])) },
    }),
  };
}

/** Beside a snapshot, a differential tells which constraints are the profile's own. */
const ownOf = ({ path, constraint }: ElementDefinition): ElementDefinition[] =>
  constraint?.length ? [{ path, constraint: constraint.map(({ key, severity }) => ({ key, severity })) }] : [];

const VALUES = /^(?:fixed|pattern|minValue|maxValue)[A-Z]/;

function element(one: ElementDefinition): ElementDefinition {
  const values = Object.fromEntries(Object.entries(one).filter(([name]) => VALUES.test(name)));
  return {
    path: one.path,
    ...only(one, ['id', 'sliceName', 'min', 'max', 'contentReference', 'maxLength']),
    ...values,
    ...(one.type && { type: list(one.type).map((type) => only(type, ['code', 'profile', 'targetProfile', 'aggregation'])) }),
    ...(one.slicing && { slicing: only(one.slicing, ['discriminator', 'ordered', 'rules']) }),
    ...(one.binding && { binding: only(one.binding, ['strength', 'valueSet']) }),
    ...constraintsOf(one),
  };
}

function constraintsOf({ constraint }: ElementDefinition): { constraint?: Constraint[] } {
  const kept = list(constraint).filter((one) => !isOfAll(one));
  return kept.length ? { constraint: kept.map((one) => only(one, ['key', 'severity', 'human', 'expression', 'source'])) } : {};
}

const parts = (name: 'include' | 'exclude', some: Inclusion[] | undefined): { [K in typeof name]?: Inclusion[] } =>
  some ? { [name]: list(some).map(inclusion) } : {};

const inclusion = (one: Inclusion): Inclusion => ({
  ...only(one, ['system', 'version', 'filter', 'valueSet']),
  ...(one.concept && { concept: list(one.concept).map(({ code }) => ({ code })) }),
});

const contained = (some: Contained[] | undefined): Contained[] =>
  list(some).map((one) => ({ ...only(one, ['system', 'code', 'abstract']), ...(one.contains && { contains: contained(one.contains) }) }));

const concepts = (some: Concept[]): Concept[] =>
  list(some).map(({ code, concept }) => ({ code, ...(concept?.length && { concept: concepts(concept) }) }));

const list = <T>(some: T[] | undefined): T[] => (Array.isArray(some) ? some : []);

function only<T extends object, K extends keyof T>(from: T, names: K[]): Pick<T, K> {
  return Object.fromEntries(names.filter((name) => from[name] !== undefined).map((name) => [name, from[name]])) as Pick<T, K>;
}
