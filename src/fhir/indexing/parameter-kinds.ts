// The kinds of search parameters with single elements as values, and the traits that follow from the types of these elements.
// https://hl7.org/fhir/R4/search.html#ptypes
import { DATE_RANGES } from '../date-range.ts';
import { NUMBER_RANGES } from './number-values.ts';
import { REFERENCE_TARGETS } from './reference-values.ts';
import { STRING_TEXTS } from './string-values.ts';
import { CASE_INSENSITIVE_TYPES, canHaveSystem, TOKEN_VALUES } from './token-values.ts';

const ELEMENT_TYPES = {
  token: TOKEN_VALUES,
  string: STRING_TEXTS,
  date: DATE_RANGES,
  reference: REFERENCE_TARGETS,
  uri: REFERENCE_TARGETS,
  number: NUMBER_RANGES,
  quantity: NUMBER_RANGES,
};

/** A kind whose values are single elements. */
export type ValueKind = keyof typeof ELEMENT_TYPES;

export const isValueKind = (kind: string): kind is ValueKind => Object.hasOwn(ELEMENT_TYPES, kind);

/** The element types that a kind of parameter can index. */
export const listElementTypes = (kind: ValueKind): ReadonlySet<string> => new Set(Object.keys(ELEMENT_TYPES[kind]));

/** The implied systems of true and false. https://hl7.org/fhir/R4/search.html#token */
const BOOLEAN_SYSTEMS = ['http://hl7.org/fhir/special-values', 'http://terminology.hl7.org/CodeSystem/special-values'];

/** The traits of the values of a token parameter. */
export interface TokenTraits {
  /** Whether case is ignored. */
  caseInsensitive: boolean;
  /** Whether no value has a system in its JSON. */
  withoutSystem: boolean;
  /** The implied code systems of its `code` elements. */
  systems: string[];
}

/** `types` undefined: the types are known only when the expression is evaluated. */
export function buildTokenTraits(types: readonly string[] | undefined, systems: string[] = []): TokenTraits {
  const every = (test: (type: string) => boolean): boolean => types?.every(test) ?? false;
  return {
    caseInsensitive: every((type) => CASE_INSENSITIVE_TYPES.has(type)),
    withoutSystem: every((type) => !canHaveSystem(type)),
    systems: every((type) => type === 'boolean') ? BOOLEAN_SYSTEMS : systems,
  };
}
