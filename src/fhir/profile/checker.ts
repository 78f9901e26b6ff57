// Profiles compiled into checkers, each once, when it is first asked for. https://hl7.org/fhir/R4/profiling.html
// A checker presumes what base validation sees to (src/fhir/validation/validate.ts) and asks only what the profile adds.
import { elementOf } from '../elements.ts';
import { nodeOf } from '../fhirpath/node.ts';
import { isBaseProfile } from '../profile-claims.ts';
import type { Fault } from '../validation/schema-rules/rule.ts';
import type { Codes } from './codes.ts';
import { added, constraintRule } from './constraint.ts';
import { type Missed, type StructureDefinition, Unusable } from './definition.ts';
import type { Elsewhere } from './discriminator.ts';
import { type Compiling, contentRule } from './element.ts';
import { type Around, all, type Item, type ItemRule, notChecked } from './rule.ts';
import { nodeAt, type ProfileNode, treeOf } from './tree.ts';

/** A profile with the package it came in. */
interface Found {
  package: string;
  resource: StructureDefinition;
}

/** Finds what profiles are made of; `from`: the package of the profile that asks. Undefined: not loaded. */
export interface Source {
  profile(canonical: string, from: string): Found | undefined;
  /** The type of resource a profile is of: all that counts of the target of a reference. */
  typeOf(canonical: string, from: string): string | undefined;
  codes(valueSet: string, from: string): Codes | undefined;
  /** Hears what cannot be checked, while a profile is compiled. */
  missed?: Missed;
}

/** A compiled profile. */
export interface Checker {
  url: string;
  /** The type of resource, or of datatype, that it is of. */
  type: string;
  /** Whether a resource that is valid R4 has no error against the profile. `root`: the resource around it, when it is contained. */
  passes(resource: object, root?: object): boolean;
  /** All that is wrong or worth saying; `at` from the resource's root. */
  faults(resource: object, root?: object): Fault[];
  /** The same of one element inside a resource: an extension, say. */
  rule: ItemRule;
  /** Of an extension: where it may stand. */
  context: NonNullable<StructureDefinition['context']>;
}

/** The checkers of a set of definitions: undefined for what is not there, an Unusable error that says why for what cannot be checked with. */
export interface Checkers {
  of(canonical: string, from?: string): Checker | undefined;
}

interface Workshop {
  source: Source;
  checkers: Map<StructureDefinition, Checker | Unusable>;
  trees: Map<StructureDefinition, ProfileNode>;
}

/** Compiles nothing yet. */
export function checkersOf(source: Source): Checkers {
  const workshop: Workshop = { source, checkers: new Map(), trees: new Map() };
  return { of: (canonical, from = '') => checkerOf(workshop, canonical, from) };
}

function checkerOf(workshop: Workshop, canonical: string, from: string): Checker | undefined {
  const found = workshop.source.profile(canonical, from);
  if (!found) return undefined;
  const known = workshop.checkers.get(found.resource) ?? attempt(() => compiled(workshop, found));
  workshop.checkers.set(found.resource, known);
  if (known instanceof Unusable) throw known;
  return known;
}

function attempt(compile: () => Checker): Checker | Unusable {
  try {
    return compile();
  } catch (error) {
    if (error instanceof Unusable) return error;
    throw error;
  }
}

const MOST_BASES = 50;

/** The tree of a profile; `depth`: how many profiles are laid over it so far. */
function treeFor(workshop: Workshop, { resource, package: from }: Found, depth = 0): ProfileNode {
  const known = workshop.trees.get(resource);
  if (known) return known;
  if (depth > MOST_BASES) throw new Unusable(`${resource.url} is based on itself`);
  const tree = treeOf(resource, (base) => {
    const found = workshop.source.profile(base, from);
    if (!found && !isR4Type(base)) throw new Unusable(`its base ${base} is not loaded`);
    return found && treeFor(workshop, found, depth + 1);
  });
  workshop.trees.set(resource, tree);
  return tree;
}

const BASE = 'http://hl7.org/fhir/StructureDefinition/';

/** R4's own types, with those of quantities that are profiles by name only; what they ask, base validation sees to. */
const isR4Type = (canonical: string): boolean => {
  const [url = ''] = canonical.split('|');
  return isBaseProfile(url) || (url.startsWith(BASE) && elementOf(url.slice(BASE.length), 'id') !== undefined);
};

function compiled(workshop: Workshop, found: Found): Checker {
  const { url, type, context = [] } = found.resource;
  if (!elementOf(type, 'id')) throw new Unusable(`${url} is a profile of ${type}, a type that this server does not serve`);
  const tree = treeFor(workshop, found);
  const rule = rootRule(tree, type, compilingOf(workshop, found, tree));
  const around = (resource: object, root = resource): Around => ({
    resource: nodeOf(type, resource),
    root: nodeOf(resourceType(root), root),
  });
  const item = (resource: object): Item => ({ type, value: resource, beside: undefined, name: '', index: undefined });
  return {
    url,
    type,
    rule,
    context,
    passes: (resource, root) => rule.holds(item(resource), around(resource, root)),
    faults: (resource, root) => rule.faults(item(resource), around(resource, root)),
  };
}

const resourceType = (resource: object): string => String((resource as { resourceType?: unknown }).resourceType);

const HOLDS: ItemRule = { holds: () => true, faults: () => [] };

function rootRule(tree: ProfileNode, type: string, compiling: Compiling): ItemRule {
  const { codesOf, missed } = compiling.elsewhere;
  const constraints = added(tree.asks.constraint, compiling.own).map((one) =>
    constraintRule(one, { codesOf: (valueSet) => codesOf(valueSet)?.has }, missed),
  );
  return all<Item>([...constraints, contentRule(tree, [type], compiling)]) ?? HOLDS;
}

function compilingOf(workshop: Workshop, { resource, package: from }: Found, tree: ProfileNode): Compiling {
  const contents = new Map<ProfileNode, ItemRule>();
  const compiling: Compiling = {
    elsewhere: elsewhereOf(workshop, from),
    own: new Set((resource.differential?.element ?? []).flatMap(({ constraint = [] }) => constraint.map(({ key }) => key))),
    conformance(canonicals) {
      for (const canonical of canonicals)
        if (!isR4Type(canonical) && !workshop.source.profile(canonical, from)) workshop.source.missed?.('profiles', canonical);
      return conformance(canonicals, (canonical) => checkerOf(workshop, canonical, from));
    },
    node: (path) => nodeAt(tree, path),
    content(node, types) {
      const known = contents.get(node) ?? lazily(() => contentRule(node, types, compiling) ?? HOLDS);
      contents.set(node, known);
      return known;
    },
  };
  return compiling;
}

const elsewhereOf = (workshop: Workshop, from: string): Elsewhere => ({
  missed: (kind, what) => workshop.source.missed?.(kind, what),
  treeOf(canonical) {
    const found = workshop.source.profile(canonical, from);
    return found && treeFor(workshop, found);
  },
  typeOf: (canonical) => workshop.source.typeOf(canonical, from),
  codesOf: (valueSet) => workshop.source.codes(valueSet, from),
  conforms(canonical) {
    const rule = checkerOf(workshop, canonical, from)?.rule;
    return rule && ((item, around) => rule.holds(item, around));
  },
});

/** Profiles may lead to each other in a circle, so their checkers are looked up when something is checked. */
function lazily(make: () => ItemRule): ItemRule {
  let made: ItemRule | undefined;
  const rule = (): ItemRule => {
    made ??= make();
    return made;
  };
  return { holds: (item, around) => rule().holds(item, around), faults: (item, around) => rule().faults(item, around) };
}

/** One of several profiles is enough. */
function conformance(canonicals: string[], of: (canonical: string) => Checker | undefined): ItemRule | undefined {
  const named = canonicals.filter((canonical) => !isR4Type(canonical));
  if (!named.length) return undefined;
  return lazily(() => {
    const rules = named.map((canonical) => ruleOf(canonical, of));
    return rules.length === 1 ? rules[0]! : anyOf(rules);
  });
}

function ruleOf(canonical: string, of: (canonical: string) => Checker | undefined): ItemRule {
  const unchecked = (why: string) => notChecked<Item>({ severity: 'information', code: 'not-supported', text: why, at: [] });
  try {
    return of(canonical)?.rule ?? unchecked(`the profile ${canonical} is not loaded, so nothing is checked against it here`);
  } catch (error) {
    if (error instanceof Unusable) return unchecked(`nothing is checked against the profile ${canonical} here: ${error.message}`);
    throw error;
  }
}

const anyOf = (rules: ItemRule[]): ItemRule => ({
  holds: (item, around) => rules.some((rule) => rule.holds(item, around)),
  faults: (item, around) => (rules.find((rule) => rule.holds(item, around)) ?? rules[0]!).faults(item, around),
});
