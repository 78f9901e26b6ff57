// The interfaces between the parts of the FHIRPath evaluator.
import type { Collection, FhirPathNode } from './node.ts';

/** The variables of one evaluation. `root`: the containing resource, if `resource` is contained. `results`: of the parts that are evaluated once in it. */
interface EvaluationContext {
  resource: FhirPathNode;
  root: FhirPathNode;
  element: FhirPathNode;
  results?: Map<Evaluator, Collection>;
}

/** The scope of a part of an expression. `self`: $this. `index`: $index. `total`: $total. */
export interface EvaluationScope {
  context: EvaluationContext;
  self: Collection;
  index: number;
  total: Collection;
}

/** A compiled part of an expression. `focus`: the collection before the dot. */
export type Evaluator = (focus: Collection, scope: EvaluationScope) => Collection;

/** Whether a value set contains a code. `system` undefined: any system. */
export type CodeMembership = (system: unknown, code: unknown) => boolean;

/** Lookups outside of the resource. */
export interface EvaluationSources {
  /** The codes of a value set. Undefined: they are not known. */
  findCodes(valueSet: string): CodeMembership | undefined;
  /** The target of a reference or canonical. Undefined or absent: it is looked for among the contained resources. */
  resolveReference?(reference: unknown): Collection | undefined;
}

/** `literals`: the values of the arguments that are literals. */
interface CallArguments extends EvaluationSources {
  literals: unknown[];
}

/** A function and the number of its arguments. `build` runs when an expression is compiled, once for each place that calls the function. */
export interface FhirPathFunction {
  minArguments: number;
  maxArguments: number;
  build(args: Evaluator[], given: CallArguments): Evaluator;
}

/** A part of FHIRPath is not supported. The message names it. */
export class UnsupportedExpressionError extends Error {}
