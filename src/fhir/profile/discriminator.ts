// How it is told which slice an item of a list belongs to. https://hl7.org/fhir/R4/profiling.html#discriminator

import { type Element, isElement } from '../element.ts';
import { compileFhirPath } from '../fhirpath/evaluate.ts';
import type { Node } from '../fhirpath/node.ts';
import { parseFhirPath, type Syntax } from '../fhirpath/syntax.ts';
import { typeTest } from '../fhirpath/types.ts';
import { localTarget } from '../local-target.ts';
import { referencedType } from '../reference-target.ts';
import { mayBeIn } from './binding.ts';
import type { Codes } from './codes.ts';
import { type Missed, type Slicing, Unusable } from './definition.ts';
import type { Around, Item } from './rule.ts';
import type { ProfileNode } from './tree.ts';
import { containing, valueTest, valueUnder } from './values.ts';

/** What the slices' own definitions leave to others: the tree and the type of a profile, the codes of a value set, conformance. */
export interface Elsewhere {
  missed: Missed;
  treeOf(canonical: string): ProfileNode | undefined;
  typeOf(canonical: string): string | undefined;
  codesOf(valueSet: string): Codes | undefined;
  conforms(canonical: string): ((item: Item, around: Around) => boolean) | undefined;
}

export type Matches = (item: Item, around: Around) => boolean;
type Discriminator = NonNullable<Slicing['discriminator']>[number];

/**
 * Whether an item belongs to a slice: all that is said of its discriminators must be met. Unusable when nothing is said of any of them.
 * https://hl7.org/fhir/R4/elementdefinition.html#ElementDefinition.slicing.discriminator
 */
export function matcherOf(discriminators: Discriminator[], slice: ProfileNode, elsewhere: Elsewhere): Matches {
  const tests: Matches[] = [];
  const silent: Unusable[] = [];
  for (const one of discriminators) {
    try {
      tests.push(testOf(one, slice, elsewhere));
    } catch (error) {
      if (!(error instanceof Unusable)) throw error;
      silent.push(error);
    }
  }
  const [first, ...others] = tests;
  if (!first) throw silent[0] ?? new Unusable('there is no discriminator');
  return others.length ? (item, around) => tests.every((matches) => matches(item, around)) : first;
}

function testOf(discriminator: Discriminator, slice: ProfileNode, elsewhere: Elsewhere): Matches {
  const make = Object.hasOwn(KINDS, discriminator.type) ? KINDS[discriminator.type] : undefined;
  if (!make) throw new Unusable(`slices are told apart by ${discriminator.type}, which is not of R4`);
  return make(discriminator.path, slice, elsewhere);
}

const byValue = (path: string, slice: ProfileNode, elsewhere: Elsewhere): Matches => {
  const expected = expectation(stepsOf(parseFhirPath(path)), slice, elsewhere);
  if (!expected) throw new Unusable(`nothing fixed is said of ${path} of a slice`);
  const names = plainNames(path, slice);
  if (names) return ({ value }) => someAt(value, names, expected);
  const values = valuesAt(path);
  return (item, around) => values(item, around).some(({ value }) => expected(value));
};

/** The names of a path to elements that the slice itself describes, none of them a choice: these are read from the JSON as it is. */
function plainNames(path: string, slice: ProfileNode): string[] | undefined {
  const names = path === '$this' ? [] : path.split('.');
  let node: ProfileNode | undefined = slice;
  for (const name of names) {
    node = node?.children.get(name);
    if (!node && name !== 'url') return undefined;
  }
  return names;
}

/** Whether some value at the names below a value is as expected. */
function someAt(value: unknown, names: readonly string[], expected: Expected, at = 0): boolean {
  if (Array.isArray(value)) return value.some((one) => someAt(one, names, expected, at));
  if (at === names.length) return value !== undefined && expected(value);
  return isElement(value) && someAt(value[names[at]!], names, expected, at + 1);
}

const KINDS: Readonly<Record<string, (path: string, slice: ProfileNode, elsewhere: Elsewhere) => Matches>> = {
  value: byValue,
  pattern: byValue,
  exists(path, slice) {
    const node = nodesAt(stepsOf(parseFhirPath(path)), slice)[0];
    if (!node) throw new Unusable(`nothing is said of ${path} of a slice`);
    const values = valuesAt(path);
    const wanted = node.asks.max !== '0';
    return (item, around) => values(item, around).length > 0 === wanted;
  },
  type(path, slice, { typeOf }) {
    const [plain, resolves] = withoutResolve(path);
    const [node] = nodesAt(stepsOf(parseFhirPath(plain)), slice);
    const types = (node?.asks.type ?? []).flatMap(({ code, targetProfile = [] }) =>
      resolves ? targetProfile.map((profile) => typeOf(profile) ?? profile.split('/').pop()!) : [code],
    );
    if (!types.length) throw new Unusable(`no type is said of ${path} of a slice`);
    const values = valuesAt(plain);
    const tests = types.map(typeTest);
    const isOne = (found: Node, around: Around) =>
      resolves ? types.includes(targetType(found, around)) : tests.some((test) => test(found) === true);
    return (item, around) => values(item, around).some((found) => isOne(found, around));
  },
  profile(path, slice, { conforms }) {
    if (path !== '$this') throw new Unusable(`slices are told apart by the profile of ${path}, which is in another resource`);
    const profiles = (slice.asks.type ?? []).flatMap(({ profile = [] }) => profile).map(conforms);
    if (!profiles.length || profiles.includes(undefined)) throw new Unusable('slices are told apart by a profile that is not loaded');
    return (item, around) => profiles.some((one) => one!(item, around));
  },
};

const withoutResolve = (path: string): [path: string, resolves: boolean] => {
  const plain = path.replace(/\.?resolve\(\)$/, '');
  return [plain === '' ? '$this' : plain, plain !== path];
};

/** The type of resource behind a reference, as its text or what is contained says. */
function targetType({ value }: Node, { root }: Around): string {
  const reference = isElement(value) ? value.reference : undefined;
  if (typeof reference === 'string' && reference.startsWith('#'))
    return (localTarget(root.value as Element, reference)?.resourceType as string | undefined) ?? '';
  return isElement(value) ? (referencedType(value) ?? '') : '';
}

/** The nodes a path leads to from an item. What cannot be followed here (resolve()) makes the slicing unusable. */
function valuesAt(path: string): (item: Item, around: Around) => readonly Node[] {
  if (path === '$this') return (item) => [item];
  if (path.includes('resolve()')) throw new Unusable(`slices are told apart by ${path}, which is in another resource`);
  const evaluate = compileFhirPath(path, { codesOf: () => undefined });
  return (item, { resource, root }) => evaluate(item, resource, root);
}

/** The elements a path names: `extension('url')` and `ofType(x)` choose a slice. */
type Step = { name: string } | { extension: string } | { ofType: string };

function stepsOf(syntax: Syntax): Step[] {
  if (syntax.kind === 'dot') return [...stepsOf(syntax.left), ...stepsOf(syntax.right)];
  if (syntax.kind === 'variable' && syntax.name === '$this') return [];
  if (syntax.kind === 'name') return [{ name: syntax.name }];
  if (syntax.kind === 'call') {
    const [first] = syntax.args;
    if (syntax.name === 'extension' && first?.kind === 'literal') return [{ extension: String(first.value) }];
    if (syntax.name === 'ofType' && first?.kind === 'name') return [{ ofType: first.name }];
    if (syntax.name === 'resolve') return [];
  }
  throw new Unusable('slices are told apart by a path that is not simple');
}

/** All nodes of a tree that speak of a place: the element itself, and its slices where a step does not choose one. */
function nodesAt(steps: Step[], from: ProfileNode): ProfileNode[] {
  const [step, ...rest] = steps;
  if (!step) return [from];
  return next(step, from).flatMap((node) => nodesAt(rest, node));
}

function next(step: Step, { children, slices }: ProfileNode): ProfileNode[] {
  if ('name' in step) {
    const node = children.get(step.name) ?? children.get(`${step.name}[x]`);
    return node ? [node, ...node.slices.values()] : [];
  }
  if ('ofType' in step) return [...slices.values()].filter(({ asks }) => asks.type?.some(({ code }) => code === step.ofType));
  const extensions = children.get('extension');
  return [...(extensions?.slices.values() ?? [])].filter(({ asks }) =>
    asks.type?.some(({ profile = [] }) => profile.includes(step.extension)),
  );
}

type Expected = (value: unknown) => boolean;

/** What a slice says of the value at a path: there, in a pattern above it, or in the profile that its type names. Undefined when nothing. */
function expectation(steps: Step[], slice: ProfileNode, elsewhere: Elsewhere): Expected | undefined {
  const own = valueAbove(steps, slice);
  if (own) return own;
  for (const node of nodesAt(steps, slice)) {
    const found = below(node, elsewhere);
    if (found) return found;
  }
  for (const canonical of (slice.asks.type ?? []).flatMap(({ profile = [] }) => profile)) {
    if (isUrlOfExtension(steps, slice)) return (value) => value === canonical.split('|')[0];
    const tree = elsewhere.treeOf(canonical);
    if (!tree) throw new Unusable(`the profile ${canonical} is not loaded`);
    const found = expectation(steps, tree, elsewhere);
    if (found) return found;
  }
  return undefined;
}

const isUrlOfExtension = ([step, ...rest]: Step[], { asks }: ProfileNode): boolean =>
  rest.length === 0 &&
  step !== undefined &&
  'name' in step &&
  step.name === 'url' &&
  (asks.type ?? []).every(({ code }) => code === 'Extension');

/** A pattern or fixed value that stands on the way: `code` of `patternCoding` where the path is `code`. */
function valueAbove(steps: Step[], node: ProfileNode): Expected | undefined {
  const given = valueUnder(node.asks, 'fixed') ?? valueUnder(node.asks, 'pattern');
  if (given && steps.length) {
    const values = steps.reduce<unknown[]>(
      (found, step) => found.flatMap((one) => ('name' in step && isElement(one) ? [one[step.name]].flat() : [])),
      [given.value],
    );
    const present = values.filter((value) => value !== undefined);
    const tests = present.map(containing);
    return tests.length ? (value) => tests.some((has) => has(value)) : undefined;
  }
  const [step, ...rest] = steps;
  return step
    ? next(step, node)
        .map((one) => valueAbove(rest, one))
        .find((found) => found !== undefined)
    : undefined;
}

/** What is fixed at a node: by value, by a required binding, or by what is fixed of its children. */
function below(node: ProfileNode, elsewhere: Elsewhere): Expected | undefined {
  const { binding } = node.asks;
  const fixed = valueTest(node.asks);
  if (fixed) return fixed;
  const codes = binding?.strength === 'required' && binding.valueSet ? elsewhere.codesOf(binding.valueSet) : undefined;
  const parts = [...node.children].flatMap(([name, child]): [string, Expected][] => {
    const found = [child, ...child.slices.values()].map((one) => below(one, elsewhere)).find((one) => one !== undefined);
    return found && !name.endsWith('[x]') ? [[name, found]] : [];
  });
  const inside = parts.filter(([name]) => node.children.get(name)!.asks.min !== 0);
  if (inside.length)
    return (value) =>
      isElement(value) && inside.every(([name, test]) => [value[name]].flat().some((one) => one !== undefined && test(one)));
  return codes && ((value) => mayBeIn(codes, value));
}
