// The elements of StructureDefinitions that validation uses. https://hl7.org/fhir/R4/structuredefinition.html

import type {
  ElementDefinitionBinding,
  ElementDefinitionConstraint,
  ElementDefinitionSlicing,
  ElementDefinitionType,
  StructureDefinitionContext,
} from '@medplum/fhirtypes';
import { parseCanonical } from '../profile-claims.ts';
import { type CodeSystem, type ConceptMap, type Inclusion, listOtherMaps, type ValueSet } from '../terminology/value-set.ts';

/** https://hl7.org/fhir/R4/elementdefinition.html. `fixed[x]`, `pattern[x]`, `minValue[x]` and `maxValue[x]` have their JSON names. */
export interface ElementDefinition {
  id?: string;
  path: string;
  sliceName?: string;
  min?: number;
  max?: string;
  type?: ElementType[];
  contentReference?: string;
  slicing?: Slicing;
  binding?: Pick<ElementDefinitionBinding, 'strength' | 'valueSet'>;
  constraint?: Constraint[];
  maxLength?: number;
  [name: string]: unknown;
}

export type ElementType = Pick<ElementDefinitionType, 'code' | 'profile' | 'targetProfile' | 'aggregation'>;
/** The type of a discriminator may be one that R4 does not define. */
export type Slicing = Pick<ElementDefinitionSlicing, 'ordered' | 'rules'> & { discriminator?: { type: string; path: string }[] };
/** `human` is absent in stripped constraints. */
export type Constraint = Pick<ElementDefinitionConstraint, 'key' | 'severity' | 'expression' | 'source'> & { human?: string };

export interface StructureDefinition {
  resourceType: 'StructureDefinition';
  url: string;
  version?: string;
  name?: string;
  kind: string;
  type: string;
  derivation?: string;
  baseDefinition?: string;
  fhirVersion?: string;
  /** For an extension: the elements that may have it. */
  context?: Pick<StructureDefinitionContext, 'type' | 'expression'>[];
  snapshot?: { element: ElementDefinition[] };
  differential?: { element: ElementDefinition[] };
}

export type Definition = StructureDefinition | ValueSet | CodeSystem | ConceptMap;
export type DefinitionKind = Definition['resourceType'];

/** A definition and its package (`name#version`; `facet` for the project's own). */
export interface PackagedDefinition {
  package: string;
  resource: Definition;
}

/** A definition cannot be used for validation. The message gives the reason. */
export class UnusableDefinitionError extends Error {}

/** Called for each rule of a profile that cannot be checked, with its kind and name. */
export type ReportUnchecked = (kind: 'profiles' | 'required value sets' | 'constraints' | 'slices', what: string) => void;

/** The URLs without versions, each once. Profiles of reference targets are left out, because only their type is checked. The assertion: the reader is chosen by the resourceType. */
export function listDependencies(definition: Definition): string[] {
  const canonicals = DEPENDENCY_READERS[definition.resourceType](definition as never);
  return [...new Set(canonicals.map((canonical) => parseCanonical(canonical).url))];
}

const DEPENDENCY_READERS: { [K in Definition['resourceType']]: (definition: Extract<Definition, { resourceType: K }>) => string[] } = {
  StructureDefinition: listProfileDependencies,
  ValueSet: listValueSetDependencies,
  CodeSystem: () => [],
  ConceptMap: listOtherMaps,
};

function listProfileDependencies({ snapshot, differential, baseDefinition }: StructureDefinition): string[] {
  const elements = (snapshot ?? differential)?.element ?? [];
  const inElements = elements.flatMap(({ type = [], binding, constraint = [] }) => [
    ...type.flatMap(({ profile = [] }) => profile),
    ...(binding?.valueSet !== undefined && CHECKED.has(binding.strength) ? [binding.valueSet] : []),
    ...constraint.flatMap(({ expression = '' }) => [...expression.matchAll(MEMBER_OF)].map(([, url]) => url!)),
  ]);
  return snapshot || baseDefinition === undefined ? inElements : [baseDefinition, ...inElements];
}

const CHECKED = new Set(['required', 'extensible']);
const MEMBER_OF = /memberOf\(\s*'([^']+)'/g;

function listValueSetDependencies({ compose }: ValueSet): string[] {
  const parts: Inclusion[] = [...(compose?.include ?? []), ...(compose?.exclude ?? [])];
  return parts.flatMap(({ system, concept, valueSet = [] }) => [...valueSet, ...(system !== undefined && !concept ? [system] : [])]);
}
