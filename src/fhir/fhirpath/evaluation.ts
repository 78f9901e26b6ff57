// What the parts of an evaluation of FHIRPath hand to each other.
import type { Node, Nodes } from './node.ts';

/** What stays the same while one expression is evaluated. `root`: the resource around `resource`, when that is contained. */
export interface World {
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
}

/** A part of FHIRPath that cannot be evaluated here; the message names it. */
export class Unsupported extends Error {}
