// Converts JSON values of type unknown, whose kind a schema or a FHIR type guarantees, into typed values without type assertions.
import { isObject } from '../fhir/json-values.ts';

/** The text; any other value converted to text. */
export const toText = (value: unknown): string => (typeof value === 'string' ? value : String(value));

/** The object; an empty one when it is missing. */
export const toObject = (value: unknown): Record<string, unknown> => (isObject(value) ? value : {});

/** The list; an empty one when it is missing. */
export const toList = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

/** The objects of a list. */
export const toObjects = (value: unknown): Record<string, unknown>[] => toList(value).map(toObject);
