// What the parts of an evaluation of FHIRPath hand to each other.
import type { Node, Nodes } from './node.ts';

/** What stays the same while one expression is evaluated. `root`: the resource around `resource`, when that is contained. */
interface World {
  resource: Node;
  root: Node;
  context: Node;
}

/** What a part of an expression is evaluated in: `self` is $this, `index` $index, `total` $total. */
export interface Scope {
  world: World;
  self: Nodes;
  index: number;
  total: Nodes;
}

/** A compiled part. `focus`: what stands before the dot. */
export type Evaluate = (focus: Nodes, scope: Scope) => Nodes;

/** Whether a code of a system (undefined: of any) is in a value set. */
export type IsMember = (system: unknown, code: unknown) => boolean;

/** What an expression may ask that is not in it: undefined when the codes of the value set are not known. */
export interface Knowledge {
  codesOf(valueSet: string): IsMember | undefined;
  /** What a reference (or a canonical) leads to. Without it only what is contained is found. */
  leadsTo?(reference: unknown): Nodes;
}

/** `literals`: the arguments that are written out. */
interface Given extends Knowledge {
  literals: unknown[];
}

/** A function by how many arguments it takes; `of` makes it once for each place in an expression. */
export interface FhirPathFunction {
  least: number;
  most: number;
  of(args: Evaluate[], given: Given): Evaluate;
}

/** A part of FHIRPath that cannot be evaluated here; the message names it. */
export class Unsupported extends Error {}
