// The paths of a mapping as one tree: what several of them have in common is looked for once, in one walk to read and one to write.
import { type Bindings, found, type Path, type Step } from '../../fhir/path/path.ts';

/** One entry per slot of a tree: what a path led to, or what shall stand there (undefined: what stands now). */
export type Slots = (unknown[] | undefined)[];

export interface PathTree {
  /** The slot of a path; paths that lead to the same place share one. `hidden`: it matters to those who write only. */
  slot(path: Path, hidden?: boolean): number;
  /** What the paths lead to; `all`: the hidden ones, too. */
  read(node: unknown, env: Bindings, all?: boolean): unknown[][];
  /** A new node with these values in their slots, everything else as it was. */
  write<T>(node: T, changes: Slots, env: Bindings): T;
}

/** What a path led to that led to nothing. */
const NONE: unknown[] = [];

interface Branch {
  number: number;
  step: Step;
  /** The slot of the path that ends here; -1: none does. */
  slot: number;
  /** Only hidden paths lead through here. */
  hidden: boolean;
  branches: Branch[];
}

export function pathTree(): PathTree {
  const roots: Branch[] = [];
  /** Paths that start from a variable, by slot: they are read one by one. */
  const bound = new Map<number, Path>();
  let size = 0;
  let branches = 0;
  return {
    slot(path, hidden = false) {
      if (path.variable === undefined) {
        const branch = grow(roots, path.steps, { hidden, next: () => branches++ });
        if (branch.slot < 0) branch.slot = size++;
        return branch.slot;
      }
      bound.set(size, path);
      return size++;
    },
    read(node, env, all = false) {
      const slots: unknown[][] = new Array(size).fill(NONE);
      collect(roots, [node], { slots, env, all });
      for (const [slot, path] of bound) slots[slot] = path.get(node, env);
      return slots;
    },
    write(node, changes, env) {
      const writing: Writing = { changes, env, effects: new Uint8Array(branches) };
      mark(roots, writing);
      return changed(roots, node, writing) as typeof node;
    },
  };
}

/** The branch for these steps, made where it is missing. */
function grow(branches: Branch[], [step, ...rest]: readonly Step[], how: { hidden: boolean; next(): number }): Branch {
  let branch = branches.find((one) => one.step.key === step!.key);
  if (!branch) {
    branch = { number: how.next(), step: step!, slot: -1, hidden: how.hidden, branches: [] };
    branches.push(branch);
  }
  branch.hidden &&= how.hidden;
  return rest.length ? grow(branch.branches, rest, how) : branch;
}

interface Reading {
  slots: unknown[][];
  env: Bindings;
  all: boolean;
}

function collect(branches: Branch[], nodes: unknown[], reading: Reading): void {
  for (const { step, slot, hidden, branches: below } of branches) {
    if (hidden && !reading.all) continue;
    const here = found(step, nodes, reading.env);
    if (!here.length) continue;
    if (slot >= 0) reading.slots[slot] = here;
    if (below.length) collect(below, here, reading);
  }
}

interface Writing {
  changes: Slots;
  env: Bindings;
  /** By branch: what the changes below it do. */
  effects: Uint8Array;
}

const NOTHING = 0;
const REMOVES = 1;
const MAKES = 2;

/** Notes what the changes do below each branch; answers the strongest. */
function mark(branches: readonly Branch[], writing: Writing): number {
  const { changes, effects } = writing;
  let strongest = NOTHING;
  for (const { number, slot, branches: below } of branches) {
    const own = slot < 0 ? undefined : changes[slot];
    const effect = own === undefined ? mark(below, writing) : own.length ? MAKES : REMOVES;
    effects[number] = effect;
    if (effect > strongest) strongest = effect;
  }
  return strongest;
}

/**
 * What a subtree does to its node. Three rounds: whole lists first, since what else is said of their members holds for the new ones; then removals from
 * the last branch to the first, so that none moves the member another one counts to; then what is made, in the order of the mapping.
 */
function changed(branches: readonly Branch[], node: unknown, writing: Writing): unknown {
  const { effects, changes } = writing;
  let out = node;
  for (const { step, slot, number } of branches) if (step.open && effects[number] !== NOTHING) out = step.replace(out, changes[slot]!);
  for (let at = branches.length - 1; at >= 0; at--) out = withBranch(branches[at]!, out, writing, REMOVES);
  for (const branch of branches) out = withBranch(branch, out, writing, MAKES);
  return out;
}

function withBranch({ step, slot, number, branches }: Branch, node: unknown, writing: Writing, effect: number): unknown {
  if (writing.effects[number] !== effect || step.open) return node;
  const own = slot < 0 ? undefined : writing.changes[slot];
  const edit = (element: unknown): unknown => (own === undefined ? changed(branches, element, writing) : own[0]);
  return step.change(node, writing.env, { make: effect === MAKES, edit });
}
