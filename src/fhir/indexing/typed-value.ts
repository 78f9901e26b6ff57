// The values that a search expression finds in a resource, with their types.
import type { Resource } from '../types.ts';

/** A value and its FHIR type (`HumanName`, `code`). The type of a backbone element is its path (`Patient.contact`). */
export interface TypedValue {
  type: string;
  value: unknown;
}

/** A compiled expression. `types`: the possible types of its values. Undefined: they are known only when it is evaluated. */
export interface CompiledExpression {
  types: string[] | undefined;
  /** The values from a start. `resource`: the value of %resource; absent: the start is a resource itself. */
  evaluate(start: Resource, resource?: Resource): TypedValue[];
}

/**
 * Reads a value with the reader for its type. Undefined: the table has no reader for the type. The assertion: the value has the form of its FHIR type, because
 * resources are validated before they are indexed.
 */
export const readTypedValue = <R>(
  readers: Readonly<Record<string, (value: never, baseUrl: string) => R>>,
  { type, value }: TypedValue,
  baseUrl = '',
): R | undefined => readers[type]?.(value as never, baseUrl);
