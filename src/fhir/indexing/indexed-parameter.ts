// Search parameters as indexing uses them: the kind and the values of each, and the parts of composite parameters.
import type { Resource } from '../types.ts';
import type { TokenTraits, ValueKind } from './parameter-kinds.ts';
import type { Hash, ParameterNumber } from './rows.ts';
import type { SharedTexts } from './shared-texts.ts';
import type { CompiledExpression, TypedValue } from './typed-value.ts';

export type ParameterKind = ValueKind | 'composite' | 'special';

/** One parameter of one resource type. The values of a composite are the occurrences of its element. */
export interface IndexedParameter extends CompiledExpression, TokenTraits {
  code: string;
  type: ParameterKind;
  number: ParameterNumber;
  /** The number of its `:text` rows (token parameters). */
  textNumber: ParameterNumber;
  /** String parameters whose texts may be in rows of other parameters. */
  shared?: SharedTexts;
  /** Whether the definition allows `:contains`. A substring index then contains the values. */
  substringIndexed: boolean;
  /** String parameters: whether values are compared by sound. */
  phonetic: boolean;
  /** `_text` and `_content`: values are searched by their words. */
  fullText?: true;
  /** The token of resources that have a value (`:missing=false`). */
  presence: Hash;
  /** The hash of the definition. It changes with the definition. */
  definition: Hash;
}

export interface IndexedParameters {
  /** All indexed parameters of a type, the common ones first. */
  listIndexed(type: string): readonly IndexedParameter[];
  /** The parts of the composite parameters of a type, each once. */
  listParts(type: string): readonly CompositePart[];
}

/** Parameters that are columns of the search row. They have no index rows. */
export const COLUMN_PARAMETERS: ReadonlySet<string> = new Set(['_id', '_lastUpdated']);

/** The kinds of parameters that components can have. */
export const COMPONENT_KINDS = ['token', 'reference', 'string', 'date', 'number', 'quantity'] as const;
export type ComponentKind = (typeof COMPONENT_KINDS)[number];
/** Kinds of components that a search tests for equality. */
export type CodedKind = Extract<ComponentKind, 'token' | 'reference'>;
/** Kinds of components that a search tests by a range. */
export type RangeKind = Exclude<ComponentKind, CodedKind>;

/** The columns of a composite row that hold ranges. */
export type RangeColumn = 'number' | 'measure' | 'date' | 'norm';

interface Component extends TokenTraits {
  types: string[];
  /** The values in one occurrence of the element, which is a part of the resource. */
  findValues(occurrence: unknown, resource: Resource): TypedValue[];
}

/** A component that is tested for equality. `targets`: the target types of a reference. */
export interface CodedComponent extends Component {
  kind: CodedKind;
  targets: readonly string[];
}

/** A component that is tested by a range. `column`: its column; a quantity also uses the column `measure`. */
export interface RangeComponent extends Component {
  kind: RangeKind;
  column: RangeColumn;
}

/** One component of a composite parameter. */
export type CompositeComponent = CodedComponent | RangeComponent;

export const isCodedKind = (kind: ComponentKind): kind is CodedKind => kind === 'token' || kind === 'reference';
export const isCoded = (component: CompositeComponent): component is CodedComponent => isCodedKind(component.kind);
export const isRanged = (component: CompositeComponent): component is RangeComponent => !isCodedKind(component.kind);

/**
 * Pairs of values of one occurrence of an element (https://hl7.org/fhir/R4/search.html#composite). Parameters with the same element and components share a part,
 * so each occurrence is indexed once: combo-code-value-quantity uses the rows of code-value-quantity and component-code-value-quantity.
 * docs/decisions/0003-search-index-tables.md
 */
export interface CompositePart {
  number: ParameterNumber;
  /** Describes the element and the components. The tokens of the part are hashed with this name. */
  name: string;
  occurrences: CompiledExpression;
  components: CompositeComponent[];
}
