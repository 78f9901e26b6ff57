// A fault planted in a mapping: one change of its content, with a name that says which.
import type { MappingSpec } from '../../src/mapping/spec.ts';

export interface Mutant {
  /** `fields.phone.fhir: system='fax'`: where, and what it is now. */
  name: string;
  content: MappingSpec;
}

/** What may stand at some keys instead of what stands there: a new value, or nothing at all. */
export interface Change {
  what: string;
  value: unknown;
}

export const REMOVED = Symbol('gone');

export const removal = (what = 'left out'): Change => ({ what, value: REMOVED });

type Node = Record<string, unknown>;

/** The content with one value changed; all else is the same. */
export function applyChange<T>(node: T, [key, ...rest]: string[], value: unknown): T {
  if (Array.isArray(node)) {
    const at = Number(key);
    if (rest.length) return node.map((item, index) => (index === at ? applyChange(item, rest, value) : item)) as T;
    return (value === REMOVED ? node.filter((_, index) => index !== at) : node.map((item, index) => (index === at ? value : item))) as T;
  }
  const entries = Object.entries(node as Node).flatMap(([name, own]) => {
    if (name !== key) return [[name, own]];
    if (rest.length) return [[name, applyChange(own, rest, value)]];
    return value === REMOVED ? [] : [[name, value]];
  });
  return Object.fromEntries(entries) as T;
}
