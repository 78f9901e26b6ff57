// The value sets and code systems at hand: the project's own, and R4's. https://hl7.org/fhir/R4/references.html#canonical
import { parseCanonical } from '../profile-claims.ts';
import { findCoreCodeSystem, findCoreValueSet } from './core-value-sets.ts';
import type { CodeSystem, ValueSet } from './value-set.ts';

/** Finds definitions by canonical URL; undefined when they are not at hand. */
export interface Terminology {
  findValueSet(canonical: string): ValueSet | undefined;
  findCodeSystem(canonical: string): CodeSystem | undefined;
}

/** Finds these definitions, then R4's own. A version that is asked for must be theirs. */
export function buildTerminology(own: readonly (ValueSet | CodeSystem)[]): Terminology {
  const find = (kind: string, canonical: string): ValueSet | CodeSystem | undefined => {
    const { url, version } = parseCanonical(canonical);
    return own.find((one) => one.resourceType === kind && one.url === url && (version === undefined || one.version === version));
  };
  return {
    findValueSet: (canonical) => (find('ValueSet', canonical) as ValueSet | undefined) ?? findCoreValueSet(parseCanonical(canonical).url),
    findCodeSystem: (canonical) =>
      (find('CodeSystem', canonical) as CodeSystem | undefined) ?? findCoreCodeSystem(parseCanonical(canonical).url),
  };
}

/** R4's own value sets and code systems. */
export const R4_TERMINOLOGY: Terminology = buildTerminology([]);
