// The codes of a code system, and its hierarchy: by nesting, and by the properties `parent` and `child`. A code may have several parents.
// https://hl7.org/fhir/R4/codesystem.html#subsumption, https://hl7.org/fhir/R4/codesystem.html#hierarchy

import type { Terminology } from './terminology.ts';
import type { CodeSystem, Concept } from './value-set.ts';

/** The concepts of one code system by code. A list of codes has each code once. */
export interface ConceptTree {
  system: CodeSystem;
  /** In the order of the definition: a code precedes its nested concepts. */
  codes: readonly string[];
  /** The concept of a code. If the code system ignores case, any case is found. */
  find(code: string): Concept | undefined;
  listParents(code: string): readonly string[];
  listChildren(code: string): readonly string[];
  /** A code and all codes that subsume it. The code is the last. Empty: there is no such code. */
  listAbove(code: string): string[];
  /** A code and all codes that it subsumes. The code is the first. Empty: there is no such code. */
  listBelow(code: string): string[];
}

/** The concepts of a code system, if all of them are known. */
export function findConcepts(canonical: string, { findCodeSystem }: Terminology): ConceptTree | undefined {
  const known = findCodeSystem(canonical);
  return known?.content === 'complete' ? buildConceptTree(known) : undefined;
}

/** The trees of code systems that are in use. */
const TREES = new WeakMap<CodeSystem, ConceptTree>();

/** The tree of a code system. It is built once for each object. */
export function buildConceptTree(system: CodeSystem): ConceptTree {
  const known = TREES.get(system) ?? createConceptTree(system);
  TREES.set(system, known);
  return known;
}

interface Node {
  concept: Concept;
  parents: Set<string>;
  children: Set<string>;
}

function createConceptTree(system: CodeSystem): ConceptTree {
  const nodes = new Map<string, Node>();
  addNested(nodes, system.concept ?? [], undefined);
  addRelated(nodes, system);
  const byFoldedCode =
    system.caseSensitive === false ? new Map([...nodes].map(([code, { concept }]) => [code.toLowerCase(), concept])) : undefined;
  const list = (code: string, related: 'parents' | 'children'): readonly string[] => [...(nodes.get(code)?.[related] ?? [])];
  return {
    system,
    codes: [...nodes.keys()],
    find: (code) => nodes.get(code)?.concept ?? byFoldedCode?.get(code.toLowerCase()),
    listParents: (code) => list(code, 'parents'),
    listChildren: (code) => list(code, 'children'),
    listAbove: (code) => collectRelated(nodes, code, 'parents').reverse(),
    listBelow: (code) => collectRelated(nodes, code, 'children'),
  };
}

function addNested(nodes: Map<string, Node>, concepts: readonly Concept[], parent: string | undefined): void {
  for (const concept of concepts) {
    const node = nodes.get(concept.code) ?? { concept, parents: new Set<string>(), children: new Set<string>() };
    nodes.set(concept.code, node);
    if (parent !== undefined) relate(nodes, parent, concept.code);
    addNested(nodes, concept.concept ?? [], concept.code);
  }
}

/** https://hl7.org/fhir/R4/codesystem.html#defined-props */
function addRelated(nodes: Map<string, Node>, system: CodeSystem): void {
  const [parents, children] = [listPropertyCodes(system, 'parent'), listPropertyCodes(system, 'child')];
  for (const [code, { concept }] of nodes) {
    for (const property of concept.property ?? []) {
      const other = property.valueCode;
      if (typeof other !== 'string') continue;
      if (parents.has(property.code)) relate(nodes, other, code);
      if (children.has(property.code)) relate(nodes, code, other);
    }
  }
}

const STANDARD_PROPERTIES = 'http://hl7.org/fhir/concept-properties#';

/** The names that a code system has for one of FHIR's own properties: the name itself, and properties that are defined with its URI. */
export const listPropertyCodes = ({ property = [] }: CodeSystem, standard: string): ReadonlySet<string> =>
  new Set([standard, ...property.filter(({ uri }) => uri === STANDARD_PROPERTIES + standard).map(({ code }) => code)]);

/** A code that the code system does not define is ignored. */
function relate(nodes: Map<string, Node>, parent: string, child: string): void {
  if (!nodes.has(parent) || !nodes.has(child)) return;
  nodes.get(parent)!.children.add(child);
  nodes.get(child)!.parents.add(parent);
}

/** The code and everything that is reached from it, nearest first. A cycle ends where it began. */
function collectRelated(nodes: ReadonlyMap<string, Node>, code: string, direction: 'parents' | 'children'): string[] {
  if (!nodes.has(code)) return [];
  const found = new Set([code]);
  for (const reached of found) for (const next of nodes.get(reached)![direction]) found.add(next);
  return [...found];
}
