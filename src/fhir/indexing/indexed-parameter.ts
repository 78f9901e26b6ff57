// A search parameter as far as it makes index rows: its values, and what kind they are of.
import type { TokenTraits, ValueKind } from './parameter-kinds.ts';
import type { Hash, ParameterNumber } from './rows.ts';
import type { CompiledExpression, TypedValue } from './typed-value.ts';

export type ParameterKind = ValueKind | 'composite' | 'special';

/** One parameter of one resource type. The values of a composite are the occurrences it looks at. */
export interface IndexedParameter extends CompiledExpression, TokenTraits {
  code: string;
  type: ParameterKind;
  number: ParameterNumber;
  /** The number of its `:text` rows (token parameters). */
  textNumber: ParameterNumber;
  /** Whether `:contains` is declared, so that a substring index serves it. */
  substringIndexed: boolean;
  /** String parameters: whether names are compared by sound. */
  phonetic: boolean;
  /** The token of a resource that has a value for it. */
  presence: Hash;
  /** Of what was defined: another definition, another hash. */
  definition: Hash;
}

export interface IndexedParameters {
  /** All served parameters of a type, the common ones first: what the CapabilityStatement may promise. */
  list(type: string): readonly IndexedParameter[];
  /** What the composite parameters of a type look at, each once. */
  listParts(type: string): readonly CompositePart[];
}

/** Parameters answered from the resource's own row, not from index rows. */
export const COLUMN_PARAMETERS: ReadonlySet<string> = new Set(['_id', '_lastUpdated']);

/** The kinds of value that can be told apart within one occurrence. */
export const COMPONENT_KINDS = ['token', 'string', 'date', 'number', 'quantity'] as const;
export type ComponentKind = (typeof COMPONENT_KINDS)[number];

/** One of the values that belong together. `values`: of one occurrence. */
export interface CompositeComponent extends TokenTraits {
  kind: ComponentKind;
  types: string[];
  findValues(occurrence: unknown): TypedValue[];
}

/** What a composite parameter looks at: occurrences of one element, and what is to be found in each. Parameters that look at the same have the same. */
export interface CompositePart {
  number: ParameterNumber;
  /** Says what it looks at: its tokens stand under this name. */
  name: string;
  occurrences: CompiledExpression;
  components: CompositeComponent[];
}
