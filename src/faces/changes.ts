// The differences of two JSON values, place by place.
import { isDeepStrictEqual } from 'node:util';
import { isContainer, type PathKey } from '../fhir/json-tree.ts';
import { formatElementPath } from './element-path.ts';

/** `before` or `after` is absent if the place is only in the other value. */
export interface ValueChange {
  path: string;
  before?: unknown;
  after?: unknown;
}

/** Members of lists are compared by position. */
export function listChanges(before: unknown, after: unknown, keys: PathKey[] = []): ValueChange[] {
  if (isDeepStrictEqual(before, after)) return [];
  if (!isContainer(before) || !isContainer(after) || Array.isArray(before) !== Array.isArray(after))
    return [{ path: formatElementPath(keys), ...(before !== undefined && { before }), ...(after !== undefined && { after }) }];
  const [one, other] = [new Map(Object.entries(before)), new Map(Object.entries(after))];
  const names = new Set([...one.keys(), ...other.keys()]);
  return [...names].flatMap((name) => listChanges(one.get(name), other.get(name), [...keys, Array.isArray(before) ? Number(name) : name]));
}
