// Compiles profiles into checkers, each at its first use. https://hl7.org/fhir/R4/profiling.html
// A checker expects a resource that has passed base validation (src/fhir/validation/validate.ts), and checks only the rules that the profile adds.

import { findElement } from '../elements.ts';
import { buildNode } from '../fhirpath/node.ts';
import { readMember } from '../json-values.ts';
import { isBaseProfile } from '../profile-claims.ts';
import type { Fault } from '../validation/schema-rule.ts';
import type { ValueSetCodes } from './binding.ts';
import { buildConstraintRule, filterProfileConstraints } from './constraint.ts';
import { type ReportUnchecked, type StructureDefinition, UnusableDefinitionError } from './definition.ts';
import type { ExternalDefinitions } from './discriminator.ts';
import { buildContentRule, type ProfileCompileContext } from './element-rules.ts';
import { buildUncheckedRule, combineRules, type ElementItem, type ItemRule, type ResourceContext } from './rule.ts';
import { buildProfileTree, findProfileNode, type ProfileNode } from './tree.ts';

/** A profile and its package. */
interface ProfileInPackage {
  package: string;
  resource: StructureDefinition;
}

/** Finds the definitions that profiles use. `from`: the package of the profile. Undefined: not loaded. */
export interface DefinitionSource {
  findProfile(canonical: string, from: string): ProfileInPackage | undefined;
  /** The resource type of a profile. For the target of a reference, only the type is checked. */
  findType(canonical: string, from: string): string | undefined;
  findCodes(valueSet: string, from: string): ValueSetCodes | undefined;
  /** Called during compilation for each rule that cannot be checked. */
  reportUnchecked?: ReportUnchecked;
}

/** A compiled profile. */
export interface ProfileChecker {
  url: string;
  /** The resource type or datatype of the profile. */
  type: string;
  /** Whether a valid R4 resource has no error against the profile. `root`: the containing resource, if the resource is contained. */
  isConformant(resource: object, root?: object): boolean;
  /** All errors, warnings and notes. Their paths start at the resource. */
  findFaults(resource: object, root?: object): Fault[];
  /** The rule for one element inside a resource, such as an extension. */
  rule: ItemRule;
  /** For an extension: the elements that may have it. */
  context: NonNullable<StructureDefinition['context']>;
}

/** The checkers of a set of definitions. Undefined: not loaded. Throws UnusableDefinitionError for a definition that cannot be used. */
export interface ProfileCheckers {
  findChecker(canonical: string, from?: string): ProfileChecker | undefined;
}

interface CheckerCache {
  source: DefinitionSource;
  checkers: Map<StructureDefinition, ProfileChecker | UnusableDefinitionError>;
  trees: Map<StructureDefinition, ProfileNode>;
}

/** Prepares the checkers. A profile is compiled at its first use. */
export function buildProfileCheckers(source: DefinitionSource): ProfileCheckers {
  const cache: CheckerCache = { source, checkers: new Map(), trees: new Map() };
  return { findChecker: (canonical, from = '') => findChecker(cache, canonical, from) };
}

function findChecker(cache: CheckerCache, canonical: string, from: string): ProfileChecker | undefined {
  const found = cache.source.findProfile(canonical, from);
  if (!found) return undefined;
  const known = cache.checkers.get(found.resource) ?? compileOrUnusable(() => compileChecker(cache, found));
  cache.checkers.set(found.resource, known);
  if (known instanceof UnusableDefinitionError) throw known;
  return known;
}

function compileOrUnusable(compile: () => ProfileChecker): ProfileChecker | UnusableDefinitionError {
  try {
    return compile();
  } catch (error) {
    if (error instanceof UnusableDefinitionError) return error;
    throw error;
  }
}

const MAX_BASE_PROFILES = 50;

/** The tree of a profile. `depth`: the number of profiles that are based on it so far. */
function findProfileTree(cache: CheckerCache, { resource, package: from }: ProfileInPackage, depth = 0): ProfileNode {
  const known = cache.trees.get(resource);
  if (known) return known;
  if (depth > MAX_BASE_PROFILES) throw new UnusableDefinitionError(`${resource.url} is based on itself`);
  const tree = buildProfileTree(resource, (base) => {
    const found = cache.source.findProfile(base, from);
    if (!found && !isR4Type(base)) throw new UnusableDefinitionError(`its base ${base} is not loaded`);
    return found && findProfileTree(cache, found, depth + 1);
  });
  cache.trees.set(resource, tree);
  return tree;
}

const BASE = 'http://hl7.org/fhir/StructureDefinition/';

/** Whether a canonical is one of R4's own types, which base validation checks. Includes the quantity types that R4 defines as profiles. */
const isR4Type = (canonical: string): boolean => {
  const [url = ''] = canonical.split('|');
  return isBaseProfile(url) || (url.startsWith(BASE) && findElement(url.slice(BASE.length), 'id') !== undefined);
};

function compileChecker(cache: CheckerCache, found: ProfileInPackage): ProfileChecker {
  const { url, type, context = [] } = found.resource;
  if (!findElement(type, 'id')) throw new UnusableDefinitionError(`${url} is a profile of ${type}, a type that this server does not serve`);
  const tree = findProfileTree(cache, found);
  const rule = buildRootRule(tree, type, buildCompileContext(cache, found, tree));
  const buildResourceContext = (resource: object, root = resource): ResourceContext => ({
    resource: buildNode(type, resource),
    root: buildNode(resourceType(root), root),
  });
  const item = (resource: object): ElementItem => ({ type, value: resource, sibling: undefined, name: '', index: undefined });
  return {
    url,
    type,
    rule,
    context,
    isConformant: (resource, root) => rule.isMet(item(resource), buildResourceContext(resource, root)),
    findFaults: (resource, root) => rule.findFaults(item(resource), buildResourceContext(resource, root)),
  };
}

const resourceType = (resource: object): string => String(readMember(resource, 'resourceType'));

const ALWAYS_VALID: ItemRule = { isMet: () => true, findFaults: () => [] };

function buildRootRule(tree: ProfileNode, type: string, compileContext: ProfileCompileContext): ItemRule {
  const { findCodes, reportUnchecked } = compileContext.definitions;
  const constraints = filterProfileConstraints(tree.definition.constraint, compileContext.ownConstraints).map((constraint) =>
    buildConstraintRule(constraint, { findCodes: (valueSet) => findCodes(valueSet)?.mayContain }, reportUnchecked),
  );
  return combineRules<ElementItem>([...constraints, buildContentRule(tree, [type], compileContext)]) ?? ALWAYS_VALID;
}

function buildCompileContext(cache: CheckerCache, { resource, package: from }: ProfileInPackage, tree: ProfileNode): ProfileCompileContext {
  const contents = new Map<ProfileNode, ItemRule>();
  const compileContext: ProfileCompileContext = {
    definitions: buildExternalDefinitions(cache, from),
    ownConstraints: new Set((resource.differential?.element ?? []).flatMap(({ constraint = [] }) => constraint.map(({ key }) => key))),
    buildConformanceRule(canonicals) {
      for (const canonical of canonicals)
        if (!isR4Type(canonical) && !cache.source.findProfile(canonical, from)) cache.source.reportUnchecked?.('profiles', canonical);
      return buildConformanceRule(canonicals, (canonical) => findChecker(cache, canonical, from));
    },
    findNode: (path) => findProfileNode(tree, path),
    findContentRule(node, types) {
      const known = contents.get(node) ?? buildLazyRule(() => buildContentRule(node, types, compileContext) ?? ALWAYS_VALID);
      contents.set(node, known);
      return known;
    },
  };
  return compileContext;
}

const buildExternalDefinitions = (cache: CheckerCache, from: string): ExternalDefinitions => ({
  reportUnchecked: (kind, what) => cache.source.reportUnchecked?.(kind, what),
  findTree(canonical) {
    const found = cache.source.findProfile(canonical, from);
    return found && findProfileTree(cache, found);
  },
  findType: (canonical) => cache.source.findType(canonical, from),
  findCodes: (valueSet) => cache.source.findCodes(valueSet, from),
  findConformanceTest(canonical) {
    const rule = findChecker(cache, canonical, from)?.rule;
    return rule && ((item, context) => rule.isMet(item, context));
  },
});

/** Creates the rule at its first use, because profiles may refer to each other in a circle. */
function buildLazyRule(make: () => ItemRule): ItemRule {
  let made: ItemRule | undefined;
  const rule = (): ItemRule => {
    made ??= make();
    return made;
  };
  return { isMet: (item, context) => rule().isMet(item, context), findFaults: (item, context) => rule().findFaults(item, context) };
}

/** The rule for an element that must conform to one of several profiles. */
function buildConformanceRule(canonicals: string[], of: (canonical: string) => ProfileChecker | undefined): ItemRule | undefined {
  const named = canonicals.filter((canonical) => !isR4Type(canonical));
  if (!named.length) return undefined;
  return buildLazyRule(() => {
    const rules = named.map((canonical) => findProfileRule(canonical, of));
    return rules.length === 1 ? rules[0]! : buildAnyRule(rules);
  });
}

function findProfileRule(canonical: string, of: (canonical: string) => ProfileChecker | undefined): ItemRule {
  const unchecked = (why: string) =>
    buildUncheckedRule<ElementItem>({ severity: 'information', code: 'not-supported', text: why, path: [] });
  try {
    return of(canonical)?.rule ?? unchecked(`the profile ${canonical} is not loaded, so nothing is checked against it here`);
  } catch (error) {
    if (error instanceof UnusableDefinitionError)
      return unchecked(`nothing is checked against the profile ${canonical} here: ${error.message}`);
    throw error;
  }
}

const buildAnyRule = (rules: ItemRule[]): ItemRule => ({
  isMet: (item, context) => rules.some((rule) => rule.isMet(item, context)),
  findFaults: (item, context) => (rules.find((rule) => rule.isMet(item, context)) ?? rules[0]!).findFaults(item, context),
});
