// Finds loaded definitions by canonical URL: first in the same package, then the newest version, then R4's own.
// https://hl7.org/fhir/R4/references.html#canonical

import { matchesVersion, parseCanonical } from '../profile-claims.ts';
import { findCoreCodeSystem, findCoreValueSet } from '../terminology/core-value-sets.ts';
import type { Terminology } from '../terminology/terminology.ts';
import type { CodeSystem, ConceptMap, ValueSet } from '../terminology/value-set.ts';
import { findValueSetCodes, type ValueSetCodes } from './binding.ts';
import type { DefinitionSource } from './checker.ts';
import type { Definition, DefinitionKind, PackagedDefinition, StructureDefinition } from './definition.ts';

/** The definitions that checkers are compiled from. Adding definitions does not change checkers that are compiled already. */
export interface DefinitionLibrary extends DefinitionSource {
  add(definitions: readonly PackagedDefinition[]): void;
  /** The value sets and code systems of all packages, and R4's own. */
  terminology: Terminology;
}

/** Builds a library. `typeOf`: the types of profiles that are not loaded. */
export function buildDefinitionLibrary(
  definitions: readonly PackagedDefinition[],
  findOtherType: (canonical: string) => string | undefined = () => undefined,
): DefinitionLibrary {
  const byUrl = new Map<string, PackagedDefinition[]>();
  // the assertion: `kind` is the resourceType of T
  const find = <T extends Definition>(kind: DefinitionKind, canonical: string, from: string) =>
    chooseDefinition(byUrl.get(`${kind} ${parseCanonical(canonical).url}`) ?? [], canonical, from) as
      | { package: string; resource: T }
      | undefined;
  const expanded = new Map<string, ValueSetCodes | undefined>();
  const library: DefinitionLibrary = {
    add(more) {
      for (const definition of more) {
        const key = `${definition.resource.resourceType} ${definition.resource.url}`;
        byUrl.set(key, [...(byUrl.get(key) ?? []), definition]);
      }
      // cached expansions may now have more codes
      if (more.length) {
        expanded.clear();
        library.terminology = buildPackageTerminology(find, '');
      }
    },
    findProfile: (canonical, from) => find<StructureDefinition>('StructureDefinition', canonical, from),
    findType: (canonical, from) => library.findProfile(canonical, from)?.resource.type ?? findOtherType(canonical),
    findCodes(valueSet, from) {
      const key = `${from} ${valueSet}`;
      if (!expanded.has(key)) expanded.set(key, findValueSetCodes(valueSet, buildPackageTerminology(find, from)));
      return expanded.get(key);
    },
    terminology: buildPackageTerminology(find, ''),
  };
  library.add(definitions);
  return library;
}

type FindDefinition = <T extends Definition>(kind: DefinitionKind, canonical: string, from: string) => { resource: T } | undefined;

const buildPackageTerminology = (find: FindDefinition, from: string): Terminology => ({
  findValueSet: (canonical) => find<ValueSet>('ValueSet', canonical, from)?.resource ?? findCoreValueSet(parseCanonical(canonical).url),
  findCodeSystem: (canonical) =>
    find<CodeSystem>('CodeSystem', canonical, from)?.resource ?? findCoreCodeSystem(parseCanonical(canonical).url),
  findConceptMap: (canonical) => find<ConceptMap>('ConceptMap', canonical, from)?.resource,
});

/** Chooses the definition for a canonical: the requested version, then the same package, then the newest. */
export function chooseDefinition<T extends { package: string; resource: { version?: string } }>(
  all: readonly T[],
  canonical: string,
  from: string,
): T | undefined {
  const { version } = parseCanonical(canonical);
  const fitting = version === undefined ? all : all.filter(({ resource }) => matchesVersion(resource.version, version));
  if (fitting.length <= 1) return fitting[0];
  return fitting.find((definition) => definition.package === from) ?? fitting.toSorted(compareNewestFirst)[0];
}

const compareNewestFirst = (a: { resource: { version?: string } }, b: { resource: { version?: string } }): number =>
  compareVersions(b.resource.version ?? '', a.resource.version ?? '');

/** Compares versions by their numbers. A release is newer than its drafts. https://semver.org/#spec-item-11 */
function compareVersions(a: string, b: string): number {
  const [left, right] = [parseVersion(a), parseVersion(b)];
  for (let at = 0; at < Math.max(left.numbers.length, right.numbers.length); at++) {
    const difference = (left.numbers[at] ?? 0) - (right.numbers[at] ?? 0);
    if (difference !== 0) return difference;
  }
  if (left.draft === right.draft) return 0;
  if (left.draft === '' || right.draft === '') return left.draft === '' ? 1 : -1;
  return left.draft < right.draft ? -1 : 1;
}

function parseVersion(version: string): { numbers: number[]; draft: string } {
  const [release = '', ...draft] = version.split('-');
  return { numbers: release.split('.').map((part) => Number(part) || 0), draft: draft.join('-') };
}
