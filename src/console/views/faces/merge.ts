// Three-way merge of JSON: both sides' changes since a common base. What only one side changed is taken; what both changed differently is a conflict.
import { toChildPath } from '../../../json-changes/child-path.ts';
import { isJsonObject, isSame, type Json, type JsonObject } from '../../api/exact-json.ts';

/** Absent: the value is not there on that side. */
export interface Conflict {
  path: string;
  base: Json | undefined;
  mine: Json | undefined;
  theirs: Json | undefined;
}

export type Choice = 'mine' | 'theirs';

interface Merge {
  /** Undefined: both sides removed it. */
  merged: Json | undefined;
  conflicts: Conflict[];
}

interface Sides {
  base: Json | undefined;
  mine: Json | undefined;
  theirs: Json | undefined;
}

/** `choices`: path of a conflict → whose value is taken; without one it is mine. */
export function merge(sides: Sides, choices: ReadonlyMap<string, Choice> = new Map()): Merge {
  const conflicts: Conflict[] = [];
  const mergeAt = ({ base, mine, theirs }: Sides, path: string): Json | undefined => {
    if (isSame(mine, theirs) || isSame(base, theirs)) return mine;
    if (isSame(base, mine)) return theirs;
    if (isJsonObject(mine) && isJsonObject(theirs)) return mergeMembers({ base: isJsonObject(base) ? base : {}, mine, theirs }, path);
    // in lists that became longer or shorter it is not known which items belong together
    if (Array.isArray(base) && Array.isArray(mine) && Array.isArray(theirs) && mine.length === base.length && theirs.length === base.length)
      return mine.map((item, at) => mergeAt({ base: base[at], mine: item, theirs: theirs[at] }, toChildPath(path, at))!);
    conflicts.push({ path, base, mine, theirs });
    return choices.get(path) === 'theirs' ? theirs : mine;
  };
  const mergeMembers = ({ base, mine, theirs }: Record<keyof Sides, JsonObject>, path: string): JsonObject => {
    const names = new Set([...Object.keys(mine), ...Object.keys(theirs)]);
    const members = [...names].map((name): [string, Json | undefined] => [
      name,
      mergeAt({ base: base[name], mine: mine[name], theirs: theirs[name] }, toChildPath(path, name)),
    ]);
    return Object.fromEntries(members.filter((member): member is [string, Json] => member[1] !== undefined));
  };
  return { merged: mergeAt(sides, ''), conflicts };
}

/** Whether a content has all changes of mine since the base: merging them would change nothing. */
export function contains(content: Json, { base, mine }: Pick<Sides, 'base' | 'mine'>): boolean {
  const { merged, conflicts } = merge({ base, mine, theirs: content });
  return conflicts.length === 0 && isSame(merged, content);
}
