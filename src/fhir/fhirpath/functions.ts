// The functions of FHIRPath on collections, and those FHIR adds. https://hl7.org/fhirpath/N1/#functions, https://hl7.org/fhir/R4/fhirpath.html#functions
// Functions on texts and numbers: text-functions.ts.

import { isElement, listObjects, readMember } from '../json-values.ts';
import { type EvaluationScope, type Evaluator, type FhirPathFunction, UnsupportedExpressionError } from './evaluator.ts';
import {
  buildNode,
  type Collection,
  EMPTY,
  type FhirPathNode,
  findAllChildren,
  findChildren,
  toBooleanCollection,
  toMemberName,
} from './node.ts';
import { includesNode, readSingleton, toBoolean, unite } from './operators.ts';
import { TEXT_FUNCTIONS } from './text-functions.ts';

const EXTENSION = toMemberName('extension');
const CONTAINED = toMemberName('contained');

const defineFunction = (minArguments: number, build: FhirPathFunction['build'], maxArguments = minArguments): FhirPathFunction => ({
  minArguments,
  maxArguments,
  build,
});

const onCollection = (apply: (focus: Collection) => Collection): FhirPathFunction => defineFunction(0, () => (focus) => apply(focus));

/** The argument is evaluated with the $this of the function. */
const onTwoCollections = (apply: (focus: Collection, other: Collection) => Collection): FhirPathFunction =>
  defineFunction(
    1,
    ([other]) =>
      (focus, scope) =>
        apply(focus, other!(scope.self, scope)),
  );

const toItemScope = (scope: EvaluationScope, node: FhirPathNode, index: number): EvaluationScope => ({ ...scope, self: [node], index });

const meetsCriterion = (criterion: Evaluator, scope: EvaluationScope, node: FhirPathNode, index: number): boolean =>
  toBoolean(criterion([node], toItemScope(scope, node, index))) === true;

const everyEquals = (wanted: boolean) => onCollection((focus) => toBooleanCollection(focus.every(({ value }) => value === wanted)));
const someEquals = (wanted: boolean) => onCollection((focus) => toBooleanCollection(focus.some(({ value }) => value === wanted)));

const readNumber = (nodes: Collection): number => {
  const value = readSingleton(nodes)?.value;
  if (typeof value !== 'number') throw new Error('a number is expected');
  return value;
};

const MAX_REPEATED_NODES = 10_000;

function repeatStep(step: Evaluator, focus: Collection, scope: EvaluationScope): Collection {
  const found: FhirPathNode[] = [];
  let last = focus;
  while (last.length) {
    last = last
      .flatMap((node, index) => step([node], toItemScope(scope, node, index)))
      .filter((node) => !found.some((other) => other.value === node.value));
    found.push(...last);
    if (found.length > MAX_REPEATED_NODES) throw new Error('repeat() does not end');
  }
  return found;
}

const findDescendants = (nodes: Collection): FhirPathNode[] =>
  nodes.flatMap((node) => findAllChildren(node)).flatMap((child) => [child, ...findDescendants([child])]);

/** https://hl7.org/fhir/R4/fhirpath.html#functions */
const memberOf = defineFunction(1, (_args, { literals: [url], findCodes }) => {
  const codes = typeof url === 'string' ? findCodes(url) : undefined;
  if (!codes) throw new UnsupportedExpressionError('memberOf() of a value set whose codes are not known');
  const isMember = ({ value }: FhirPathNode): boolean => {
    if (typeof value === 'string') return codes(undefined, value);
    if (!isElement(value)) return false;
    return Array.isArray(value.coding)
      ? listObjects(value.coding).some(({ system, code }) => codes(system, code))
      : codes(value.system, value.code);
  };
  return (focus) => {
    const node = readSingleton(focus);
    return node ? toBooleanCollection(isMember(node)) : EMPTY;
  };
});

/** Resolves a reference to a contained resource. Any other reference has no result. */
const findContained = (reference: unknown, root: FhirPathNode): FhirPathNode[] => {
  const id = typeof reference === 'string' && reference.startsWith('#') ? reference.slice(1) : undefined;
  if (id === undefined) return [];
  return id === '' ? [root] : findChildren(root, CONTAINED).filter(({ value }) => readMember(value, 'id') === id);
};

export const FUNCTIONS: Readonly<Record<string, FhirPathFunction>> = {
  ...TEXT_FUNCTIONS,
  empty: onCollection((focus) => toBooleanCollection(focus.length === 0)),
  exists: defineFunction(
    0,
    ([criterion]) =>
      (focus, scope) =>
        toBooleanCollection(criterion ? focus.some((node, index) => meetsCriterion(criterion, scope, node, index)) : focus.length > 0),
    1,
  ),
  all: defineFunction(
    1,
    ([criterion]) =>
      (focus, scope) =>
        toBooleanCollection(focus.every((node, index) => meetsCriterion(criterion!, scope, node, index))),
  ),
  allTrue: everyEquals(true),
  allFalse: everyEquals(false),
  anyTrue: someEquals(true),
  anyFalse: someEquals(false),
  not: onCollection((focus) => {
    const value = toBoolean(focus);
    return value === undefined ? EMPTY : toBooleanCollection(!value);
  }),
  count: onCollection((focus) => [buildNode('Integer', focus.length)]),
  distinct: onCollection((focus) => unite(focus, EMPTY)),
  isDistinct: onCollection((focus) => toBooleanCollection(unite(focus, EMPTY).length === focus.length)),
  subsetOf: onTwoCollections((focus, other) => toBooleanCollection(focus.every((node) => includesNode(other, node)))),
  supersetOf: onTwoCollections((focus, other) => toBooleanCollection(other.every((node) => includesNode(focus, node)))),
  where: defineFunction(
    1,
    ([criterion]) =>
      (focus, scope) =>
        focus.filter((node, index) => meetsCriterion(criterion!, scope, node, index)),
  ),
  select: defineFunction(
    1,
    ([projection]) =>
      (focus, scope) =>
        focus.flatMap((node, index) => projection!([node], toItemScope(scope, node, index))),
  ),
  repeat: defineFunction(
    1,
    ([step]) =>
      (focus, scope) =>
        repeatStep(step!, focus, scope),
  ),
  single: onCollection((focus) => {
    const node = readSingleton(focus);
    return node ? [node] : EMPTY;
  }),
  first: onCollection((focus) => focus.slice(0, 1)),
  last: onCollection((focus) => focus.slice(-1)),
  tail: onCollection((focus) => focus.slice(1)),
  skip: onTwoCollections((focus, count) => focus.slice(Math.max(0, readNumber(count)))),
  take: onTwoCollections((focus, count) => focus.slice(0, Math.max(0, readNumber(count)))),
  intersect: onTwoCollections((focus, other) =>
    unite(
      focus.filter((node) => includesNode(other, node)),
      EMPTY,
    ),
  ),
  exclude: onTwoCollections((focus, other) => focus.filter((node) => !includesNode(other, node))),
  union: onTwoCollections(unite),
  combine: onTwoCollections((focus, other) => [...focus, ...other]),
  iif: defineFunction(
    2,
    ([criterion, then, otherwise]) =>
      (focus, scope) => {
        const chosen = toBoolean(criterion!(focus, { ...scope, self: focus })) === true ? then : otherwise;
        return chosen ? chosen(focus, { ...scope, self: focus }) : EMPTY;
      },
    3,
  ),
  children: onCollection((focus) => focus.flatMap(findAllChildren)),
  descendants: onCollection(findDescendants),
  trace: defineFunction(1, () => (focus) => focus, 2),
  extension: defineFunction(1, ([url]) => (focus, scope) => {
    const wanted = readSingleton(url!(scope.self, scope))?.value;
    return focus.flatMap((node) => findChildren(node, EXTENSION)).filter(({ value }) => readMember(value, 'url') === wanted);
  }),
  hasValue: onCollection((focus) =>
    toBooleanCollection(focus.length === 1 && focus[0]!.value !== undefined && !isElement(focus[0]!.value)),
  ),
  getValue: onCollection((focus) => (focus.length === 1 && !isElement(focus[0]!.value) && focus[0]!.value !== undefined ? focus : EMPTY)),
  resolve: defineFunction(
    0,
    (_args, { resolveReference }) =>
      (focus, { context }) =>
        focus.flatMap(({ value }) => resolveReference?.(value) ?? findContained(isElement(value) ? value.reference : value, context.root)),
  ),
  memberOf,
};
