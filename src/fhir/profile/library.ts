// Definitions at hand, found by canonical URL: those of the asking package first, then the newest version, then R4's own.
// https://hl7.org/fhir/R4/references.html#canonical

import { canonicalOf } from '../profile-claims.ts';
import { coreCodeSystem, coreValueSet } from '../terminology/core-value-sets.ts';
import type { Terminology } from '../terminology/terminology.ts';
import type { CodeSystem, ValueSet } from '../terminology/value-set.ts';
import type { Source } from './checker.ts';
import { type Codes, codesOf } from './codes.ts';
import type { Definition, DefinitionKind, Kept, StructureDefinition } from './definition.ts';

/** What checkers are compiled from. Definitions may be added; what was compiled before then stays as it is. */
export interface Library extends Source {
  add(kept: readonly Kept[]): void;
  /** The value sets and code systems of all packages, and R4's own. */
  terminology: Terminology;
}

/** A library that holds these. `typeOf`: the types of profiles that are known by name only. */
export function libraryOf(kept: readonly Kept[], typeOf: (canonical: string) => string | undefined = () => undefined): Library {
  const byUrl = new Map<string, Kept[]>();
  const find = <T extends Definition>(kind: DefinitionKind, canonical: string, from: string) =>
    chosen(byUrl.get(`${kind} ${canonicalOf(canonical).url}`) ?? [], canonical, from) as { package: string; resource: T } | undefined;
  const expanded = new Map<string, Codes | undefined>();
  const library: Library = {
    add(more) {
      for (const one of more) {
        const key = `${one.resource.resourceType} ${one.resource.url}`;
        byUrl.set(key, [...(byUrl.get(key) ?? []), one]);
      }
      // what was expanded before may have more codes now
      if (more.length) {
        expanded.clear();
        library.terminology = terminologyOf(find, '');
      }
    },
    profile: (canonical, from) => find<StructureDefinition>('StructureDefinition', canonical, from),
    typeOf: (canonical, from) => library.profile(canonical, from)?.resource.type ?? typeOf(canonical),
    codes(valueSet, from) {
      const key = `${from} ${valueSet}`;
      if (!expanded.has(key)) expanded.set(key, codesOf(valueSet, terminologyOf(find, from)));
      return expanded.get(key);
    },
    terminology: terminologyOf(find, ''),
  };
  library.add(kept);
  return library;
}

type Find = <T extends Definition>(kind: DefinitionKind, canonical: string, from: string) => { resource: T } | undefined;

const terminologyOf = (find: Find, from: string): Terminology => ({
  valueSet: (canonical) => find<ValueSet>('ValueSet', canonical, from)?.resource ?? coreValueSet(canonicalOf(canonical).url),
  codeSystem: (canonical) => find<CodeSystem>('CodeSystem', canonical, from)?.resource ?? coreCodeSystem(canonicalOf(canonical).url),
});

/** The one meant by a canonical: of the version asked for, of the same package, or the newest. */
export function chosen<T extends { package: string; resource: { version?: string } }>(
  all: readonly T[],
  canonical: string,
  from: string,
): T | undefined {
  const { version } = canonicalOf(canonical);
  const fitting = version === undefined ? all : all.filter(({ resource }) => isVersion(resource.version, version));
  if (fitting.length <= 1) return fitting[0];
  return fitting.find((one) => one.package === from) ?? fitting.toSorted(newestFirst)[0];
}

/** `4.0` stands for all 4.0.x, as canonical references of published profiles use it. */
const isVersion = (version: string | undefined, asked: string): boolean => version === asked || (version?.startsWith(`${asked}.`) ?? false);

const newestFirst = (a: { resource: { version?: string } }, b: { resource: { version?: string } }): number =>
  compareVersions(b.resource.version ?? '', a.resource.version ?? '');

/** The order of versions by their numbers; a release after its drafts. https://semver.org/#spec-item-11 */
function compareVersions(a: string, b: string): number {
  const [left, right] = [partsOf(a), partsOf(b)];
  for (let at = 0; at < Math.max(left.numbers.length, right.numbers.length); at++) {
    const difference = (left.numbers[at] ?? 0) - (right.numbers[at] ?? 0);
    if (difference !== 0) return difference;
  }
  if (left.draft === right.draft) return 0;
  if (left.draft === '' || right.draft === '') return left.draft === '' ? 1 : -1;
  return left.draft < right.draft ? -1 : 1;
}

function partsOf(version: string): { numbers: number[]; draft: string } {
  const [release = '', ...draft] = version.split('-');
  return { numbers: release.split('.').map((part) => Number(part) || 0), draft: draft.join('-') };
}
