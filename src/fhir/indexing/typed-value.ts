// The values that an expression finds in a resource, each with its type.
import type { Resource } from '../types.ts';

/** A value and its FHIR type (`HumanName`, `code`); backbone elements by path (`Patient.contact`). */
export interface TypedValue {
  type: string;
  value: unknown;
}

/** A compiled expression. `types`: all its values can be of; undefined when only running it will tell (it is outside of the subset). */
export interface CompiledExpression {
  types: string[] | undefined;
  evaluate(resource: Resource): TypedValue[];
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
