// Edits JSON trees without mutation. Values outside the path to the edited value stay the same objects.
export type PathKey = string | number;

import { toObject } from './json-values.ts';

type Container = Record<string, unknown> | unknown[];

export const isContainer = (value: unknown): value is Container => value !== null && typeof value === 'object' && !JSON.isRawJSON(value);

/** The value at a path, or undefined. The assertion: a container can be read by any key. */
export function readValueAt(tree: unknown, place: readonly PathKey[]): unknown {
  let value = tree;
  for (const key of place) value = isContainer(value) && Object.hasOwn(value, key) ? (value as Record<PathKey, unknown>)[key] : undefined;
  return value;
}

/** The tree with an edited value at a path that exists. `edit` gets the current value. If it returns undefined, the member is removed from its object. */
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
