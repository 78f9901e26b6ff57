// The kinds of search parameter that are made of element values, and what follows from the types of those values.
// https://hl7.org/fhir/R4/search.html#ptypes
import { DATES } from './date-values.ts';
import { NUMBERS } from './number-values.ts';
import { REFERENCES } from './reference-values.ts';
import { STRINGS } from './string-values.ts';
import { CASELESS, hasSystem, TOKENS } from './token-values.ts';

const TYPES_OF = {
  token: TOKENS,
  string: STRINGS,
  date: DATES,
  reference: REFERENCES,
  uri: REFERENCES,
  number: NUMBERS,
  quantity: NUMBERS,
};

/** A kind whose values are single elements. */
export type ValueKind = keyof typeof TYPES_OF;

export const isValueKind = (kind: string): kind is ValueKind => Object.hasOwn(TYPES_OF, kind);

/** The element types that values of a kind can be made of. */
export const typesOfKind = (kind: ValueKind): ReadonlySet<string> => new Set(Object.keys(TYPES_OF[kind]));

/** FHIR's implied system of true and false. https://hl7.org/fhir/R4/search.html#token */
const BOOLEANS = ['http://hl7.org/fhir/special-values', 'http://terminology.hl7.org/CodeSystem/special-values'];

/** What the values of a token parameter are like. */
export interface TokenTraits {
  /** Whether case is ignored. */
  caseless: boolean;
  /** Whether none of its values can name a system. */
  systemless: boolean;
  /** Code systems its `code` elements imply without naming them. */
  systems: string[];
}

/** Undefined types: only running the expression will tell. */
export function tokenTraits(types: readonly string[] | undefined, systems: string[] = []): TokenTraits {
  const every = (test: (type: string) => boolean): boolean => types?.every(test) ?? false;
  return {
    caseless: every((type) => CASELESS.has(type)),
    systemless: every((type) => !hasSystem(type)),
    systems: every((type) => type === 'boolean') ? BOOLEANS : systems,
  };
}
