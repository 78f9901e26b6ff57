// Which codes a value set has, as far as its definition and the code systems at hand tell, and what is not known of them: validation then takes any code
// that may be in it, and a search is refused. https://hl7.org/fhir/R4/valueset.html#compositions, docs/decisions/0008-profiles-and-value-sets.md
import { findConcepts, listCodes, listCodesBelow } from './concepts.ts';
import type { Terminology } from './terminology.ts';
import type { Contained, Inclusion, ValueSet } from './value-set.ts';

/** The codes of one code system that are in a value set. */
interface SystemCodes {
  /** `all`: every code of the system, which is not at hand. */
  codes: ReadonlySet<string> | 'all';
  /** What is not known, in words: the codes are those that may be in it, none other. Absent: they are in it. */
  unknown?: string;
}

/** Code system → its codes. Or, in words, what is not known so that any code of any system may be in it. */
type Expansion = ReadonlyMap<string, SystemCodes> | string;

/** As much of a URL as is shown. */
const SHOWN = 200;
/** Says that a value set or a code system is not at hand. */
export const formatNotKnown = (what: string, url: string): string => `the ${what} ${url.slice(0, SHOWN)} is not known here`;

/**
 * The expansion of a value set by its canonical URL. What its definition leaves open, because a value set or a code system is not at hand or a filter is
 * not understood, the expansion that came with it tells, when it is whole. `around`: the value sets it stands in; one that stands in itself is not known.
 */
export function expandValueSet(canonical: string, terminology: Terminology, ancestors: readonly string[] = []): Expansion {
  const valueSet = ancestors.includes(canonical) ? undefined : terminology.findValueSet(canonical);
  if (!valueSet) return formatNotKnown('value set', canonical);
  if (ancestors.length) return buildExpansion(valueSet, canonical, { terminology, ancestors });
  const known = expansionCache.get(terminology) ?? new WeakMap<ValueSet, Expansion>();
  expansionCache.set(terminology, known);
  const expansion = known.get(valueSet) ?? buildExpansion(valueSet, canonical, { terminology, ancestors });
  known.set(valueSet, expansion);
  return expansion;
}

/** What was expanded of each terminology: its definitions do not change. */
const expansionCache = new WeakMap<Terminology, WeakMap<ValueSet, Expansion>>();

interface ExpansionContext {
  terminology: Terminology;
  ancestors: readonly string[];
}

function buildExpansion(valueSet: ValueSet, canonical: string, { terminology, ancestors }: ExpansionContext): Expansion {
  const composed = expandComposition(valueSet, terminology, [...ancestors, canonical]);
  return isFullyKnown(composed) ? composed : (readProvidedExpansion(valueSet) ?? composed);
}

/** Whether every code is known. */
export const isFullyKnown = (expansion: Expansion): boolean =>
  typeof expansion !== 'string' && expansion.values().every(({ codes, unknown }) => codes !== 'all' && unknown === undefined);

function expandComposition(valueSet: ValueSet, terminology: Terminology, ancestors: readonly string[]): Expansion {
  const { include = [], exclude = [] } = valueSet.compose ?? {};
  const saysNothing = `the value set ${valueSet.url.slice(0, SHOWN)} does not say which codes it has`;
  const each = (inclusion: Inclusion): Expansion => expandInclusion(inclusion, terminology, ancestors) ?? saysNothing;
  return include.length ? exclude.map(each).reduce(excludeExpansion, include.map(each).reduce(uniteExpansions)) : saysNothing;
}

/** All that one `include` asks for must be met: the system's codes, and each of the value sets. Undefined when it asks for neither. */
function expandInclusion(include: Inclusion, terminology: Terminology, ancestors: readonly string[]): Expansion | undefined {
  const { system, valueSet = [] } = include;
  const sets = valueSet.map((canonical) => expandValueSet(canonical, terminology, ancestors));
  const own: Expansion[] = system === undefined ? [] : [new Map([[system, listSystemCodes(system, include, terminology)]])];
  const [first, ...others] = [...own, ...sets];
  return first === undefined ? undefined : others.reduce(intersectExpansions, first);
}

function listSystemCodes(system: string, { concept, filter = [] }: Inclusion, terminology: Terminology): SystemCodes {
  if (concept) return { codes: new Set(concept.map(({ code }) => code)) };
  const concepts = findConcepts(system, terminology);
  if (!concepts) return filter.length ? { codes: 'all', unknown: formatNotKnown('code system', system) } : { codes: 'all' };
  const all = new Set(listCodes(concepts));
  const below = (code: string): ReadonlySet<string> => new Set(listCodesBelow(concepts, code));
  return filter.map((one) => applyFilter(one, all, below, system)).reduce(intersectCodes, { codes: all });
}

type Filter = NonNullable<Inclusion['filter']>[number];

/** https://hl7.org/fhir/R4/valueset-filter-operator.html, of codes and their hierarchy; what any other filter leaves is not known. */
function applyFilter(filter: Filter, all: ReadonlySet<string>, below: (code: string) => ReadonlySet<string>, system: string): SystemCodes {
  const { property, op, value } = filter;
  const apply = (property === 'concept' || property === 'code') && Object.hasOwn(FILTERS, op) ? FILTERS[op] : undefined;
  if (apply) return { codes: apply(all, value, below) };
  return { codes: all, unknown: `a filter ${property} ${op} on the code system ${system.slice(0, SHOWN)} is not understood` };
}

type Codes = ReadonlySet<string>;
/** Filters by their operator, of all codes of a system and those below a code. */
const FILTERS: Readonly<Record<string, (all: Codes, value: string, below: (code: string) => Codes) => Codes>> = {
  'is-a': (_all, value, below) => below(value),
  'descendent-of': (_all, value, below) => below(value).difference(new Set([value])),
  'is-not-a': (all, value, below) => all.difference(below(value)),
  '=': (all, value) => all.intersection(new Set([value])),
  in: (all, value) => all.intersection(splitCodes(value)),
  'not-in': (all, value) => all.difference(splitCodes(value)),
};

const splitCodes = (value: string): Codes => new Set(value.split(',').map((code) => code.trim()));

/** The expansion that came with the value set; one page of several says too little. */
function readProvidedExpansion({ expansion }: ValueSet): Expansion | undefined {
  const systems = new Map<string, { codes: Set<string> }>();
  let count = 0;
  const visit = (contained: readonly Contained[]): void => {
    for (const { system = '', code, abstract, contains = [] } of contained) {
      count++;
      const { codes } = systems.get(system) ?? { codes: new Set<string>() };
      if (code !== undefined && !abstract) systems.set(system, { codes: codes.add(code) });
      visit(contains);
    }
  };
  visit(expansion?.contains ?? []);
  return count && (expansion?.total ?? 0) <= count ? systems : undefined;
}

const buildSystemCodes = (codes: SystemCodes['codes'], unknown: string | undefined): SystemCodes => ({
  codes,
  ...(unknown !== undefined && { unknown }),
});

const uniteCodes = (left: SystemCodes, right: SystemCodes): SystemCodes =>
  buildSystemCodes(left.codes === 'all' || right.codes === 'all' ? 'all' : left.codes.union(right.codes), left.unknown ?? right.unknown);

function intersectCodes(left: SystemCodes, right: SystemCodes): SystemCodes {
  const codes = left.codes === 'all' ? right.codes : right.codes === 'all' ? left.codes : left.codes.intersection(right.codes);
  return buildSystemCodes(codes, left.unknown ?? right.unknown);
}

/** Only what is surely excluded is left out. */
function excludeCodes(left: SystemCodes, out: SystemCodes, system: string): SystemCodes | undefined {
  if (out.unknown !== undefined) return buildSystemCodes(left.codes, left.unknown ?? out.unknown);
  if (out.codes === 'all') return undefined;
  if (left.codes === 'all') return buildSystemCodes('all', left.unknown ?? formatNotKnown('code system', system));
  return buildSystemCodes(left.codes.difference(out.codes), left.unknown);
}

/** What an expansion says of one system; undefined: none of its codes are in it. */
const findSystemCodes = (expansion: Expansion, system: string): SystemCodes | undefined =>
  typeof expansion === 'string' ? buildSystemCodes('all', expansion) : expansion.get(system);

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

/** The systems of `left`, each as `change` makes it of what both say of it. */
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

/** Where one side is not known, the other still says which codes may be in both. */
function intersectExpansions(left: Expansion, right: Expansion): Expansion {
  if (typeof left === 'string') return typeof right === 'string' ? left : intersectExpansions(right, left);
  return mapSystems(left, right, (one, other) => other && intersectCodes(one, other));
}

const excludeExpansion = (left: Expansion, out: Expansion): Expansion =>
  typeof left === 'string' ? left : mapSystems(left, out, (one, removed, system) => (removed ? excludeCodes(one, removed, system) : one));
