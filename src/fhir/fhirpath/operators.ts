// The operators of FHIRPath, by their sign. https://hl7.org/fhirpath/N1/#operations
import { equal, equivalent, isSame, order } from './compare.ts';
import type { Evaluate } from './evaluation.ts';
import { FALSE, NONE, type Node, type Nodes, nodeOf, TRUE, truth } from './node.ts';

type Operator = (left: Evaluate, right: Evaluate) => Evaluate;

/** The one node of a collection; undefined when there is none, an Error when there are several. https://hl7.org/fhirpath/N1/#singleton-evaluation-of-collections */
export function singleton(nodes: Nodes): Node | undefined {
  if (nodes.length > 1) throw new Error('one value is expected, and there are several');
  return nodes[0];
}

/** A collection as a condition: anything but one boolean counts as true (published constraints say `telecom or endpoint` of lists). */
export function asTruth(nodes: Nodes): boolean | undefined {
  const [node, ...others] = nodes;
  return node === undefined ? undefined : typeof node.value === 'boolean' && others.length === 0 ? node.value : true;
}

/** `and` is decided by one false side, `or` by one true side; otherwise both must be known. */
const deciding =
  (decides: boolean): Operator =>
  (left, right) =>
  (focus, scope) => {
    const first = asTruth(left(focus, scope));
    if (first === decides) return truth(decides);
    const second = asTruth(right(focus, scope));
    if (second === decides) return truth(decides);
    return first === undefined || second === undefined ? NONE : truth(!decides);
  };

const onBoth =
  (apply: (left: Nodes, right: Nodes) => Nodes): Operator =>
  (left, right) =>
  (focus, scope) =>
    apply(left(focus, scope), right(focus, scope));

/** Both sides are one value; nothing on one of them is nothing in all. */
const onValues = (apply: (left: Node, right: Node) => Nodes): Operator =>
  onBoth((left, right) => {
    const [a, b] = [singleton(left), singleton(right)];
    return a && b ? apply(a, b) : NONE;
  });

const compared = (test: (order: number) => boolean): Operator =>
  onValues((a, b) => {
    const found = order(a, b);
    return found === undefined ? NONE : truth(test(found));
  });

const calculated = (apply: (a: number, b: number) => number): Operator =>
  onValues((a, b) => {
    if (a.value === undefined || b.value === undefined) return NONE;
    if (typeof a.value !== 'number' || typeof b.value !== 'number') throw new Error('numbers are expected');
    const value = apply(a.value, b.value);
    return Number.isFinite(value) ? [nodeOf(Number.isInteger(value) ? 'Integer' : 'Decimal', value)] : NONE;
  });

const plus = calculated((a, b) => a + b);

const not = (value: boolean | undefined): boolean | undefined => (value === undefined ? undefined : !value);

/** Distinct nodes of both, in order. */
export function unionOf(left: Nodes, right: Nodes): Nodes {
  const found: Node[] = [];
  for (const node of [...left, ...right]) if (!found.some((one) => isSame(one, node))) found.push(node);
  return found;
}

const isIn = (node: Node | undefined, nodes: Nodes): Nodes => (node ? truth(nodes.some((one) => isSame(one, node))) : NONE);

export const OPERATORS: Readonly<Record<string, Operator>> = {
  and: deciding(false),
  or: deciding(true),
  xor: onBoth((left, right) => {
    const [a, b] = [asTruth(left), asTruth(right)];
    return a === undefined || b === undefined ? NONE : truth(a !== b);
  }),
  implies: (left, right) => (focus, scope) => {
    const condition = asTruth(left(focus, scope));
    if (condition === false) return TRUE;
    const consequence = asTruth(right(focus, scope));
    if (consequence === true) return TRUE;
    return condition === true && consequence === false ? FALSE : NONE;
  },
  '=': onBoth((left, right) => truth(equal(left, right))),
  '!=': onBoth((left, right) => truth(not(equal(left, right)))),
  '~': onBoth((left, right) => truth(equivalent(left, right))),
  '!~': onBoth((left, right) => truth(!equivalent(left, right))),
  '<': compared((found) => found < 0),
  '>': compared((found) => found > 0),
  '<=': compared((found) => found <= 0),
  '>=': compared((found) => found >= 0),
  in: onBoth((left, right) => isIn(singleton(left), right)),
  contains: onBoth((left, right) => isIn(singleton(right), left)),
  '|': onBoth(unionOf),
  '+': (left, right) => {
    const numbers = plus(left, right);
    return (focus, scope) => {
      const [a, b] = [singleton(left(focus, scope)), singleton(right(focus, scope))];
      if (typeof a?.value === 'string' && typeof b?.value === 'string') return [nodeOf('String', a.value + b.value)];
      return numbers(focus, scope);
    };
  },
  '-': calculated((a, b) => a - b),
  '*': calculated((a, b) => a * b),
  '/': calculated((a, b) => a / b),
  div: calculated((a, b) => Math.trunc(a / b)),
  mod: calculated((a, b) => a % b),
  '&': onBoth((left, right) => [nodeOf('String', `${singleton(left)?.value ?? ''}${singleton(right)?.value ?? ''}`)]),
};
