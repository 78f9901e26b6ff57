// Reads JSON values of unknown form.

/** The value of a JSON text. Undefined: the text is not JSON. */
export function tryParseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether a value is an object and not a list. */
export const isObject = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

/** A member of an object. Undefined: the value is not an object, or has no such member. */
export const readMember = (value: unknown, name: string): unknown => (isObject(value) ? value[name] : undefined);

/** The value if it is an object, otherwise undefined. */
export const toObject = (value: unknown): Record<string, unknown> | undefined => (isObject(value) ? value : undefined);

/** The value if it is an object, otherwise an empty object. */
export const toRecord = (value: unknown): Record<string, unknown> => (isObject(value) ? value : {});

/** The text; any other value converted to text. */
export const toText = (value: unknown): string => (typeof value === 'string' ? value : String(value));

/** The value if it is a list, otherwise an empty list. */
export const toList = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

/** JSON with sorted keys. Values that differ only in the order of keys have the same text. */
export function formatSortedJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(formatSortedJson).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([name, item]) => `${JSON.stringify(name)}:${formatSortedJson(item)}`).join(',')}}`;
}

/** An element of a resource that is an object, as parsed JSON. Its elements may have any form. */
export type Element = Record<string, unknown>;

/** The objects in a list. Empty if the value is not a list. */
export const listObjects = (value: unknown): Element[] => (Array.isArray(value) ? value.filter(isElement) : []);

export const isElement: (value: unknown) => value is Element = isObject;

/** The members of a list as objects. */
export const toRecords = (value: unknown): Record<string, unknown>[] => toList(value).map(toRecord);
