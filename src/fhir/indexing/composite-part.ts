// Composite search parameters: pairs of values that belong to one occurrence of an element. https://hl7.org/fhir/R4/search.html#composite
// An occurrence is indexed once, however many parameters look at it: combo-code-value-quantity finds what code-value-quantity and
// component-code-value-quantity have in the index. docs/decisions/0003-search-index-tables.md
import type { TokenTraits } from './parameter-kinds.ts';
import type { ParameterNumber } from './rows.ts';
import type { CompiledExpression, TypedValue } from './typed-value.ts';

/** The kinds of value that can be told apart within one occurrence. */
export const COMPONENT_KINDS = ['token', 'string', 'date', 'number', 'quantity'] as const;
export type ComponentKind = (typeof COMPONENT_KINDS)[number];

/** One of the values that belong together. `values`: of one occurrence. */
export interface CompositeComponent extends TokenTraits {
  kind: ComponentKind;
  types: string[];
  values(occurrence: unknown): TypedValue[];
}

/** What a composite parameter looks at: occurrences of one element, and what is to be found in each. Parameters that look at the same have the same. */
export interface CompositePart {
  number: ParameterNumber;
  /** Says what it looks at: its tokens stand under this name. */
  name: string;
  occurrences: CompiledExpression;
  components: CompositeComponent[];
}
