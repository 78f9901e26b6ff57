// The loaded value sets and code systems: the project's own, and R4's. https://hl7.org/fhir/R4/references.html#canonical
import { parseCanonical } from '../profile-claims.ts';
import { findCoreCodeSystem, findCoreValueSet } from './core-value-sets.ts';
import type { CodeSystem, ConceptMap, ValueSet } from './value-set.ts';

/** Finds definitions by canonical URL. Undefined: not loaded. */
export interface Terminology {
  findValueSet(canonical: string): ValueSet | undefined;
  findCodeSystem(canonical: string): CodeSystem | undefined;
  /** Absent: there are no concept maps. */
  findConceptMap?(canonical: string): ConceptMap | undefined;
}

/** The canonical URL of a version; without a version, of any. */
export const toCanonical = (url: string, version: string | undefined): string => (version === undefined ? url : `${url}|${version}`);

/** Finds the given definitions first, then R4's own. If the canonical has a version, a given definition must have that version. */
export function buildTerminology(own: readonly (ValueSet | CodeSystem)[]): Terminology {
  const find = <T extends ValueSet | CodeSystem>(
    isOfKind: (definition: ValueSet | CodeSystem) => definition is T,
    canonical: string,
  ): T | undefined => {
    const { url, version } = parseCanonical(canonical);
    return own.filter(isOfKind).find((definition) => definition.url === url && (version === undefined || definition.version === version));
  };
  return {
    findValueSet: (canonical) => find(isValueSet, canonical) ?? findCoreValueSet(parseCanonical(canonical).url),
    findCodeSystem: (canonical) => find(isCodeSystem, canonical) ?? findCoreCodeSystem(parseCanonical(canonical).url),
  };
}

const isValueSet = (definition: ValueSet | CodeSystem): definition is ValueSet => definition.resourceType === 'ValueSet';
const isCodeSystem = (definition: ValueSet | CodeSystem): definition is CodeSystem => definition.resourceType === 'CodeSystem';

/** R4's own value sets and code systems. */
export const R4_TERMINOLOGY: Terminology = buildTerminology([]);
