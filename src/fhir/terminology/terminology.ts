// The value sets and code systems at hand: the project's own, and R4's. https://hl7.org/fhir/R4/references.html#canonical
import { canonicalOf } from '../profile-claims.ts';
import { coreCodeSystem, coreValueSet } from './core-value-sets.ts';
import type { CodeSystem, ValueSet } from './value-set.ts';

/** Finds definitions by canonical URL; undefined when they are not at hand. */
export interface Terminology {
  valueSet(canonical: string): ValueSet | undefined;
  codeSystem(canonical: string): CodeSystem | undefined;
}

/** Finds these definitions, then R4's own. A version that is asked for must be theirs. */
export function terminologyOf(own: readonly (ValueSet | CodeSystem)[]): Terminology {
  const find = (kind: string, canonical: string): ValueSet | CodeSystem | undefined => {
    const { url, version } = canonicalOf(canonical);
    return own.find((one) => one.resourceType === kind && one.url === url && (version === undefined || one.version === version));
  };
  return {
    valueSet: (canonical) => (find('ValueSet', canonical) as ValueSet | undefined) ?? coreValueSet(canonicalOf(canonical).url),
    codeSystem: (canonical) => (find('CodeSystem', canonical) as CodeSystem | undefined) ?? coreCodeSystem(canonicalOf(canonical).url),
  };
}

/** R4's own value sets and code systems. */
export const CORE: Terminology = terminologyOf([]);
