// The differences of two JSON values, element by element, for the server's previews and the console's page. Items of lists are first matched by what is the same, so that
// an inserted item does not change all behind it.
import { toChildPath } from './child-path.ts';

/** What a kind of JSON values is: the server and the page keep the digits of numbers in different ways. */
interface JsonValues<T> {
  isSame(one: T | undefined, other: T | undefined): boolean;
  /** Undefined: not an object. Lists are not objects. */
  readMembers(value: T | undefined): Readonly<Record<string, T>> | undefined;
  /** Undefined: not a list. */
  readItems(value: T | undefined): readonly T[] | undefined;
}

/** `before` or `after` is absent if the element is only in the other value. */
export interface JsonChange<T> {
  /** In the value after, or before where it is removed. */
  path: string;
  before?: T;
  after?: T;
}

/** Returns the function that compares values of a kind. */
export function buildComparison<T>(values: JsonValues<T>): (before: T | undefined, after: T | undefined) => JsonChange<T>[] {
  const compare = (before: T | undefined, after: T | undefined, path: string): JsonChange<T>[] => {
    if (values.isSame(before, after)) return [];
    const items = [values.readItems(before), values.readItems(after)] as const;
    if (items[0] && items[1]) return compareItems(items[0], items[1], path);
    const members = [values.readMembers(before), values.readMembers(after)] as const;
    if (members[0] && members[1]) return compareMembers(members[0], members[1], path);
    return [{ path, ...(before !== undefined && { before }), ...(after !== undefined && { after }) }];
  };
  const compareMembers = (before: Readonly<Record<string, T>>, after: Readonly<Record<string, T>>, path: string): JsonChange<T>[] =>
    [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((name) =>
      compare(readOwn(before, name), readOwn(after, name), toChildPath(path, name)),
    );
  const compareItems = (before: readonly T[], after: readonly T[], path: string): JsonChange<T>[] => {
    const changes: JsonChange<T>[] = [];
    let [one, other] = [0, 0];
    for (const [nextOne, nextOther] of [...matchItems(before, after, values), [before.length, after.length] as const]) {
      // what is between two matches is compared by position
      for (; one < nextOne && other < nextOther; one++, other++)
        changes.push(...compare(before[one], after[other], toChildPath(path, other)));
      for (; one < nextOne; one++) changes.push({ path: toChildPath(path, one), before: before[one]! });
      for (; other < nextOther; other++) changes.push({ path: toChildPath(path, other), after: after[other]! });
      [one, other] = [nextOne + 1, nextOther + 1];
    }
    return changes;
  };
  return (before, after) => compare(before, after, '');
}

const readOwn = <T>(members: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(members, name) ? members[name] : undefined;

/** Longer lists are compared by position only: the table would be too large. */
const LONGEST = 400;

/** The pairs of positions of a longest common subsequence. https://en.wikipedia.org/wiki/Longest_common_subsequence */
function matchItems<T>(before: readonly T[], after: readonly T[], { isSame }: JsonValues<T>): [number, number][] {
  if (before.length > LONGEST || after.length > LONGEST) return [];
  const same = before.map((item) => after.map((other) => isSame(item, other)));
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
