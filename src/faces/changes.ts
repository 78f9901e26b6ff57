// The differences of two JSON values, place by place. Items of lists are first matched by what is the same, as the console does when it compares two versions.
import { isDeepStrictEqual } from 'node:util';
import { isContainer, type PathKey } from '../fhir/json-tree.ts';
import { formatElementPath } from './element-path.ts';

/** `before` or `after` is absent if the place is only in the other value. */
export interface ValueChange {
  /** In the value after, or before where it is removed. */
  path: string;
  before?: unknown;
  after?: unknown;
}

export function listChanges(before: unknown, after: unknown, keys: PathKey[] = []): ValueChange[] {
  if (isDeepStrictEqual(before, after)) return [];
  if (Array.isArray(before) && Array.isArray(after)) return compareLists(before, after, keys);
  if (!isContainer(before) || !isContainer(after) || Array.isArray(before) || Array.isArray(after))
    return [{ path: formatElementPath(keys), ...(before !== undefined && { before }), ...(after !== undefined && { after }) }];
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].flatMap((name) => listChanges(readMember(before, name), readMember(after, name), [...keys, name]));
}

const readMember = (object: Record<string, unknown>, name: string): unknown => (Object.hasOwn(object, name) ? object[name] : undefined);

function compareLists(before: unknown[], after: unknown[], keys: PathKey[]): ValueChange[] {
  const changes: ValueChange[] = [];
  let [one, other] = [0, 0];
  for (const [nextOne, nextOther] of [...matchItems(before, after), [before.length, after.length] as const]) {
    // what is between two matches is compared by position
    for (; one < nextOne && other < nextOther; one++, other++) changes.push(...listChanges(before[one], after[other], [...keys, other]));
    for (; one < nextOne; one++) changes.push({ path: formatElementPath([...keys, one]), before: before[one] });
    for (; other < nextOther; other++) changes.push({ path: formatElementPath([...keys, other]), after: after[other] });
    [one, other] = [nextOne + 1, nextOther + 1];
  }
  return changes;
}

/** Longer lists are compared by position only: the table would be too large. */
const LONGEST = 400;

/** The pairs of positions of a longest common subsequence. https://en.wikipedia.org/wiki/Longest_common_subsequence */
function matchItems(before: unknown[], after: unknown[]): [number, number][] {
  if (before.length > LONGEST || after.length > LONGEST) return [];
  const same = before.map((item) => after.map((other) => isDeepStrictEqual(item, other)));
  const lengths = Array.from({ length: before.length + 1 }, () => new Array<number>(after.length + 1).fill(0));
  for (let one = before.length - 1; one >= 0; one--)
    for (let other = after.length - 1; other >= 0; other--)
      lengths[one]![other] = same[one]![other]
        ? lengths[one + 1]![other + 1]! + 1
        : Math.max(lengths[one + 1]![other]!, lengths[one]![other + 1]!);
  const pairs: [number, number][] = [];
  for (let one = 0, other = 0; one < before.length && other < after.length; ) {
    if (same[one]![other]) pairs.push([one++, other++]);
    else if (lengths[one + 1]![other]! >= lengths[one]![other + 1]!) one++;
    else other++;
  }
  return pairs;
}
