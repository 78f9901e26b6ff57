// What the parts of an evaluation of FHIRPath hand to each other.
import type { Collection, FhirPathNode } from './node.ts';

/** What stays the same while one expression is evaluated. `root`: the resource around `resource`, when that is contained. */
interface EvaluationContext {
  resource: FhirPathNode;
  root: FhirPathNode;
  element: FhirPathNode;
}

/** What a part of an expression is evaluated in: `self` is $this, `index` $index, `total` $total. */
export interface EvaluationScope {
  context: EvaluationContext;
  self: Collection;
  index: number;
  total: Collection;
}

/** A compiled part. `focus`: what stands before the dot. */
export type Evaluator = (focus: Collection, scope: EvaluationScope) => Collection;

/** Whether a code of a system (undefined: of any) is in a value set. */
export type CodeMembership = (system: unknown, code: unknown) => boolean;

/** What an expression may ask that is not in it: undefined when the codes of the value set are not known. */
export interface EvaluationSources {
  findCodes(valueSet: string): CodeMembership | undefined;
  /** What a reference (or a canonical) leads to. Without it only what is contained is found. */
  resolveReference?(reference: unknown): Collection;
}

/** `literals`: the arguments that are written out. */
interface CallArguments extends EvaluationSources {
  literals: unknown[];
}

/** A function by how many arguments it takes; `of` makes it once for each place in an expression. */
export interface FhirPathFunction {
  minArguments: number;
  maxArguments: number;
  build(args: Evaluator[], given: CallArguments): Evaluator;
}

/** A part of FHIRPath that cannot be evaluated here; the message names it. */
export class UnsupportedExpressionError extends Error {}
