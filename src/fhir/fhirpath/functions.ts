// The functions of FHIRPath on collections, and those FHIR adds. https://hl7.org/fhirpath/N1/#functions, https://hl7.org/fhir/R4/fhirpath.html#functions
// Functions on texts and numbers: text-functions.ts.
import { isElement, items } from '../element.ts';
import { isSame } from './compare.ts';
import { type Evaluate, type FhirPathFunction, type Scope, Unsupported } from './evaluation.ts';
import { allChildren, childrenOf, memberNamed, NONE, type Node, type Nodes, nodeOf, truth } from './node.ts';
import { asTruth, singleton, unionOf } from './operators.ts';
import { TEXT_FUNCTIONS } from './text-functions.ts';

const EXTENSION = memberNamed('extension');
const CONTAINED = memberNamed('contained');

const takes = (least: number, of: FhirPathFunction['of'], most = least): FhirPathFunction => ({ least, most, of });

const onFocus = (apply: (focus: Nodes) => Nodes): FhirPathFunction => takes(0, () => (focus) => apply(focus));

/** The argument is evaluated on the same $this as the function itself. */
const onOther = (apply: (focus: Nodes, other: Nodes) => Nodes): FhirPathFunction =>
  takes(
    1,
    ([other]) =>
      (focus, scope) =>
        apply(focus, other!(scope.self, scope)),
  );

const within = (scope: Scope, node: Node, index: number): Scope => ({ ...scope, self: [node], index });

const holds = (criterion: Evaluate, scope: Scope, node: Node, index: number): boolean =>
  asTruth(criterion([node], within(scope, node, index))) === true;

const has = (nodes: Nodes, node: Node): boolean => nodes.some((one) => isSame(one, node));

const allAre = (wanted: boolean) => onFocus((focus) => truth(focus.every(({ value }) => value === wanted)));
const anyIs = (wanted: boolean) => onFocus((focus) => truth(focus.some(({ value }) => value === wanted)));

const numberOf = (nodes: Nodes): number => {
  const value = singleton(nodes)?.value;
  if (typeof value !== 'number') throw new Error('a number is expected');
  return value;
};

const MOST_REPEATS = 10_000;

function repeated(step: Evaluate, focus: Nodes, scope: Scope): Nodes {
  const found: Node[] = [];
  let last = focus;
  while (last.length) {
    last = last
      .flatMap((node, index) => step([node], within(scope, node, index)))
      .filter((node) => !found.some((one) => one.value === node.value));
    found.push(...last);
    if (found.length > MOST_REPEATS) throw new Error('repeat() does not end');
  }
  return found;
}

const descendants = (nodes: Nodes): Node[] =>
  nodes.flatMap((node) => allChildren(node)).flatMap((child) => [child, ...descendants([child])]);

/** https://hl7.org/fhir/R4/fhirpath.html#functions */
const memberOf = takes(1, (_args, { literals: [url], codesOf }) => {
  const codes = typeof url === 'string' ? codesOf(url) : undefined;
  if (!codes) throw new Unsupported('memberOf() of a value set whose codes are not known');
  const isMember = ({ value }: Node): boolean => {
    if (typeof value === 'string') return codes(undefined, value);
    if (!isElement(value)) return false;
    return Array.isArray(value.coding)
      ? items(value.coding).some(({ system, code }) => codes(system, code))
      : codes(value.system, value.code);
  };
  return (focus) => {
    const node = singleton(focus);
    return node ? truth(isMember(node)) : NONE;
  };
});

/** Where nobody knows more, only what is contained can be resolved; a reference to anything else leads to nothing. */
const isContained = (reference: unknown, root: Node): Node[] => {
  const id = typeof reference === 'string' && reference.startsWith('#') ? reference.slice(1) : undefined;
  if (id === undefined) return [];
  return id === '' ? [root] : childrenOf(root, CONTAINED).filter(({ value }) => (value as { id?: unknown }).id === id);
};

export const FUNCTIONS: Readonly<Record<string, FhirPathFunction>> = {
  ...TEXT_FUNCTIONS,
  empty: onFocus((focus) => truth(focus.length === 0)),
  exists: takes(
    0,
    ([criterion]) =>
      (focus, scope) =>
        truth(criterion ? focus.some((node, index) => holds(criterion, scope, node, index)) : focus.length > 0),
    1,
  ),
  all: takes(
    1,
    ([criterion]) =>
      (focus, scope) =>
        truth(focus.every((node, index) => holds(criterion!, scope, node, index))),
  ),
  allTrue: allAre(true),
  allFalse: allAre(false),
  anyTrue: anyIs(true),
  anyFalse: anyIs(false),
  not: onFocus((focus) => {
    const value = asTruth(focus);
    return value === undefined ? NONE : truth(!value);
  }),
  count: onFocus((focus) => [nodeOf('Integer', focus.length)]),
  distinct: onFocus((focus) => unionOf(focus, NONE)),
  isDistinct: onFocus((focus) => truth(unionOf(focus, NONE).length === focus.length)),
  subsetOf: onOther((focus, other) => truth(focus.every((node) => has(other, node)))),
  supersetOf: onOther((focus, other) => truth(other.every((node) => has(focus, node)))),
  where: takes(
    1,
    ([criterion]) =>
      (focus, scope) =>
        focus.filter((node, index) => holds(criterion!, scope, node, index)),
  ),
  select: takes(
    1,
    ([of]) =>
      (focus, scope) =>
        focus.flatMap((node, index) => of!([node], within(scope, node, index))),
  ),
  repeat: takes(
    1,
    ([step]) =>
      (focus, scope) =>
        repeated(step!, focus, scope),
  ),
  single: onFocus((focus) => {
    const node = singleton(focus);
    return node ? [node] : NONE;
  }),
  first: onFocus((focus) => focus.slice(0, 1)),
  last: onFocus((focus) => focus.slice(-1)),
  tail: onFocus((focus) => focus.slice(1)),
  skip: onOther((focus, count) => focus.slice(Math.max(0, numberOf(count)))),
  take: onOther((focus, count) => focus.slice(0, Math.max(0, numberOf(count)))),
  intersect: onOther((focus, other) =>
    unionOf(
      focus.filter((node) => has(other, node)),
      NONE,
    ),
  ),
  exclude: onOther((focus, other) => focus.filter((node) => !has(other, node))),
  union: onOther(unionOf),
  combine: onOther((focus, other) => [...focus, ...other]),
  iif: takes(
    2,
    ([criterion, then, otherwise]) =>
      (focus, scope) => {
        const chosen = asTruth(criterion!(focus, { ...scope, self: focus })) === true ? then : otherwise;
        return chosen ? chosen(focus, { ...scope, self: focus }) : NONE;
      },
    3,
  ),
  children: onFocus((focus) => focus.flatMap(allChildren)),
  descendants: onFocus(descendants),
  trace: takes(1, () => (focus) => focus, 2),
  extension: takes(1, ([url]) => (focus, scope) => {
    const wanted = singleton(url!(scope.self, scope))?.value;
    return focus.flatMap((node) => childrenOf(node, EXTENSION)).filter(({ value }) => (value as { url?: unknown }).url === wanted);
  }),
  hasValue: onFocus((focus) => truth(focus.length === 1 && focus[0]!.value !== undefined && !isElement(focus[0]!.value))),
  getValue: onFocus((focus) => (focus.length === 1 && !isElement(focus[0]!.value) && focus[0]!.value !== undefined ? focus : NONE)),
  resolve: takes(
    0,
    (_args, { leadsTo }) =>
      (focus, { world }) =>
        focus.flatMap(({ value }) => leadsTo?.(value) ?? isContained(isElement(value) ? value.reference : value, world.root)),
  ),
  memberOf,
};
