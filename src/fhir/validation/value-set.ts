// Which codes a value set has, as far as its definition and the code systems at hand tell. https://hl7.org/fhir/R4/valueset.html#compositions
import type { CodeSystem, Concept, Contained, Inclusion, ValueSet } from '../profile/definition.ts';

/** Any code of a system: the system is not at hand, or only part of it is asked for in a way that is not understood here. */
const ANY = Symbol('any code');

/** The codes of a value set. `systems`: whole systems and lists; those of which not all is known count as lists of any code. */
export interface Codes {
  /** Whether a code is in it. `system` undefined: of any system. Where not all is known: whether it may be. */
  has(system: unknown, code: unknown): boolean;
  /** Whether `has` decides: false when some system of it is not at hand. */
  exact: boolean;
  /** Some of the codes, to show. */
  some: string[];
}

/** Finds definitions by canonical URL; undefined when they are not at hand. */
export interface Terminology {
  valueSet(canonical: string): ValueSet | undefined;
  codeSystem(canonical: string): CodeSystem | undefined;
}

type Systems = Map<string, Set<string> | typeof ANY>;

const DEEPEST = 20;

/** The codes of a value set; undefined when it, or one it includes, is not at hand or says nothing of its content. */
export function codesOf(canonical: string, terminology: Terminology): Codes | undefined {
  const systems = expand(canonical, terminology, 0);
  if (!systems?.size) return undefined;
  const lists = [...systems.values()];
  return {
    has(system, code) {
      if (system === undefined) return lists.some((list) => list === ANY || list.has(code as string));
      const list = systems.get(system as string);
      return list !== undefined && (list === ANY || list.has(code as string));
    },
    exact: !lists.includes(ANY),
    some: lists.flatMap((list, at) => (list === ANY ? [`any code of ${[...systems.keys()][at]}`] : [...list])).slice(0, SHOWN),
  };
}

const SHOWN = 21;

function expand(canonical: string, terminology: Terminology, depth: number): Systems | undefined {
  const valueSet = terminology.valueSet(canonical);
  if (!valueSet || depth > DEEPEST) return undefined;
  const composed = valueSet.compose?.include?.length ? composedOf(valueSet.compose, terminology, depth) : undefined;
  const expanded = expansionOf(valueSet);
  if (composed && ([...composed.values()].every((list) => list !== ANY) || !expanded)) return composed;
  return expanded ?? composed;
}

function composedOf(compose: NonNullable<ValueSet['compose']>, terminology: Terminology, depth: number): Systems | undefined {
  const included = compose.include!.map((one) => inclusion(one, terminology, depth));
  if (included.includes(undefined)) return undefined;
  const systems = (included as Systems[]).reduce(union, new Map());
  const excluded = (compose.exclude ?? []).map((one) => inclusion(one, terminology, depth));
  return excluded.reduce<Systems>((left, out) => (out ? without(left, out) : left), systems);
}

/** All that one `include` asks for must be met: the system's codes, and each of the value sets. */
function inclusion(include: Inclusion, terminology: Terminology, depth: number): Systems | undefined {
  const { system, valueSet = [] } = include;
  const sets = valueSet.map((canonical) => expand(canonical, terminology, depth + 1));
  if (sets.includes(undefined)) return undefined;
  const own: Systems[] = system === undefined ? [] : [new Map([[system, listOf(system, include, terminology)]])];
  const [first, ...others] = [...own, ...(sets as Systems[])];
  return others.reduce<Systems | undefined>((left, right) => left && intersection(left, right), first);
}

function listOf(system: string, { concept, filter }: Inclusion, { codeSystem }: Terminology): Set<string> | typeof ANY {
  if (concept) return new Set(concept.map(({ code }) => code));
  const known = codeSystem(system);
  if (known?.content !== 'complete' || !known.concept) return ANY;
  const lists = (filter ?? []).map((one) => filtered(known.concept!, one));
  return lists.includes(undefined)
    ? ANY
    : (lists as Set<string>[]).reduce((left, right) => left.intersection(right), new Set(codesIn(known.concept)));
}

/** https://hl7.org/fhir/R4/valueset-filter-operator.html, of the hierarchy of concepts; others are not understood. */
function filtered(concepts: Concept[], { property, op, value }: NonNullable<Inclusion['filter']>[number]): Set<string> | undefined {
  if (property !== 'concept' && property !== 'code') return undefined;
  const found = conceptIn(concepts, value);
  if (op === 'is-a') return new Set(found ? codesIn([found]) : []);
  if (op === 'descendent-of') return new Set(codesIn(found?.concept ?? []));
  if (op === 'is-not-a') return new Set(codesIn(concepts)).difference(new Set(found ? codesIn([found]) : []));
  if (op === 'in') return new Set(value.split(',').map((code) => code.trim()));
  return op === '=' ? new Set([value]) : undefined;
}

/** All codes of a tree of concepts. */
export const codesIn = (concepts: readonly Concept[]): string[] =>
  concepts.flatMap(({ code, concept }) => [code, ...codesIn(concept ?? [])]);

function conceptIn(concepts: readonly Concept[], code: string): Concept | undefined {
  for (const concept of concepts) {
    const found = concept.code === code ? concept : conceptIn(concept.concept ?? [], code);
    if (found) return found;
  }
  return undefined;
}

/** An expansion that came with the value set; one page of several says too little. */
function expansionOf({ expansion }: ValueSet): Systems | undefined {
  if (!expansion?.contains?.length) return undefined;
  const systems = new Map<string, Set<string>>();
  let count = 0;
  const visit = (contained: Contained[]): void => {
    for (const { system = '', code, abstract, contains = [] } of contained) {
      count++;
      if (code !== undefined && !abstract) systems.set(system, (systems.get(system) ?? new Set()).add(code));
      visit(contains);
    }
  };
  visit(expansion.contains);
  return expansion.total === undefined || expansion.total <= count ? systems : undefined;
}

const union = (left: Systems, right: Systems): Systems => {
  const both: Systems = new Map(left);
  for (const [system, list] of right) {
    const before = both.get(system);
    both.set(system, before === undefined ? list : before === ANY || list === ANY ? ANY : before.union(list));
  }
  return both;
};

const intersection = (left: Systems, right: Systems): Systems => {
  const both: Systems = new Map();
  for (const [system, list] of left) {
    const other = right.get(system);
    if (other !== undefined) both.set(system, list === ANY ? other : other === ANY ? list : list.intersection(other));
  }
  return both;
};

const without = (left: Systems, out: Systems): Systems =>
  new Map(
    [...left].flatMap(([system, list]): [string, Set<string> | typeof ANY][] => {
      const removed = out.get(system);
      if (removed === undefined || removed === ANY || list === ANY) return [[system, list]];
      return [[system, list.difference(removed)]];
    }),
  );
