// Elements as they stand in JSON: objects, and lists of objects.
import { isObject } from './json-values.ts';

/** An object of a resource as parsed JSON; its elements may be of any form. */
export type Element = Record<string, unknown>;

/** The objects of a list element; none when it is absent. */
export const items = (value: unknown): Element[] => (Array.isArray(value) ? value.filter(isElement) : []);

export const isElement: (value: unknown) => value is Element = isObject;
