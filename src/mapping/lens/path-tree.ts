// The paths of a mapping as one tree: what several of them have in common is looked for once, in one walk to read and one to write.
import { findStepValues, type PathVariables, type Step, type WritablePath } from '../../fhir/writable-path/path.ts';
import type { StepSyntax } from '../../fhir/writable-path/path-syntax.ts';
import type { Env } from '../shape.ts';
import { findStaleDependents, omitStaleDependents, updateText } from './dependent-elements.ts';

/** One entry per slot of a tree: what a path led to, or what shall stand there (undefined: what stands now). */
export type Slots = (unknown[] | undefined)[];

export interface PathTree {
  /** The slot of a path; paths that lead to the same place share one. `hidden`: it matters to those who write only. */
  addPath(path: WritablePath, hidden?: boolean): number;
  /** A slot for one field that is a list: what shall stand there takes the places of the members that the path finds and that are its `own`. */
  addList(path: WritablePath, own: MemberFilter): number;
  /** What stands at this path is somebody's to write: another way of saying the same does not take it away. */
  protect(path: WritablePath): void;
  /** What the paths lead to; `all`: the hidden ones, too. */
  read(node: unknown, env: PathVariables, all?: boolean): unknown[][];
  /** A new node with these values in their slots, everything else as it was. */
  write<T>(node: T, changes: Slots, env: Env): T;
}

/** Whether a member is one that the field shows. */
type MemberFilter = (member: unknown, env: Env) => boolean;

/** What a path led to that led to nothing. */
const NO_VALUES: unknown[] = [];

interface Branch {
  number: number;
  step: Step;
  /** The slot of the path that ends here; -1: none does. */
  slot: number;
  /** Only hidden paths lead through here. */
  hidden: boolean;
  /** A path that somebody writes leads through here. */
  isProtected: boolean;
  /** It asks for members that meet a condition. */
  isConditional: boolean;
  /** The members that one list writes. Such a branch is that list's alone. */
  own?: MemberFilter;
  branches: Branch[];
}

/** `type`: of the node that the paths start from. */
export function buildPathTree(type: string): PathTree {
  const roots: Branch[] = [];
  /** Paths that start from a variable, with their slots: they are read one by one. */
  const bound: { slot: number; path: WritablePath }[] = [];
  let size = 0;
  let branches = 0;
  const slotOf = (path: WritablePath, how: { hidden: boolean; own?: MemberFilter }): number => {
    if (path.variable === undefined) {
      const branch = addBranch(roots, path.steps, { ...how, next: () => branches++ });
      if (branch.slot < 0) branch.slot = size++;
      return branch.slot;
    }
    bound.push({ slot: size, path });
    return size++;
  };
  return {
    addPath: (path, hidden = false) => slotOf(path, { hidden }),
    addList: (path, own) => slotOf(path, { hidden: false, own }),
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
      return applyChanges(roots, node, { ...writing, type }) as typeof node;
    },
  };
}

/** The branch for these steps, made where it is missing; a list's last one is always made. */
function addBranch(
  branches: Branch[],
  [step, ...rest]: readonly Step[],
  how: { hidden: boolean; own?: MemberFilter; next(): number },
): Branch {
  const own = rest.length ? undefined : how.own;
  let branch = own ? undefined : branches.find((one) => one.step.key === step!.key && !one.own);
  if (!branch) {
    const made = {
      step: step!,
      slot: -1,
      hidden: how.hidden,
      isProtected: false,
      isConditional: readConditions(step!).length > 0,
      branches: [],
    };
    branch = { number: how.next(), ...made, ...(own && { own }) };
    branches.push(branch);
  }
  branch.hidden &&= how.hidden;
  return rest.length ? addBranch(branch.branches, rest, how) : branch;
}

const readConditions = ({ key }: Step): StepSyntax['where'] => (JSON.parse(key) as StepSyntax).where;

interface TreeRead {
  slots: unknown[][];
  env: PathVariables;
  all: boolean;
}

function collectValues(branches: Branch[], nodes: unknown[], reading: TreeRead): void {
  for (const { step, slot, hidden, branches: below } of branches) {
    if (hidden && !reading.all) continue;
    const here = findStepValues(step, nodes, reading.env);
    if (!here.length) continue;
    if (slot >= 0) reading.slots[slot] = here;
    if (below.length) collectValues(below, here, reading);
  }
}

interface TreeWrite {
  changes: Slots;
  env: Env;
  /** By branch: what the changes below it do. */
  effects: Uint8Array;
}

const UNCHANGED = 0;
const REMOVES = 1;
const ADDS = 2;

/** Notes what the changes do below each branch; answers the strongest. */
function markEffects(branches: readonly Branch[], writing: TreeWrite): number {
  const { changes, effects } = writing;
  let strongest = UNCHANGED;
  for (const { number, slot, branches: below } of branches) {
    const own = slot < 0 ? undefined : changes[slot];
    const effect = own === undefined ? markEffects(below, writing) : own.length ? ADDS : REMOVES;
    effects[number] = effect;
    if (effect > strongest) strongest = effect;
  }
  return strongest;
}

/**
 * What a subtree does to its node. First goes what said the same in another way. Then three rounds: lists, each into what the ones before it left, since
 * what else is said of their members holds for the new ones; then removals from the last branch to the first, so that none moves the member another one
 * counts to; then what is made, in the order of the mapping.
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

/** Whether several members are written as one. */
const isList = ({ step, own }: Branch): boolean => step.open || own !== undefined;

function applyList({ step, slot, own }: Branch, node: unknown, { changes, env }: TreeWrite): unknown {
  const members = changes[slot]!;
  return own ? step.replaceOwn(node, members, { env, own: (member) => own(member, env) }) : step.replace(node, members);
}

/** Without what said in another way what is said anew. */
function dropStaleDependents(branches: readonly Branch[], node: unknown, { effects, env, type }: TreeWrite & { type: string }): unknown {
  const said = branches.filter((branch) => effects[branch.number] !== UNCHANGED && !branch.hidden && !addsFirstMember(branch, node, env));
  const outdated = findStaleDependents(
    type,
    said.map(({ step }) => step.name),
  );
  if (!outdated.length) return node;
  const kept = branches.filter(({ isProtected, number }) => isProtected || effects[number] === ADDS).map(({ step }) => step);
  return omitStaleDependents(node, outdated, { kept, env });
}

/** Where a member of its own kind is asked for and none is there, another one says the same as those that are (a code of another system). */
const addsFirstMember = ({ step, isConditional }: Branch, node: unknown, env: PathVariables): boolean =>
  isConditional && !findStepValues(step, [node], env).length;

/** Whether all members that are counted are shown by another field: what comes forward is that one's. */
const isCoveredByList = ({ step }: Branch, beside: readonly Branch[]): boolean =>
  step.index !== undefined &&
  beside.some(
    (other) => isList(other) && !other.hidden && other.step.name === step.name && (other.step.open || asksForSameMembers(other.step, step)),
  );

/** Two steps that ask for the same members. */
const asksForSameMembers = (one: Step, other: Step): boolean =>
  JSON.stringify(readConditions(one)) === JSON.stringify(readConditions(other));

/** `beside`: the other branches of the node, and itself. */
function applyRemovals(branch: Branch, node: unknown, writing: TreeWrite, beside: readonly Branch[]): unknown {
  const { step, slot, branches: below } = branch;
  const { changes, env } = writing;
  const isOwn = slot >= 0 && changes[slot] !== undefined;
  const edit = (element: unknown): unknown => (isOwn ? undefined : applyChanges(below, element, { ...writing, type: step.type }));
  return step.change(node, env, { make: false, edit, alone: isCoveredByList(branch, beside) });
}

function applyAdditions({ step, slot, branches }: Branch, node: unknown, writing: TreeWrite): unknown {
  const own = slot < 0 ? undefined : writing.changes[slot];
  const edit = (element: unknown): unknown =>
    own === undefined ? applyChanges(branches, element, { ...writing, type: step.type }) : own[0];
  const clear = (element: unknown): unknown => (own === undefined ? clearSiblings(branches, element, writing) : element);
  return step.change(node, writing.env, { make: true, edit, clear });
}

/** An element beside the one that is written: what is unset there is unset here too, or it would come forward. */
function clearSiblings(branches: readonly Branch[], node: unknown, writing: TreeWrite): unknown {
  return branches.reduceRight((out: unknown, branch) => {
    const { step, number, branches: below } = branch;
    const effect = writing.effects[number];
    if (effect === REMOVES) return isList(branch) ? applyList(branch, out, writing) : applyRemovals(branch, out, writing, []);
    if (effect !== ADDS || isList(branch) || !below.length) return out;
    return step.change(out, writing.env, { make: false, edit: (element) => clearSiblings(below, element, writing) });
  }, node);
}
