// All paths of a mapping as one tree, so that common steps are evaluated once: one walk reads all values, one walk writes all changes.

import { findStepValues, type PathVariables, type Step, type WritablePath } from '../../fhir/writable-path/path.ts';
import type { Env } from '../shape.ts';
import { findStaleDependents, omitStaleDependents, updateText } from './dependent-elements.ts';
import { readConditions } from './step-syntax.ts';

/** One entry for each slot of a tree: the values to write (undefined: unchanged). */
export type Slots = (unknown[] | undefined)[];

export interface PathTree {
  /** Adds a path and returns its slot; equal paths share one. `hidden`: needed for writes only. */
  addPath(path: WritablePath, hidden?: boolean): number;
  /** Adds a list and returns its slot: written values replace the members of the path that `own` accepts. */
  addList(path: WritablePath, own: MemberFilter): number;
  /** The path of a slot. */
  pathAt(slot: number): WritablePath;
  /** Marks a path as written by a field: its value is not removed as a stale dependent of another element. */
  protect(path: WritablePath): void;
  /** The values of all paths by slot; `all`: with hidden ones. */
  read(node: unknown, env: PathVariables, all?: boolean): unknown[][];
  /** A copy of the node with the changes applied. */
  write<T>(node: T, changes: Slots, env: Env): T;
}

/** Whether a member belongs to the list. */
type MemberFilter = (member: unknown, env: Env) => boolean;

/** The values of a path without any. */
const NO_VALUES: unknown[] = [];

interface Branch {
  number: number;
  step: Step;
  /** The slot of the path that ends here; -1: none. */
  slot: number;
  /** Whether only hidden paths use this branch. */
  hidden: boolean;
  /** Whether a written path uses this branch. */
  isProtected: boolean;
  /** Whether the step has conditions. */
  isConditional: boolean;
  /** For the last step of a list: which members it owns. */
  own?: MemberFilter;
  branches: Branch[];
}

/** `type`: the FHIR type of the root. */
export function buildPathTree(type: string): PathTree {
  const roots: Branch[] = [];
  /** Paths that start from a variable are read one by one. */
  const bound: { slot: number; path: WritablePath }[] = [];
  const paths: WritablePath[] = [];
  let size = 0;
  let branches = 0;
  const slotOf = (path: WritablePath, how: { hidden: boolean; own?: MemberFilter }): number => {
    if (path.variable === undefined) {
      const branch = addBranch(roots, path.steps, { ...how, next: () => branches++ });
      if (branch.slot < 0) branch.slot = size++;
      paths[branch.slot] ??= path;
      return branch.slot;
    }
    bound.push({ slot: size, path });
    paths[size] = path;
    return size++;
  };
  return {
    addPath: (path, hidden = false) => slotOf(path, { hidden }),
    addList: (path, own) => slotOf(path, { hidden: false, own }),
    pathAt: (slot) => paths[slot]!,
    protect(path) {
      let level = path.variable === undefined ? roots : [];
      for (const { key } of path.steps) {
        const branches = level.filter(({ step }) => step.key === key);
        for (const branch of branches) branch.isProtected = true;
        level = branches.flatMap((branch) => branch.branches);
      }
    },
    read(node, env, all = false) {
      const slots: unknown[][] = new Array(size).fill(NO_VALUES);
      collectValues(roots, [node], { slots, env, all });
      for (const { slot, path } of bound) slots[slot] = path.get(node, env);
      return slots;
    },
    write(node, changes, env) {
      const writing: TreeWrite = { changes, env, effects: new Uint8Array(branches) };
      markEffects(roots, writing);
      // type assertion: a changed copy has the type of the node
      return applyChanges(roots, node, { ...writing, type }) as typeof node;
    },
  };
}

/** Finds or adds the branch for these steps; the last branch of a list is always new. */
function addBranch(
  branches: Branch[],
  [step, ...rest]: readonly Step[],
  how: { hidden: boolean; own?: MemberFilter; next(): number },
): Branch {
  const own = rest.length ? undefined : how.own;
  let branch = own ? undefined : branches.find((branch) => branch.step.key === step!.key && !branch.own);
  if (!branch) {
    const created = {
      step: step!,
      slot: -1,
      hidden: how.hidden,
      isProtected: false,
      isConditional: readConditions(step!).length > 0,
      branches: [],
    };
    branch = { number: how.next(), ...created, ...(own && { own }) };
    branches.push(branch);
  }
  branch.hidden &&= how.hidden;
  return rest.length ? addBranch(branch.branches, rest, how) : branch;
}

interface TreeRead {
  slots: unknown[][];
  env: PathVariables;
  all: boolean;
}

function collectValues(branches: Branch[], nodes: unknown[], reading: TreeRead): void {
  for (const { step, slot, hidden, branches: children } of branches) {
    if (hidden && !reading.all) continue;
    const values = findStepValues(step, nodes, reading.env);
    if (!values.length) continue;
    if (slot >= 0) reading.slots[slot] = values;
    if (children.length) collectValues(children, values, reading);
  }
}

interface TreeWrite {
  changes: Slots;
  env: Env;
  /** By branch: the effect of the changes below it. */
  effects: Uint8Array;
}

const UNCHANGED = 0;
const REMOVES = 1;
const ADDS = 2;

/** Records the effect of the changes below each branch; returns the strongest. */
function markEffects(branches: readonly Branch[], writing: TreeWrite): number {
  const { changes, effects } = writing;
  let strongest = UNCHANGED;
  for (const { number, slot, branches: children } of branches) {
    const own = slot < 0 ? undefined : changes[slot];
    const effect = own === undefined ? markEffects(children, writing) : own.length ? ADDS : REMOVES;
    effects[number] = effect;
    if (effect > strongest) strongest = effect;
  }
  return strongest;
}

/**
 * Applies the changes of a subtree to its node. First removes stale dependents. Then three rounds: lists in order, since other paths apply to their new
 * members; removals from last to first, so that none shifts the index of another; additions in the order of the mapping.
 */
function applyChanges(branches: readonly Branch[], node: unknown, writing: TreeWrite & { type: string }): unknown {
  const { effects, type } = writing;
  let out = node === undefined ? node : dropStaleDependents(branches, node, writing);
  for (const branch of branches) if (isList(branch) && effects[branch.number] !== UNCHANGED) out = applyList(branch, out, writing);
  for (let at = branches.length - 1; at >= 0; at--) {
    const branch = branches[at]!;
    if (effects[branch.number] === REMOVES && !isList(branch)) out = applyRemovals(branch, out, writing, branches);
  }
  for (const branch of branches) if (effects[branch.number] === ADDS && !isList(branch)) out = applyAdditions(branch, out, writing);
  return node === undefined ? out : updateText(type, node, out);
}

/** Whether the branch is written as a list. */
const isList = ({ step, own }: Branch): boolean => step.open || own !== undefined;

function applyList({ step, slot, own }: Branch, node: unknown, { changes, env }: TreeWrite): unknown {
  const members = changes[slot]!;
  return own ? step.replaceOwn(node, members, { env, own: (member) => own(member, env) }) : step.replace(node, members);
}

/** Removes the elements that repeat the old value of a changed one (dependent-elements.ts). */
function dropStaleDependents(branches: readonly Branch[], node: unknown, { effects, env, type }: TreeWrite & { type: string }): unknown {
  const changed: string[] = [];
  for (const branch of branches)
    if (effects[branch.number] !== UNCHANGED && !branch.hidden && !addsFirstMember(branch, node, env)) changed.push(branch.step.name);
  const outdated = findStaleDependents(type, changed);
  if (!outdated.length) return node;
  const preservedSteps: Step[] = [];
  for (const { step, number, isProtected } of branches) if (isProtected || effects[number] === ADDS) preservedSteps.push(step);
  return omitStaleDependents(node, outdated, { preservedSteps, env });
}

/** Whether the change adds the first member that meets its conditions (a code of another system): that makes no other member stale. */
const addsFirstMember = ({ step, isConditional }: Branch, node: unknown, env: PathVariables): boolean =>
  isConditional && !findStepValues(step, [node], env).length;

/** Whether another field shows all members of the indexed list: the member that moves up belongs to it. */
const isCoveredByList = ({ step }: Branch, siblings: readonly Branch[]): boolean =>
  step.index !== undefined &&
  siblings.some(
    (other) => isList(other) && !other.hidden && other.step.name === step.name && (other.step.open || asksForSameMembers(other.step, step)),
  );

/** Whether two steps have the same conditions. */
const asksForSameMembers = (step: Step, other: Step): boolean =>
  JSON.stringify(readConditions(step)) === JSON.stringify(readConditions(other));

/** `siblings`: the other branches of the node, and itself. */
function applyRemovals(branch: Branch, node: unknown, writing: TreeWrite, siblings: readonly Branch[]): unknown {
  const { step, slot, branches: children } = branch;
  const { changes, env } = writing;
  const isOwn = slot >= 0 && changes[slot] !== undefined;
  const edit = (element: unknown): unknown => (isOwn ? undefined : applyChanges(children, element, { ...writing, type: step.type }));
  return step.change(node, env, { make: false, edit, alone: isCoveredByList(branch, siblings) });
}

function applyAdditions({ step, slot, branches }: Branch, node: unknown, writing: TreeWrite): unknown {
  const own = slot < 0 ? undefined : writing.changes[slot];
  const edit = (element: unknown): unknown =>
    own === undefined ? applyChanges(branches, element, { ...writing, type: step.type }) : own[0];
  const clear = (element: unknown): unknown => (own === undefined ? clearSiblings(branches, element, writing) : element);
  return step.change(node, writing.env, { make: true, edit, clear });
}

/** Applies removals to the sibling elements too: otherwise a sibling's value would be shown next. */
function clearSiblings(branches: readonly Branch[], node: unknown, writing: TreeWrite): unknown {
  return branches.reduceRight((out: unknown, branch) => {
    const { step, number, branches: children } = branch;
    const effect = writing.effects[number];
    if (effect === REMOVES) return isList(branch) ? applyList(branch, out, writing) : applyRemovals(branch, out, writing, []);
    if (effect !== ADDS || isList(branch) || !children.length) return out;
    return step.change(out, writing.env, { make: false, edit: (element) => clearSiblings(children, element, writing) });
  }, node);
}
