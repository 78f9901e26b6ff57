// Parsed JSON of which nothing is known yet: whether a text is JSON at all, and what in it is an object or a list.

/** What the text says; undefined when it is no JSON. */
export function tryParseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** An object, and no list. */
export const isObject = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

/** A member of an object; undefined where the value is no object or has no such member. */
export const readMember = (value: unknown, name: string): unknown => (isObject(value) ? value[name] : undefined);

/** An object; undefined for every other value. */
export const toObject = (value: unknown): Record<string, unknown> | undefined => (isObject(value) ? value : undefined);

/** What stands in a list; nothing, when it is none. */
export const toList = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

/** JSON with sorted keys: two values say the same when their texts are one, however their keys are ordered. */
export function formatSortedJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(formatSortedJson).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([name, item]) => `${JSON.stringify(name)}:${formatSortedJson(item)}`).join(',')}}`;
}
