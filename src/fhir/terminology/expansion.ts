// Expands value sets from their definitions and the loaded code systems. An expansion also states what is not known: validation then accepts any code that may
// be in the value set, and a search is refused. https://hl7.org/fhir/R4/valueset.html#compositions, docs/decisions/0008-profiles-and-value-sets.md

import { tooCostly } from '../outcome.ts';
import { findConcepts } from './concepts.ts';
import { applyFilter } from './filters.ts';
import { type Terminology, toCanonical } from './terminology.ts';
import type { Contained, Inclusion, ValueSet } from './value-set.ts';

/** The codes of a code system that a value set contains. */
export interface SystemCodes {
  /** `all`: every code of a system that is not loaded. */
  codes: ReadonlySet<string> | 'all';
  /** A text about what is not known: the value set may contain these codes, and contains no others. Absent: it contains all of them. */
  unknown?: string;
  /** The versions of the code system that the codes are taken from. Undefined: the version that applies without one. */
  versions: ReadonlySet<string | undefined>;
}

/** Code system → its codes. Or a text about what is not known: the value set may contain any code. */
export type Expansion = ReadonlyMap<string, SystemCodes> | string;

/** The most codes that the parts of one expansion may have together. An included value set counts as one more. With more, the expansion is too costly. */
const MAX_CODES = 200_000;

/** The most characters of a URL in an error text. */
const SHOWN = 200;
/** The text about a value set or a code system that is not loaded. */
export const formatNotKnown = (what: string, url: string): string => `the ${what} ${shorten(url)} is not known here`;
const shorten = (url: string): string => url.slice(0, SHOWN);

/**
 * The expansion of a value set by its canonical URL. If the definition leaves codes open, because a value set or code system is not loaded or a filter is not
 * supported, a complete expansion in the resource is used. A value set that includes itself is not known.
 */
export function expandValueSet(canonical: string, terminology: Terminology): Expansion {
  const valueSet = terminology.findValueSet(canonical);
  if (!valueSet) return formatNotKnown('value set', canonical);
  const known = expansionCache.get(terminology) ?? new WeakMap<ValueSet, Expansion>();
  expansionCache.set(terminology, known);
  const expansion = known.get(valueSet) ?? expandDefinition(valueSet, terminology);
  known.set(valueSet, expansion);
  return expansion;
}

/** The expansions of each terminology, whose definitions do not change. */
const expansionCache = new WeakMap<Terminology, WeakMap<ValueSet, Expansion>>();

/** The expansion of a value set that need not be one of the terminology. */
export const expandDefinition = (valueSet: ValueSet, terminology: Terminology): Expansion =>
  buildExpansion(valueSet, { terminology, ancestors: [], expanded: new Map(), budget: { left: MAX_CODES } });

interface ExpansionContext {
  terminology: Terminology;
  /** The value sets that include this one. */
  ancestors: readonly ValueSet[];
  /** The included value sets that are expanded already: each is expanded once, however many include it. */
  expanded: Map<ValueSet, Expansion>;
  /** How many further codes the expansion may have. */
  budget: { left: number };
}

function buildExpansion(valueSet: ValueSet, { ancestors, ...context }: ExpansionContext): Expansion {
  const composed = expandComposition(valueSet, { ...context, ancestors: [...ancestors, valueSet] });
  return isFullyKnown(composed) ? composed : (readProvidedExpansion(valueSet) ?? composed);
}

function expandIncluded(canonical: string, context: ExpansionContext): Expansion {
  const valueSet = context.terminology.findValueSet(canonical);
  if (!valueSet) return formatNotKnown('value set', canonical);
  if (context.ancestors.includes(valueSet)) return `the value set ${shorten(canonical)} includes itself`;
  const known = context.expanded.get(valueSet);
  spend(1 + (known ? countExpansion(known) : 0), context);
  const expansion = known ?? buildExpansion(valueSet, context);
  context.expanded.set(valueSet, expansion);
  return expansion;
}

/** Counts the codes of a part. */
function countCodes(codes: ReadonlySet<string>, context: ExpansionContext): ReadonlySet<string> {
  spend(codes.size, context);
  return codes;
}

function spend(count: number, { budget }: ExpansionContext): void {
  budget.left -= count;
  if (budget.left < 0)
    throw tooCostly(`the value set and those that it includes have more than ${MAX_CODES} codes: include fewer codes, or use a filter`);
}

const countExpansion = (expansion: Expansion): number =>
  typeof expansion === 'string' ? 0 : expansion.values().reduce((sum, { codes }) => sum + (codes === 'all' ? 1 : codes.size), 0);

/** Whether every code is known. */
export const isFullyKnown = (expansion: Expansion): boolean =>
  typeof expansion !== 'string' && expansion.values().every(({ codes, unknown }) => codes !== 'all' && unknown === undefined);

function expandComposition(valueSet: ValueSet, context: ExpansionContext): Expansion {
  const { include = [], exclude = [] } = valueSet.compose ?? {};
  const undefinedContent = `the value set ${shorten(valueSet.url ?? 'of the request')} does not define its codes`;
  const each = (inclusion: Inclusion): Expansion => expandInclusion(inclusion, context) ?? undefinedContent;
  return include.length ? exclude.map(each).reduce(excludeExpansion, include.map(each).reduce(uniteExpansions)) : undefinedContent;
}

/** The codes of an inclusion: those of its system that are also in each of its value sets. Undefined: it has neither a system nor value sets. */
function expandInclusion(include: Inclusion, context: ExpansionContext): Expansion | undefined {
  const { system, valueSet = [] } = include;
  const sets = valueSet.map((canonical) => expandIncluded(canonical, context));
  const own: Expansion[] = system === undefined ? [] : [new Map([[system, listSystemCodes(system, include, context)]])];
  const [first, ...others] = [...own, ...sets];
  return first === undefined ? undefined : others.reduce(intersectExpansions, first);
}

function listSystemCodes(system: string, { version, concept, filter = [] }: Inclusion, context: ExpansionContext): SystemCodes {
  const versions = new Set([version]);
  if (concept) return { codes: countCodes(new Set(concept.map(({ code }) => code)), context), versions };
  const tree = findConcepts(toCanonical(system, version), context.terminology);
  if (!tree) return buildSystemCodes('all', filter.length ? formatNotKnown('code system', system) : undefined, versions);
  const all = countCodes(new Set(tree.codes), context);
  return filter
    .map((one): SystemCodes => {
      const codes = applyFilter(tree, one);
      const { property, op } = one;
      const notUnderstood = `a filter ${property} ${op} on the code system ${shorten(system)} is not understood`;
      return codes ? { codes, versions } : { codes: all, unknown: notUnderstood, versions };
    })
    .reduce(intersectCodes, { codes: all, versions });
}

/** The expansion in the resource. Undefined: it is only a page of the codes. */
function readProvidedExpansion({ expansion }: ValueSet): Expansion | undefined {
  const systems = new Map<string, { codes: Set<string>; versions: Set<string | undefined> }>();
  let count = 0;
  const visit = (contained: readonly Contained[]): void => {
    for (const { system = '', version, code, abstract, contains = [] } of contained) {
      count++;
      const { codes, versions } = systems.get(system) ?? { codes: new Set<string>(), versions: new Set<string | undefined>() };
      if (code !== undefined && !abstract) systems.set(system, { codes: codes.add(code), versions: versions.add(version) });
      visit(contains);
    }
  };
  visit(expansion?.contains ?? []);
  return count && (expansion?.total ?? 0) <= count ? systems : undefined;
}

const buildSystemCodes = (codes: SystemCodes['codes'], unknown: string | undefined, versions: SystemCodes['versions']): SystemCodes => ({
  codes,
  ...(unknown !== undefined && { unknown }),
  versions,
});

const uniteCodes = (left: SystemCodes, right: SystemCodes): SystemCodes =>
  buildSystemCodes(
    left.codes === 'all' || right.codes === 'all' ? 'all' : left.codes.union(right.codes),
    left.unknown ?? right.unknown,
    left.versions.union(right.versions),
  );

function intersectCodes(left: SystemCodes, right: SystemCodes): SystemCodes {
  const codes = left.codes === 'all' ? right.codes : right.codes === 'all' ? left.codes : left.codes.intersection(right.codes);
  return buildSystemCodes(codes, left.unknown ?? right.unknown, intersectVersions(left.versions, right.versions));
}

/** A version that one side names applies to codes that the other side takes without a version. */
function intersectVersions(left: SystemCodes['versions'], right: SystemCodes['versions']): SystemCodes['versions'] {
  const named = new Set([...left, ...right].filter((version) => version !== undefined));
  return named.size ? named : left;
}

/** Removes the codes that are certainly excluded. Undefined: no code is left. */
function excludeCodes(left: SystemCodes, excluded: SystemCodes, system: string): SystemCodes | undefined {
  if (excluded.unknown !== undefined) return buildSystemCodes(left.codes, left.unknown ?? excluded.unknown, left.versions);
  if (excluded.codes === 'all') return undefined;
  if (left.codes === 'all') return buildSystemCodes('all', left.unknown ?? formatNotKnown('code system', system), left.versions);
  return buildSystemCodes(left.codes.difference(excluded.codes), left.unknown, left.versions);
}

/** The codes of a system. Undefined: the value set contains none. */
const findSystemCodes = (expansion: Expansion, system: string): SystemCodes | undefined =>
  typeof expansion === 'string' ? buildSystemCodes('all', expansion, new Set([undefined])) : expansion.get(system);

function uniteExpansions(left: Expansion, right: Expansion): Expansion {
  if (typeof left === 'string') return left;
  if (typeof right === 'string') return right;
  const both = new Map(left);
  for (const [system, codes] of right) {
    const before = both.get(system);
    both.set(system, before ? uniteCodes(before, codes) : codes);
  }
  return both;
}

/** Combines the codes of each system of `left` with those of `right`. */
const mapSystems = (
  left: ReadonlyMap<string, SystemCodes>,
  right: Expansion,
  change: (one: SystemCodes, other: SystemCodes | undefined, system: string) => SystemCodes | undefined,
): Expansion =>
  new Map(
    [...left].flatMap(([system, one]): [string, SystemCodes][] => {
      const made = change(one, findSystemCodes(right, system), system);
      return made ? [[system, made]] : [];
    }),
  );

/** If one side is not known, the codes of the other side may be in both. */
function intersectExpansions(left: Expansion, right: Expansion): Expansion {
  if (typeof left === 'string') return typeof right === 'string' ? left : intersectExpansions(right, left);
  return mapSystems(left, right, (one, other) => other && intersectCodes(one, other));
}

const excludeExpansion = (left: Expansion, out: Expansion): Expansion =>
  typeof left === 'string' ? left : mapSystems(left, out, (one, removed, system) => (removed ? excludeCodes(one, removed, system) : one));
