// The differences of two JSON values, element by element. Items of lists are first matched by what is the same, so that an inserted item does not change all behind it.
import { isJsonObject, isSame, type Json, toChildPath } from '../../api/exact-json.ts';

export interface JsonChange {
  /** In the value after, or before where it is removed. */
  path: string;
  before?: Json;
  after?: Json;
}

export function listDifferences(before: Json | undefined, after: Json | undefined, path = ''): JsonChange[] {
  if (isSame(before, after)) return [];
  if (Array.isArray(before) && Array.isArray(after)) return diffLists(before, after, path);
  if (isJsonObject(before) && isJsonObject(after)) {
    const names = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...names].flatMap((name) => listDifferences(before[name], after[name], toChildPath(path, name)));
  }
  return [{ path, ...(before !== undefined && { before }), ...(after !== undefined && { after }) }];
}

function diffLists(before: Json[], after: Json[], path: string): JsonChange[] {
  const changes: JsonChange[] = [];
  let [one, other] = [0, 0];
  for (const [nextOne, nextOther] of [...matchItems(before, after), [before.length, after.length]] as const) {
    // what is between two matches is compared by position
    for (; one < nextOne && other < nextOther; one++, other++)
      changes.push(...listDifferences(before[one], after[other], toChildPath(path, other)));
    for (; one < nextOne; one++) changes.push({ path: toChildPath(path, one), before: before[one]! });
    for (; other < nextOther; other++) changes.push({ path: toChildPath(path, other), after: after[other]! });
    [one, other] = [nextOne + 1, nextOther + 1];
  }
  return changes;
}

/** Longer lists are compared by position only: the table would be too large. */
const LONGEST = 400;

/** The pairs of positions of a longest common subsequence. https://en.wikipedia.org/wiki/Longest_common_subsequence */
function matchItems(before: Json[], after: Json[]): [number, number][] {
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
