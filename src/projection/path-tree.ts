// The paths of a mapping as one tree: what several of them have in common is looked for once, in one walk to read and one to write.
import { type Bindings, found, type Path, type Step } from '../fhir/path.ts';

/** One entry per slot of a tree: what a path led to, or what shall stand there (undefined: what stands now). */
export type Slots = (unknown[] | undefined)[];

export interface PathTree {
  /** The slot of a path; paths that lead to the same place share one. */
  slot(path: Path): number;
  /** What all paths lead to. */
  read(node: unknown, env: Bindings): unknown[][];
  /** A new node with these values in their slots, everything else as it was. */
  write<T>(node: T, changes: Slots, env: Bindings): T;
}

interface Branch {
  step: Step;
  /** The slot of the path that ends here; -1: none does. */
  slot: number;
  branches: Branch[];
}

export function pathTree(): PathTree {
  const roots: Branch[] = [];
  /** Paths that start from a variable, by slot: they are read one by one. */
  const bound = new Map<number, Path>();
  let size = 0;
  return {
    slot(path) {
      if (path.variable === undefined) {
        const branch = grow(roots, path.steps);
        if (branch.slot < 0) branch.slot = size++;
        return branch.slot;
      }
      bound.set(size, path);
      return size++;
    },
    read(node, env) {
      const slots: unknown[][] = Array.from({ length: size }, () => []);
      collect(roots, [node], { slots, env });
      for (const [slot, path] of bound) slots[slot] = path.get(node, env);
      return slots;
    },
    write: (node, changes, env) => changed(roots, node, { changes, env }) as typeof node,
  };
}

/** The branch for these steps, made where it is missing. */
function grow(branches: Branch[], [step, ...rest]: readonly Step[]): Branch {
  let branch = branches.find((one) => one.step.key === step!.key);
  if (!branch) {
    branch = { step: step!, slot: -1, branches: [] };
    branches.push(branch);
  }
  return rest.length ? grow(branch.branches, rest) : branch;
}

function collect(branches: Branch[], nodes: unknown[], reading: { slots: unknown[][]; env: Bindings }): void {
  for (const { step, slot, branches: below } of branches) {
    const here = found(step, nodes, reading.env);
    if (!here.length) continue;
    if (slot >= 0) reading.slots[slot] = here;
    if (below.length) collect(below, here, reading);
  }
}

interface Writing {
  changes: Slots;
  env: Bindings;
}

const NOTHING = 0;
const REMOVES = 1;
const MAKES = 2;

/**
 * What a subtree does to its node. Three rounds: whole lists first, since what else is said of their members holds for the new ones; then removals from
 * the last branch to the first, so that none moves the member another one counts to; then what is made, in the order of the mapping.
 */
function changed(branches: Branch[], node: unknown, writing: Writing): unknown {
  const effects = branches
    .map((branch) => ({ branch, effect: effectOf(branch, writing.changes) }))
    .filter(({ effect }) => effect !== NOTHING);
  const lists = effects.filter(({ branch }) => branch.step.open);
  const removed = effects.filter(({ branch, effect }) => effect === REMOVES && !branch.step.open).reverse();
  const made = effects.filter(({ branch, effect }) => effect === MAKES && !branch.step.open);
  return [...lists, ...removed, ...made].reduce(
    (out, { branch, effect }) => withBranch(branch, out, { ...writing, make: effect === MAKES }),
    node,
  );
}

function withBranch({ step, slot, branches }: Branch, node: unknown, { changes, env, make }: Writing & { make: boolean }): unknown {
  const own = slot < 0 ? undefined : changes[slot];
  if (step.open) return own === undefined ? node : step.replace(node, own);
  const edit = (element: unknown): unknown => (own === undefined ? changed(branches, element, { changes, env }) : own[0]);
  return step.change(node, env, { make, edit });
}

function effectOf({ slot, branches }: Branch, changes: Slots): number {
  const own = slot < 0 ? undefined : changes[slot];
  if (own !== undefined) return own.length ? MAKES : REMOVES;
  let effect = NOTHING;
  for (const branch of branches) effect = Math.max(effect, effectOf(branch, changes));
  return effect;
}
