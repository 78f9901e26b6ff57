// The operators of FHIRPath. https://hl7.org/fhirpath/N1/#operations
import { areCollectionsEqual, areEquivalent, compareNodes, toComparisonKey } from './compare.ts';
import type { Evaluator } from './evaluator.ts';
import { buildNode, type Collection, EMPTY, FALSE, type FhirPathNode, TRUE, toBooleanCollection } from './node.ts';

type Operator = (left: Evaluator, right: Evaluator) => Evaluator;

/** The only node of a collection. Undefined: it is empty. Throws an Error if it has several nodes. https://hl7.org/fhirpath/N1/#singleton-evaluation-of-collections */
export function readSingleton(nodes: Collection): FhirPathNode | undefined {
  if (nodes.length > 1) throw new Error('one value is expected, and there are several');
  return nodes[0];
}

/** A collection as a condition. Anything but a single boolean is true, because published constraints use lists as conditions (`telecom or endpoint`). */
export function toBoolean(nodes: Collection): boolean | undefined {
  const [node, ...others] = nodes;
  return node === undefined ? undefined : typeof node.value === 'boolean' && others.length === 0 ? node.value : true;
}

/** One false side decides `and`, and one true side decides `or`. Otherwise both sides must be known. */
const buildLogicOperator =
  (decides: boolean): Operator =>
  (left, right) =>
  (focus, scope) => {
    const first = toBoolean(left(focus, scope));
    if (first === decides) return toBooleanCollection(decides);
    const second = toBoolean(right(focus, scope));
    if (second === decides) return toBooleanCollection(decides);
    return first === undefined || second === undefined ? EMPTY : toBooleanCollection(!decides);
  };

const onOperands =
  (apply: (left: Collection, right: Collection) => Collection): Operator =>
  (left, right) =>
  (focus, scope) =>
    apply(left(focus, scope), right(focus, scope));

/** Each side is one value. If one side is empty, the result is empty. */
const onSingletons = (apply: (left: FhirPathNode, right: FhirPathNode) => Collection): Operator =>
  onOperands((left, right) => {
    const [a, b] = [readSingleton(left), readSingleton(right)];
    return a && b ? apply(a, b) : EMPTY;
  });

const buildComparison = (test: (order: number) => boolean): Operator =>
  onSingletons((a, b) => {
    const found = compareNodes(a, b);
    return found === undefined ? EMPTY : toBooleanCollection(test(found));
  });

const buildArithmetic = (apply: (a: number, b: number) => number): Operator =>
  onSingletons((a, b) => {
    if (a.value === undefined || b.value === undefined) return EMPTY;
    if (typeof a.value !== 'number' || typeof b.value !== 'number') throw new Error('numbers are expected');
    const value = apply(a.value, b.value);
    return Number.isFinite(value) ? [buildNode(Number.isInteger(value) ? 'Integer' : 'Decimal', value)] : EMPTY;
  });

const addNumbers = buildArithmetic((a, b) => a + b);

const negate = (value: boolean | undefined): boolean | undefined => (value === undefined ? undefined : !value);

/** The distinct nodes of both collections, in order. */
export function unite(left: Collection, right: Collection): Collection {
  const found = new Map<unknown, FhirPathNode>();
  for (const node of [...left, ...right]) {
    const key = toComparisonKey(node);
    if (!found.has(key)) found.set(key, node);
  }
  return [...found.values()];
}

/** Collection → the keys of its values. A collection is searched for each item of another one, and is often the same for all. */
const KEYS = new WeakMap<Collection, ReadonlySet<unknown>>();

/** Whether a collection has a node with the same value. */
export function includesNode(nodes: Collection, node: FhirPathNode): boolean {
  let keys = KEYS.get(nodes);
  if (!keys) {
    keys = new Set(nodes.map(toComparisonKey));
    KEYS.set(nodes, keys);
  }
  return keys.has(toComparisonKey(node));
}

const testMembership = (node: FhirPathNode | undefined, nodes: Collection): Collection =>
  node ? toBooleanCollection(includesNode(nodes, node)) : EMPTY;

export const OPERATORS: Readonly<Record<string, Operator>> = {
  and: buildLogicOperator(false),
  or: buildLogicOperator(true),
  xor: onOperands((left, right) => {
    const [a, b] = [toBoolean(left), toBoolean(right)];
    return a === undefined || b === undefined ? EMPTY : toBooleanCollection(a !== b);
  }),
  implies: (left, right) => (focus, scope) => {
    const condition = toBoolean(left(focus, scope));
    if (condition === false) return TRUE;
    const consequence = toBoolean(right(focus, scope));
    if (consequence === true) return TRUE;
    return condition === true && consequence === false ? FALSE : EMPTY;
  },
  '=': onOperands((left, right) => toBooleanCollection(areCollectionsEqual(left, right))),
  '!=': onOperands((left, right) => toBooleanCollection(negate(areCollectionsEqual(left, right)))),
  '~': onOperands((left, right) => toBooleanCollection(areEquivalent(left, right))),
  '!~': onOperands((left, right) => toBooleanCollection(!areEquivalent(left, right))),
  '<': buildComparison((found) => found < 0),
  '>': buildComparison((found) => found > 0),
  '<=': buildComparison((found) => found <= 0),
  '>=': buildComparison((found) => found >= 0),
  in: onOperands((left, right) => testMembership(readSingleton(left), right)),
  contains: onOperands((left, right) => testMembership(readSingleton(right), left)),
  '|': onOperands(unite),
  '+': (left, right) => {
    const numbers = addNumbers(left, right);
    return (focus, scope) => {
      const [a, b] = [readSingleton(left(focus, scope)), readSingleton(right(focus, scope))];
      if (typeof a?.value === 'string' && typeof b?.value === 'string') return [buildNode('String', a.value + b.value)];
      return numbers(focus, scope);
    };
  },
  '-': buildArithmetic((a, b) => a - b),
  '*': buildArithmetic((a, b) => a * b),
  '/': buildArithmetic((a, b) => a / b),
  div: buildArithmetic((a, b) => Math.trunc(a / b)),
  mod: buildArithmetic((a, b) => a % b),
  '&': onOperands((left, right) => [buildNode('String', `${readSingleton(left)?.value ?? ''}${readSingleton(right)?.value ?? ''}`)]),
};
