// Determines the slice of an item of a list. https://hl7.org/fhir/R4/profiling.html#discriminator

import { compileFhirPath } from '../fhirpath/compile.ts';
import type { FhirPathNode } from '../fhirpath/node.ts';
import { parseFhirPath, type SyntaxTree } from '../fhirpath/parser.ts';
import { buildTypeTest } from '../fhirpath/type-test.ts';
import { isElement } from '../json-values.ts';
import { findContainedResource, readReferenceType } from '../reference.ts';
import { mayBeInValueSet, type ValueSetCodes } from './binding.ts';
import { type ReportUnchecked, type Slicing, UnusableDefinitionError } from './definition.ts';
import type { ElementItem, ResourceContext } from './rule.ts';
import type { ProfileNode } from './tree.ts';
import { buildPatternTest, buildValueTest, findTypedValue } from './value-rules.ts';

/** Lookups of other definitions: the tree and the type of a profile, the codes of a value set, conformance. */
export interface ExternalDefinitions {
  reportUnchecked: ReportUnchecked;
  findTree(canonical: string): ProfileNode | undefined;
  findType(canonical: string): string | undefined;
  findCodes(valueSet: string): ValueSetCodes | undefined;
  findConformanceTest(canonical: string): ((item: ElementItem, context: ResourceContext) => boolean) | undefined;
}

export type SliceMatcher = (item: ElementItem, context: ResourceContext) => boolean;
type Discriminator = NonNullable<Slicing['discriminator']>[number];

/**
 * The test whether an item belongs to a slice: it must match all discriminators that the slice defines. Throws UnusableDefinitionError if the slice defines none.
 * https://hl7.org/fhir/R4/elementdefinition.html#ElementDefinition.slicing.discriminator
 */
export function buildSliceMatcher(discriminators: Discriminator[], slice: ProfileNode, definitions: ExternalDefinitions): SliceMatcher {
  const tests: SliceMatcher[] = [];
  const silent: UnusableDefinitionError[] = [];
  for (const discriminator of discriminators) {
    try {
      tests.push(buildDiscriminatorTest(discriminator, slice, definitions));
    } catch (error) {
      if (!(error instanceof UnusableDefinitionError)) throw error;
      silent.push(error);
    }
  }
  const [first, ...others] = tests;
  if (!first) throw silent[0] ?? new UnusableDefinitionError('the slicing has no discriminator');
  return others.length ? (item, context) => tests.every((matches) => matches(item, context)) : first;
}

function buildDiscriminatorTest(discriminator: Discriminator, slice: ProfileNode, definitions: ExternalDefinitions): SliceMatcher {
  const make = Object.hasOwn(DISCRIMINATOR_TYPES, discriminator.type) ? DISCRIMINATOR_TYPES[discriminator.type] : undefined;
  if (!make) throw new UnusableDefinitionError(`the discriminator type ${discriminator.type} is not defined by R4`);
  return make(discriminator.path, slice, definitions);
}

const buildValueMatcher = (path: string, slice: ProfileNode, definitions: ExternalDefinitions): SliceMatcher => {
  const expected = findExpectedValue(toSteps(parseFhirPath(path)), slice, definitions);
  if (!expected) throw new UnusableDefinitionError(`a slice does not fix the value of ${path}`);
  const names = listPlainNames(path, slice);
  if (names) return ({ value }) => hasExpectedValue(value, names, expected);
  const values = compileDiscriminatorPath(path);
  return (item, context) => values(item, context).some(({ value }) => expected(value));
};

/** The element names of a path, if the slice defines all of them and none is a choice. Such a path is read directly from the JSON. */
function listPlainNames(path: string, slice: ProfileNode): string[] | undefined {
  const names = path === '$this' ? [] : path.split('.');
  let node: ProfileNode | undefined = slice;
  for (const name of names) {
    node = node?.children.get(name);
    if (!node && name !== 'url') return undefined;
  }
  return names;
}

/** Whether a value at the path of names has the expected value. */
function hasExpectedValue(value: unknown, names: readonly string[], expected: Expected, at = 0): boolean {
  if (Array.isArray(value)) return value.some((candidate) => hasExpectedValue(candidate, names, expected, at));
  if (at === names.length) return value !== undefined && expected(value);
  return isElement(value) && hasExpectedValue(value[names[at]!], names, expected, at + 1);
}

const DISCRIMINATOR_TYPES: Readonly<Record<string, (path: string, slice: ProfileNode, definitions: ExternalDefinitions) => SliceMatcher>> =
  {
    value: buildValueMatcher,
    pattern: buildValueMatcher,
    exists(path, slice) {
      const node = findNodes(toSteps(parseFhirPath(path)), slice)[0];
      if (!node) throw new UnusableDefinitionError(`a slice does not define ${path}`);
      const values = compileDiscriminatorPath(path);
      const wanted = node.definition.max !== '0';
      return (item, context) => values(item, context).length > 0 === wanted;
    },
    type(path, slice, { findType }) {
      const [plain, resolves] = splitResolve(path);
      const [node] = findNodes(toSteps(parseFhirPath(plain)), slice);
      const types = (node?.definition.type ?? []).flatMap(({ code, targetProfile = [] }) =>
        resolves ? targetProfile.map((profile) => findType(profile) ?? profile.split('/').pop()!) : [code],
      );
      if (!types.length) throw new UnusableDefinitionError(`a slice does not define the type of ${path}`);
      const values = compileDiscriminatorPath(plain);
      const tests = types.map(buildTypeTest);
      const isOne = (found: FhirPathNode, context: ResourceContext) =>
        resolves ? types.includes(findTargetType(found, context)) : tests.some((test) => test(found) === true);
      return (item, context) => values(item, context).some((found) => isOne(found, context));
    },
    profile(path, slice, { findConformanceTest }) {
      if (path !== '$this')
        throw new UnusableDefinitionError(`the discriminator needs the profile of ${path}, which is in another resource`);
      const profiles = (slice.definition.type ?? []).flatMap(({ profile = [] }) => profile).map(findConformanceTest);
      if (!profiles.length || profiles.includes(undefined))
        throw new UnusableDefinitionError('the discriminator needs a profile that is not loaded');
      return (item, context) => profiles.some((candidate) => candidate!(item, context));
    },
  };

const splitResolve = (path: string): [path: string, resolves: boolean] => {
  const plain = path.replace(/\.?resolve\(\)$/, '');
  return [plain === '' ? '$this' : plain, plain !== path];
};

/** The type of a reference's target, from the contained resource or from the text of the reference. */
function findTargetType({ value }: FhirPathNode, { root }: ResourceContext): string {
  const reference = isElement(value) ? value.reference : undefined;
  if (typeof reference === 'string' && reference.startsWith('#'))
    return isElement(root.value) ? String(findContainedResource(root.value, reference)?.resourceType ?? '') : '';
  return isElement(value) ? (readReferenceType(value) ?? '') : '';
}

/** Compiles a path from an item to nodes. Throws UnusableDefinitionError if the path uses resolve(). */
function compileDiscriminatorPath(path: string): (item: ElementItem, context: ResourceContext) => readonly FhirPathNode[] {
  if (path === '$this') return (item) => [item];
  if (path.includes('resolve()')) throw new UnusableDefinitionError(`the discriminator needs ${path}, which is in another resource`);
  const evaluate = compileFhirPath(path, { findCodes: () => undefined });
  return (item, { resource, root }) => evaluate(item, resource, root);
}

/** A step of a path: an element, or a slice chosen by `extension('url')` or `ofType(x)`. */
type Step = { name: string } | { extension: string } | { ofType: string };

function toSteps(syntax: SyntaxTree): Step[] {
  if (syntax.kind === 'dot') return [...toSteps(syntax.left), ...toSteps(syntax.right)];
  if (syntax.kind === 'variable' && syntax.name === '$this') return [];
  if (syntax.kind === 'name') return [{ name: syntax.name }];
  if (syntax.kind === 'call') {
    const [first] = syntax.args;
    if (syntax.name === 'extension' && first?.kind === 'literal') return [{ extension: String(first.value) }];
    if (syntax.name === 'ofType' && first?.kind === 'name') return [{ ofType: first.name }];
    if (syntax.name === 'resolve') return [];
  }
  throw new UnusableDefinitionError('the path of the discriminator is not a simple path');
}

/** All nodes of a tree that define an element: the element, and its slices unless a step chooses one. */
function findNodes(steps: Step[], from: ProfileNode): ProfileNode[] {
  const [step, ...rest] = steps;
  if (!step) return [from];
  return followStep(step, from).flatMap((node) => findNodes(rest, node));
}

function followStep(step: Step, { children, slices }: ProfileNode): ProfileNode[] {
  if ('name' in step) {
    const node = children.get(step.name) ?? children.get(`${step.name}[x]`);
    return node ? [node, ...node.slices.values()] : [];
  }
  if ('ofType' in step) return [...slices.values()].filter(({ definition }) => definition.type?.some(({ code }) => code === step.ofType));
  const extensions = children.get('extension');
  return [...(extensions?.slices.values() ?? [])].filter(({ definition }) =>
    definition.type?.some(({ profile = [] }) => profile.includes(step.extension)),
  );
}

type Expected = (value: unknown) => boolean;

/** The value that a slice requires at a path: from the element, a pattern on a parent element, or the profile of its type. Undefined: no value. */
function findExpectedValue(steps: Step[], slice: ProfileNode, definitions: ExternalDefinitions): Expected | undefined {
  const own = findInheritedValue(steps, slice);
  if (own) return own;
  for (const node of findNodes(steps, slice)) {
    const found = findDescendantValue(node, definitions);
    if (found) return found;
  }
  for (const canonical of (slice.definition.type ?? []).flatMap(({ profile = [] }) => profile)) {
    if (isExtensionUrlStep(steps, slice)) return (value) => value === canonical.split('|')[0];
    const tree = definitions.findTree(canonical);
    if (!tree) throw new UnusableDefinitionError(`the profile ${canonical} is not loaded`);
    const found = findExpectedValue(steps, tree, definitions);
    if (found) return found;
  }
  return undefined;
}

const isExtensionUrlStep = ([step, ...rest]: Step[], { definition }: ProfileNode): boolean =>
  rest.length === 0 &&
  step !== undefined &&
  'name' in step &&
  step.name === 'url' &&
  (definition.type ?? []).every(({ code }) => code === 'Extension');

/** The value from a pattern or fixed value of a parent element: `code` of `patternCoding` for the path `code`. */
function findInheritedValue(steps: Step[], node: ProfileNode): Expected | undefined {
  const given = findTypedValue(node.definition, 'fixed') ?? findTypedValue(node.definition, 'pattern');
  if (given && steps.length) {
    const values = steps.reduce<unknown[]>(
      (found, step) => found.flatMap((candidate) => ('name' in step && isElement(candidate) ? [candidate[step.name]].flat() : [])),
      [given.value],
    );
    const present = values.filter((value) => value !== undefined);
    const tests = present.map(buildPatternTest);
    return tests.length ? (value) => tests.some((has) => has(value)) : undefined;
  }
  const [step, ...rest] = steps;
  return step
    ? followStep(step, node)
        .map((candidate) => findInheritedValue(rest, candidate))
        .find((found) => found !== undefined)
    : undefined;
}

/** The value that a node requires: a fixed value, a required binding, or fixed values of its children. */
function findDescendantValue(node: ProfileNode, definitions: ExternalDefinitions): Expected | undefined {
  const { binding } = node.definition;
  const fixed = buildValueTest(node.definition);
  if (fixed) return fixed;
  const codes = binding?.strength === 'required' && binding.valueSet ? definitions.findCodes(binding.valueSet) : undefined;
  const parts = [...node.children].flatMap(([name, child]): [string, Expected][] => {
    const found = [child, ...child.slices.values()]
      .map((candidate) => findDescendantValue(candidate, definitions))
      .find((candidate) => candidate !== undefined);
    return found && !name.endsWith('[x]') ? [[name, found]] : [];
  });
  const inside = parts.filter(([name]) => node.children.get(name)!.definition.min !== 0);
  if (inside.length)
    return (value) =>
      isElement(value) &&
      inside.every(([name, test]) => [value[name]].flat().some((candidate) => candidate !== undefined && test(candidate)));
  return codes && ((value) => mayBeInValueSet(codes, value));
}
