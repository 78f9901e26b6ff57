// Lists the definitions that a definition depends on: its base, the profiles of its types, and the value sets of its bindings with their own dependencies.
import { parseCanonical } from '../profile-claims.ts';
import type { Inclusion, ValueSet } from '../terminology/value-set.ts';
import type { Definition, StructureDefinition } from './definition.ts';

/** The URLs without versions, each once. Profiles of reference targets are left out, because only their type is checked. The assertion: the reader is chosen by the resourceType. */
export function listDependencies(definition: Definition): string[] {
  const canonicals = DEPENDENCY_READERS[definition.resourceType](definition as never);
  return [...new Set(canonicals.map((canonical) => parseCanonical(canonical).url))];
}

const DEPENDENCY_READERS: { [K in Definition['resourceType']]: (definition: Extract<Definition, { resourceType: K }>) => string[] } = {
  StructureDefinition: listProfileDependencies,
  ValueSet: listValueSetDependencies,
  CodeSystem: () => [],
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
