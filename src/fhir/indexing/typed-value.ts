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
 * What the reader for the type of a value makes of it; undefined where the table has none for the type. The one assertion that a value has the form of its
 * FHIR type: resources are validated before they are indexed.
 */
export const readTypedValue = <R>(
  readers: Readonly<Record<string, (value: never, baseUrl: string) => R>>,
  { type, value }: TypedValue,
  baseUrl = '',
): R | undefined => readers[type]?.(value as never, baseUrl);
