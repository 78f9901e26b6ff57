// Changing a JSON tree without changing it in place: what is not on the way to the place stays the same object.
export type PathKey = string | number;

import { toObject } from './json-values.ts';

type Container = Record<string, unknown> | unknown[];

export const isContainer = (value: unknown): value is Container => value !== null && typeof value === 'object' && !JSON.isRawJSON(value);

/** The value at a place; undefined when there is none. */
export function readValueAt(tree: unknown, place: readonly PathKey[]): unknown {
  let value = tree;
  for (const key of place) value = isContainer(value) && Object.hasOwn(value, key) ? (value as Record<PathKey, unknown>)[key] : undefined;
  return value;
}

/** The tree with another value at a place that is there. `edit` gets what stands there; undefined removes it from an object. */
export function editValueAt(tree: unknown, place: readonly PathKey[], edit: (value: unknown) => unknown): unknown {
  const [key, ...rest] = place;
  if (key === undefined) return edit(tree);
  const old = readValueAt(tree, [key]);
  const next = editValueAt(old, rest, edit);
  if (Array.isArray(tree)) return tree.with(Number(key), next);
  if (next !== undefined) return { ...toObject(tree), [key]: next };
  const { [key]: _removed, ...others } = toObject(tree) ?? {};
  return others;
}
