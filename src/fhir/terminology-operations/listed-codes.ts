// The codes of a value set with what is known of each: display, designations, whether the code is abstract or inactive.
// https://hl7.org/fhir/R4/valueset.html#expansion
import { notSupported } from '../outcome.ts';
import { buildConceptTree, type ConceptTree } from '../terminology/concepts.ts';
import { type Expansion, expandDefinition, formatNotKnown, type SystemCodes } from '../terminology/expansion.ts';
import { isInactive, isTrueProperty } from '../terminology/filters.ts';
import { type Terminology, toCanonical } from '../terminology/terminology.ts';
import type { Contained, Designation, ListedConcept, ValueSet } from '../terminology/value-set.ts';

export interface ListedCode {
  system: string;
  version?: string;
  code: string;
  display?: string;
  isAbstract: boolean;
  isInactive: boolean;
  designation: Designation[];
}

/** All codes of a value set. A `not-supported` error names the value set, code system or filter that is not known. */
export function listExpandedCodes(valueSet: ValueSet, terminology: Terminology): ListedCode[] {
  const expansion = requireKnown(expandDefinition(valueSet, terminology));
  const describe = buildDescriber(valueSet, terminology);
  return [...expansion].flatMap(([system, { codes, unknown, versions }]) => {
    if (unknown !== undefined || codes === 'all') throw notSupported(unknown ?? formatNotKnown('code system', system));
    return Array.from(codes, (code) => describe(system, code, versions));
  });
}

export function requireKnown(expansion: Expansion): Exclude<Expansion, string> {
  if (typeof expansion === 'string') throw notSupported(expansion);
  return expansion;
}

/** Describes a code by the value set's own texts first, then by the first of these versions of the code system that has it. */
type DescribeCode = (system: string, code: string, versions: SystemCodes['versions']) => ListedCode;

export function buildDescriber(valueSet: ValueSet, terminology: Terminology): DescribeCode {
  const own = collectListedConcepts(valueSet, terminology, new Set());
  const trees = new Map<string, ConceptTree | undefined>();
  const findKnownTree = (canonical: string): ConceptTree | undefined => {
    if (!trees.has(canonical)) trees.set(canonical, findTree(canonical, terminology));
    return trees.get(canonical);
  };
  return (system, code, versions) => {
    const all = Array.from(versions, (version) => ({ version, tree: findKnownTree(toCanonical(system, version)) }));
    const { version, tree } = all.find((one) => one.tree?.find(code)) ?? all[0]!;
    // a version that is not loaded is still that of the code
    return { ...(version !== undefined && { version }), ...describeCode(system, code, tree, own.get(toKey(system, code))) };
  };
}

function findTree(canonical: string, { findCodeSystem }: Terminology): ConceptTree | undefined {
  const known = findCodeSystem(canonical);
  return known && buildConceptTree(known);
}

/** `listed`: the texts of a value set. */
export function describeCode(system: string, code: string, tree: ConceptTree | undefined, listed?: ListedConcept): ListedCode {
  const concept = tree?.find(code);
  const display = listed?.display ?? concept?.display;
  return {
    system,
    ...(tree?.system.version !== undefined && { version: tree.system.version }),
    code: concept?.code ?? code,
    ...(display !== undefined && { display }),
    isAbstract: !!(tree && concept) && isTrueProperty(tree, concept, 'notSelectable'),
    isInactive: !!(tree && concept) && isInactive(tree, concept),
    designation: [...(listed?.designation ?? []), ...(concept?.designation ?? [])],
  };
}

const toKey = (system: string, code: string): string => `${system}|${code}`;

/** The codes with texts in a value set, in its expansion, and in the value sets that it includes. Those of the value set itself come last and apply. */
function collectListedConcepts(valueSet: ValueSet, terminology: Terminology, visited: Set<ValueSet>): Map<string, ListedConcept> {
  const found = new Map<string, ListedConcept>();
  if (visited.has(valueSet)) return found;
  visited.add(valueSet);
  for (const { valueSet: included = [] } of valueSet.compose?.include ?? []) {
    const others = included.map((canonical) => terminology.findValueSet(canonical)).filter((other) => other !== undefined);
    for (const other of others) for (const [key, concept] of collectListedConcepts(other, terminology, visited)) found.set(key, concept);
  }
  addContained(found, valueSet.expansion?.contains ?? []);
  for (const { system, concept = [] } of valueSet.compose?.include ?? [])
    for (const one of concept) if (system !== undefined && hasTexts(one)) found.set(toKey(system, one.code), one);
  return found;
}

function addContained(found: Map<string, ListedConcept>, contained: readonly Contained[]): void {
  for (const { system, code, contains = [], ...texts } of contained) {
    if (system !== undefined && code !== undefined && hasTexts(texts)) found.set(toKey(system, code), { code, ...texts });
    addContained(found, contains);
  }
}

const hasTexts = ({ display, designation }: Pick<ListedConcept, 'display' | 'designation'>): boolean =>
  display !== undefined || designation !== undefined;

/** The display in a language, if there is a designation in it. `en` also finds `en-GB`. https://www.rfc-editor.org/rfc/rfc4647#section-3.3.1 */
export function chooseDisplay(
  { display, designation }: Pick<ListedCode, 'display' | 'designation'>,
  language?: string,
): string | undefined {
  if (language === undefined) return display;
  const requested = language.toLowerCase();
  const found = designation.find(({ language: own }) => `${own?.toLowerCase()}-`.startsWith(`${requested}-`));
  return found?.value ?? display;
}
