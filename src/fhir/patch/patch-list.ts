// Members of elements as they stand in JSON: a list of primitives has its extensions in a list beside it. https://hl7.org/fhir/R4/json.html#primitive
import type { Key } from '../json-tree.ts';

type Node = Record<string, unknown>;

/** A place taken apart: the element it belongs to, its name, and which member of a list it is. */
export function memberOf(at: readonly Key[]): { owner: Key[]; key: string; index?: number } {
  const last = at.at(-1);
  if (typeof last !== 'number') return { owner: at.slice(0, -1), key: last! };
  return { owner: at.slice(0, -2), key: at.at(-2) as string, index: last };
}

/** The node with one member more in a list. */
export function withMember(node: Node, key: string, { at, value }: { at: number; value: unknown }): Node {
  const items = (node[key] ?? []) as unknown[];
  const beside = node[`_${key}`];
  const made = { ...node, [key]: items.toSpliced(at, 0, value) };
  return Array.isArray(beside) ? { ...made, [`_${key}`]: padded(beside, items.length).toSpliced(at, 0, null) } : made;
}

/** The node without an element, or without one member of a list; what stood beside it goes with it. */
export function withoutMember(node: Node, key: string, index: number | undefined): Node {
  const beside = `_${key}`;
  const { [key]: value, [beside]: other, ...rest } = node;
  if (index === undefined) return rest;
  const items = (value as unknown[]).toSpliced(index, 1);
  const others = Array.isArray(other) ? padded(other, (value as unknown[]).length).toSpliced(index, 1) : [];
  return {
    ...rest,
    ...(items.length && { [key]: items }),
    ...(others.some((one) => one !== null) && { [beside]: others }),
  };
}

const padded = (list: unknown[], length: number): unknown[] => [...list, ...Array.from({ length: length - list.length }, () => null)];
