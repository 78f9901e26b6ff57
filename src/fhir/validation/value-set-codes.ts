// The codes of a value set and the hierarchy of a code system, exactly: what a search by :in, :above or :below asks for. Where not all is known, it says
// what is missing. https://hl7.org/fhir/R4/valueset.html#compositions, https://hl7.org/fhir/R4/codesystem.html#subsumption
import { type FhirError, notSupported } from '../outcome.ts';
import type { Concept, Inclusion, ValueSet } from '../profile/definition.ts';
import type { Terminology } from './value-set.ts';

/** Code system → its codes, or all of them. */
export type CodesBySystem = ReadonlyMap<string, ReadonlySet<string> | 'all'>;

/** Value sets within value sets: deeper than this they are a circle. */
const DEEPEST = 20;
const SHOWN = 200;

const unknown = (what: string, url: string): FhirError => notSupported(`the ${what} ${url.slice(0, SHOWN)} is not known here`);

/** The codes of a value set. Fails with `not-supported`, naming the value set, code system or filter that is not known. */
export function codesOfValueSet(canonical: string, terminology: Terminology, depth = 0): CodesBySystem {
  const valueSet = depth > DEEPEST ? undefined : terminology.valueSet(canonical);
  if (!valueSet) throw unknown('value set', canonical);
  const { include = [], exclude = [] } = valueSet.compose ?? {};
  if (!include.length) return expanded(valueSet, canonical);
  const each = (one: Inclusion): CodesBySystem => included(one, terminology, depth);
  return exclude.map(each).reduce(without, include.map(each).reduce(union, new Map()));
}

/** The expansion that came with it, if it is whole. */
function expanded({ expansion }: ValueSet, canonical: string): CodesBySystem {
  const codes = new Map<string, Set<string>>();
  let count = 0;
  const visit = (contained: NonNullable<typeof expansion>['contains'] = []): void => {
    for (const { system = '', code, abstract, contains } of contained) {
      count += 1;
      if (code !== undefined && !abstract) codes.set(system, (codes.get(system) ?? new Set()).add(code));
      visit(contains);
    }
  };
  visit(expansion?.contains);
  if (!count || (expansion?.total ?? 0) > count)
    throw notSupported(`the value set ${canonical.slice(0, SHOWN)} does not say which codes it has`);
  return codes;
}

/** All that one `include` asks for must hold: the system's codes, and each of the value sets. */
function included(include: Inclusion, terminology: Terminology, depth: number): CodesBySystem {
  const { system, valueSet = [] } = include;
  const sets = valueSet.map((canonical) => codesOfValueSet(canonical, terminology, depth + 1));
  const own: CodesBySystem[] = system === undefined ? [] : [new Map([[system, ofSystem(system, include, terminology)]])];
  const [first = new Map(), ...others] = [...own, ...sets];
  return others.reduce(intersection, first);
}

function ofSystem(system: string, { concept, filter }: Inclusion, terminology: Terminology): ReadonlySet<string> | 'all' {
  if (concept) return new Set(concept.map(({ code }) => code));
  const concepts = conceptsOf(system, terminology);
  if (!filter?.length) return concepts ? new Set(codesIn(concepts)) : 'all';
  if (!concepts) throw unknown('code system', system);
  return filter.map((one) => filtered(concepts, one, system)).reduce((left, right) => left.intersection(right));
}

/** Its concepts, if all of them are known. */
function conceptsOf(system: string, { codeSystem }: Terminology): Concept[] | undefined {
  const known = codeSystem(system);
  return known?.content === 'complete' ? known.concept : undefined;
}

/** https://hl7.org/fhir/R4/valueset-filter-operator.html, of codes and their hierarchy. */
function filtered(concepts: Concept[], { property, op, value }: NonNullable<Inclusion['filter']>[number], system: string): Set<string> {
  const all = new Set(codesIn(concepts));
  const found = [...pathTo(concepts, value)].at(-1);
  const below = new Set(found ? codesIn([found]) : []);
  if (property === 'concept' || property === 'code') {
    if (op === 'is-a') return below;
    if (op === 'descendent-of') return below.difference(new Set([value]));
    if (op === 'is-not-a') return all.difference(below);
    if (op === '=') return all.intersection(new Set([value]));
    const listed = new Set(value.split(',').map((code) => code.trim()));
    if (op === 'in') return all.intersection(listed);
    if (op === 'not-in') return all.difference(listed);
  }
  throw notSupported(`a filter ${property} ${op} on the code system ${system.slice(0, SHOWN)} is not understood`);
}

const codesIn = (concepts: readonly Concept[]): string[] => concepts.flatMap(({ code, concept = [] }) => [code, ...codesIn(concept)]);

/** The concepts from the top of a code system to a code, the code last; empty when it is not there. */
function pathTo(concepts: readonly Concept[], code: string): Concept[] {
  for (const concept of concepts) {
    if (concept.code === code) return [concept];
    const path = pathTo(concept.concept ?? [], code);
    if (path.length) return [concept, ...path];
  }
  return [];
}

/** A code and what it subsumes (below) or is subsumed by (above). The code system must be known with all its codes. */
export function codesAlong(direction: 'above' | 'below', system: string, code: string, terminology: Terminology): string[] {
  const concepts = conceptsOf(system, terminology);
  if (!concepts) throw unknown('code system', system);
  const path = pathTo(concepts, code);
  if (!path.length) return [code];
  return direction === 'above' ? path.map((concept) => concept.code) : codesIn([path.at(-1)!]);
}

const union = (left: CodesBySystem, right: CodesBySystem): CodesBySystem => {
  const both = new Map(left);
  for (const [system, codes] of right) {
    const before = both.get(system) ?? new Set<string>();
    both.set(system, before === 'all' || codes === 'all' ? 'all' : before.union(codes));
  }
  return both;
};

const intersection = (left: CodesBySystem, right: CodesBySystem): CodesBySystem => {
  const both = new Map<string, ReadonlySet<string> | 'all'>();
  for (const [system, codes] of left) {
    const other = right.get(system);
    if (other !== undefined) both.set(system, codes === 'all' ? other : other === 'all' ? codes : codes.intersection(other));
  }
  return both;
};

const without = (left: CodesBySystem, out: CodesBySystem): CodesBySystem => {
  const rest = new Map(left);
  for (const [system, removed] of out) {
    const codes = rest.get(system);
    if (codes === undefined) continue;
    if (removed === 'all') rest.delete(system);
    else if (codes === 'all') throw unknown('code system', system);
    else rest.set(system, codes.difference(removed));
  }
  return rest;
};
