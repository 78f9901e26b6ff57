// One step of a path as functions that find its elements below a node, and that build a changed node.
// Nothing is mutated: a changed node is a copy that keeps all other elements. Raw JSON numbers (json.ts) keep their digits.

import { isDeepStrictEqual } from 'node:util';
import { formatSuggestion } from '../closest-name.ts';
import { type ElementInfo, findElement, isPrimitive, listElementNames } from '../elements.ts';
import { readMember, toList, toObject } from '../json-values.ts';
import { hasLostContent } from './lost-content.ts';
import type { StepSyntax } from './path-syntax.ts';

/** The values of the %variables. */
export type PathVariables = Readonly<Record<string, unknown>>;

/** Edits an element. Argument undefined: there is no element yet. Result undefined: the element is removed. */
type ElementEdit = (element: unknown) => unknown;

/** `alone`: for a step with an index, other elements stay, even if they move to the index. */
type ElementChange = { make: true; edit: ElementEdit; clear?: ElementEdit } | { make: false; edit: ElementEdit; alone?: boolean };

/** A `where` condition: a test, and a function that makes an element meet it. `make` absent: writing cannot make the condition true. */
export interface Condition {
  test(item: unknown, env: PathVariables): boolean;
  make?(item: unknown, env: PathVariables): unknown;
  /** The condition requires that an element is absent. A new element meets it unless another condition adds that element. */
  absent?: true;
}

export interface Step {
  /** Two steps with the same key from the same element select the same element. */
  key: string;
  /** The JSON name of the element: `valueString`. */
  name: string;
  /** The FHIR type of the element. */
  type: string;
  /** The value set of a required binding. */
  requiredValueSet: string | undefined;
  /** The types that a reference may refer to. */
  targets: readonly string[] | undefined;
  /** Whether the element is a list. */
  repeats: boolean;
  /** Whether the element repeats and no member is chosen. */
  open: boolean;
  /** The index of the selected element among all elements that the step finds in all nodes. Undefined: all of them. */
  index: number | undefined;
  /** Whether `change` can create the element. */
  writable: boolean;
  /** Adds the elements that the step finds in `node` to `found`, regardless of `index`. */
  find(node: unknown, env: PathVariables, found: unknown[]): void;
  /**
   * Applies `edit` to the selected element. With `make`, a missing element is created, and `clear` is applied to the other elements that the step finds.
   * Without `make`, `edit` takes values away: it is applied to all elements that the step finds, and elements that lose their content are removed. For a step
   * with an index, also the elements that would move to the index. Not for open steps.
   */
  change(node: unknown, env: PathVariables, how: ElementChange): unknown;
  /** Replaces all members. For open steps. */
  replace(node: unknown, values: unknown[]): unknown;
  /** Replaces the members that the step finds and that are `own`. All other members keep their positions. */
  replaceOwn(node: unknown, values: unknown[], how: { env: PathVariables; own(member: unknown): boolean }): unknown;
}

type JsonNode = Record<string, unknown>;

/** The definition of the step's element. Throws an Error if the type has no such element, or if a choice has no ofType(). */
export function findStepElement(type: string, { name, ofType }: StepSyntax): StepElement {
  const choice = findElement(type, `${name}[x]`);
  if (choice) return { ...findChoiceElement(type, name, ofType), rivals: choice.types.map((choiceType) => name + capitalize(choiceType)) };
  const facts = findElement(type, name);
  if (!facts) throw new Error(`${type} has no element ${name}${formatSuggestion(name, listElementNames(type))}`);
  if (facts.choice) throw new Error(`write ${facts.choice.replace('[x]', '')}.ofType(${facts.types[0]}) instead of ${name}`);
  if (ofType !== undefined && name !== 'contained') throw new Error(`${type}.${name} is not a choice: remove ofType()`);
  return { name, facts: ofType === undefined ? facts : { ...facts, types: [ofType] }, rivals: [] };
}

/** An element by its JSON name. `rivals`: all JSON names of a choice, of which only one may be present. https://hl7.org/fhir/R4/formats.html#choice */
interface StepElement {
  name: string;
  facts: ElementInfo;
  rivals: string[];
}

function findChoiceElement(type: string, name: string, ofType: string | undefined): Omit<StepElement, 'rivals'> {
  if (ofType === undefined) throw new Error(`${type}.${name}[x] is a choice: write its type, ${name}.ofType(…)`);
  const own = name + capitalize(ofType);
  const facts = findElement(type, own);
  if (!facts) throw new Error(`${type}.${name}[x] cannot be a ${ofType}`);
  return { name: own, facts };
}

const capitalize = (type: string): string => type.charAt(0).toUpperCase() + type.slice(1);

/** Compiles a step from the definition of its element, its conditions and the order of members. */
export function compileStep(
  syntax: StepSyntax,
  { name, facts, rivals }: StepElement,
  choice: Pick<StepTarget, 'conditions' | 'order' | 'whole'>,
): Step {
  const { index } = syntax;
  const { conditions } = choice;
  const target: StepTarget = {
    name,
    ...choice,
    index,
    type: facts.types[0]!,
    primitive: facts.types.every(isPrimitive),
    rivals: rivals.filter((other) => other !== name).flatMap((other) => [other, toSiblingName(other)]),
  };
  const open = facts.list && index === undefined && !conditions.length;
  return {
    key: JSON.stringify(syntax),
    name,
    type: facts.types[0]!,
    requiredValueSet: facts.bound,
    targets: facts.targets,
    repeats: facts.list,
    open,
    index,
    writable: canBuildMember(target) && (facts.list || (!conditions.length && index === undefined)),
    find: buildFind(target),
    change: facts.list ? buildListChange(target) : buildScalarChange(target),
    replace: (node, values) => setMembers(toObject(node), target, values),
    replaceOwn: (node, values, { env, own }) => {
      const items = readMembers(toObject(node), target);
      const indexes = findMemberIndexes(items, target, env).filter((at) => own(items[at]));
      const members = values.map((value) => ensureConditions(value, target, env));
      return setMembers(toObject(node), target, replaceAtIndexes(items, indexes, members));
    },
  };
}

interface StepTarget {
  name: string;
  conditions: Condition[];
  /** The order of the members that meet the conditions. Undefined: the stored order. */
  order: ((one: unknown, other: unknown) => number) | undefined;
  /** Adds derived content when an element is read (parts of a name), and removes it before an edited element is stored. Undefined: there is none. */
  whole: { show(element: unknown): unknown; store(edited: unknown, element: unknown): unknown } | undefined;
  index: number | undefined;
  type: string;
  primitive: boolean;
  /** The other JSON names of a choice, with their siblings. Only one may be present. */
  rivals: string[];
}

/** The name of the sibling of a primitive, which has the id and the extensions. https://hl7.org/fhir/R4/json.html#primitive */
const toSiblingName = (name: string): string => `_${name}`;

const meetsConditions = (item: unknown, conditions: Condition[], env: PathVariables): boolean => {
  for (const condition of conditions) if (!condition.test(item, env)) return false;
  return true;
};

function buildFind({ name, conditions, order, whole }: StepTarget): Step['find'] {
  const shown = whole?.show ?? ((element: unknown) => element);
  return (node, env, found) => {
    const value = readMember(node, name);
    if (value === undefined || value === null) return;
    if (!Array.isArray(value)) {
      if (meetsConditions(value, conditions, env)) found.push(shown(value));
      return;
    }
    if (!order) {
      for (const item of value) if (item !== null && meetsConditions(item, conditions, env)) found.push(item);
      return;
    }
    const members = value.filter((item) => item !== null && meetsConditions(item, conditions, env));
    found.push(...(members.length > 1 ? members.sort(order) : members).map(shown));
  };
}

/** Wraps an edit, so that it gets the element with its derived content. An edit without changes leaves the stored element unchanged. */
function wrapEdit(edit: ElementEdit, { whole }: StepTarget): ElementEdit {
  if (!whole) return edit;
  return (element) => {
    if (element === undefined) return edit(element);
    const found = whole.show(element);
    const edited = edit(found);
    return edited === found ? element : whole.store(edited, element);
  };
}

/** The indexes of the members that a step finds, in its order. Null stands for a primitive that has only extensions. */
function findMemberIndexes(items: unknown[], { conditions, order }: StepTarget, env: PathVariables): number[] {
  const indexes: number[] = [];
  for (const [at, item] of items.entries()) if (item !== null && meetsConditions(item, conditions, env)) indexes.push(at);
  return order ? indexes.sort((a, b) => order(items[a], items[b])) : indexes;
}

function buildScalarChange(target: StepTarget): Step['change'] {
  return (node, _env, { make, ...how }) => {
    const edit = wrapEdit(how.edit, target);
    const old = readMember(node, target.name);
    if (old === undefined && !make) return node;
    const edited = edit(old);
    const value = !make && hasLostContent(edited, old, target.type) ? undefined : edited;
    const base = value === old || !target.primitive ? node : omitProperties(toObject(node), [toSiblingName(target.name)]);
    return setValue(toObject(base), target, value);
  };
}

function buildListChange(target: StepTarget): Step['change'] {
  return (node, env, how) => {
    const { make } = how;
    const edit = wrapEdit(how.edit, target);
    const clear = how.make && how.clear ? wrapEdit(how.clear, target) : undefined;
    const items = readMembers(toObject(node), target);
    const indexes = findMemberIndexes(items, target, env);
    if (!make) return removeMembers(node, { target, indexes: how.alone ? indexes.slice(0, (target.index ?? 0) + 1) : indexes, env }, edit);
    const [at, ...others] = target.index === undefined ? indexes : indexes.slice(target.index);
    if (at === undefined)
      return setMember(node, target, { at: items.length, member: ensureConditions(edit(buildTemplate(target, env)), target, env) });
    const cleared = clear && target.index === undefined ? removeMembers(node, { target, indexes: others, env }, clear) : node;
    const edited = edit(items[at]);
    if (edited === items[at]) return cleared;
    const member = ensureConditions(edited, target, env);
    return member === undefined ? removeMember(toObject(cleared), target, at) : setMember(cleared, target, { at, member });
  };
}

/** Applies an edit that takes values away to members, and removes those that lose their content. See `Step.change`. */
function removeMembers(
  node: unknown,
  { target, indexes, env }: { target: StepTarget; indexes: number[]; env: PathVariables },
  edit: ElementEdit,
): unknown {
  const { index, name } = target;
  const [first, ...following] = index === undefined ? [] : indexes.slice(index);
  const memberAt = (at: number): unknown => toList(readMember(node, name))[at];
  const editMember = (at: number): unknown => {
    const member = memberAt(at);
    const next = edit(member);
    return next !== member && (hasOnlyConditions(next, target, env) || hasLostContent(next, member, target.type)) ? undefined : next;
  };
  const isFirstRemoved = first !== undefined && editMember(first) === undefined;
  const isEdited = (at: number): boolean => editMember(at) !== memberAt(at);
  const changedIndexes =
    index === undefined ? indexes : first === undefined ? [] : isFirstRemoved ? [first, ...following.filter(isEdited)] : [first];
  // from the last index to the first, so that a removal does not shift the other indexes
  return changedIndexes
    .toSorted((a, b) => b - a)
    .reduce<unknown>((out, at) => {
      const member = isFirstRemoved ? undefined : editMember(at);
      if (member === undefined) return removeMember(toObject(out), target, at);
      return member === memberAt(at) ? out : setMember(out, target, { at, member });
    }, node);
}

/** Whether a new element can meet all conditions: each can be made true, and none adds an element that another requires to be absent. */
function canBuildMember(target: StepTarget): boolean {
  if (!target.conditions.every((condition) => condition.make)) return false;
  const absent = target.conditions.filter((condition) => condition.absent);
  return !absent.length || meetsConditions(buildTemplate(target, {}), absent, {});
}

/** A new element that meets the conditions. Undefined: there are none. */
const buildTemplate = (target: StepTarget, env: PathVariables): unknown => applyConditions(undefined, target, env);

/** Makes an element meet the conditions. */
const applyConditions = (element: unknown, { conditions }: StepTarget, env: PathVariables): unknown =>
  conditions.reduce((made, condition) => condition.make!(made, env), element);

/** Makes an edited element meet the conditions again, if the edit removed something that they require. */
const ensureConditions = (edited: unknown, target: StepTarget, env: PathVariables): unknown =>
  edited === undefined || meetsConditions(edited, target.conditions, env) ? edited : applyConditions(edited, target, env);

/** Whether an element has only what its conditions require, and an id (for example an extension with a url but without a value). */
const hasOnlyConditions = (element: unknown, target: StepTarget, env: PathVariables): boolean =>
  target.conditions.length > 0 &&
  isDeepStrictEqual(omitProperties(toObject(element), ['id']), omitProperties(toObject(buildTemplate(target, env)), ['id']));

function setMember(node: unknown, target: StepTarget, { at, member }: { at: number; member: unknown }): unknown {
  if (member === undefined) return node;
  const items = [...readMembers(toObject(node), target)];
  items[at] = member;
  return assignProperty(
    changeSiblings(toObject(node), target, (siblings) => items.map((_, nth) => (nth === at ? null : siblings[nth]))),
    target.name,
    items,
  );
}

function removeMember(node: JsonNode | undefined, target: StepTarget, at: number): JsonNode | undefined {
  const withoutSibling = changeSiblings(node, target, (siblings) => siblings.toSpliced(at, 1));
  return setValue(withoutSibling, target, readMembers(node, target).toSpliced(at, 1));
}

/** Replaces all members. A member that stays keeps its sibling. */
function setMembers(node: JsonNode | undefined, target: StepTarget, values: unknown[]): JsonNode | undefined {
  const arranged = changeSiblings(node, target, (siblings) => {
    const left = Map.groupBy(siblings.keys(), (at) => readMembers(node, target)[at]);
    return values.map((value) => siblings[left.get(value)?.shift() ?? -1]);
  });
  return setValue(arranged, target, values);
}

/** Puts members at indexes, in order. Surplus indexes are removed, and surplus members are appended. */
function replaceAtIndexes(items: unknown[], indexes: number[], members: unknown[]): unknown[] {
  let nth = 0;
  const all = items.flatMap((item, at) => (at === indexes[nth] ? members.slice(nth, ++nth) : [item]));
  return [...all, ...members.slice(indexes.length)];
}

const readMembers = (node: JsonNode | undefined, { name }: StepTarget): unknown[] => toList(node?.[name]);

/** Changes the siblings of a list of primitives. Null stands for a member without a sibling. */
function changeSiblings(
  node: JsonNode | undefined,
  { name, primitive }: StepTarget,
  change: (siblings: unknown[]) => unknown[],
): JsonNode | undefined {
  const siblings = primitive ? node?.[toSiblingName(name)] : undefined;
  if (!Array.isArray(siblings)) return node;
  const changed = change(siblings).map((sibling) => sibling ?? null);
  return changed.some((sibling) => sibling !== null)
    ? assignProperty(node, toSiblingName(name), changed)
    : omitProperties(node, [toSiblingName(name)]);
}

/** Sets the value, or removes the element if the value is empty. Undefined: the node has no elements left. */
function setValue(node: JsonNode | undefined, { name, rivals }: StepTarget, value: unknown): JsonNode | undefined {
  if (node !== undefined && node[name] === value) return node;
  if (!isEmptyValue(value)) return assignProperty(rivals.length ? omitProperties(node, rivals) : node, name, value);
  const rest = omitProperties(node, [name]);
  return rest !== undefined && Object.keys(rest).length ? rest : undefined;
}

/** Sets a property of a copy. Uses Object.assign, because spreading with a computed key takes five times as long. */
function assignProperty(node: JsonNode | undefined, name: string, value: unknown): JsonNode {
  const copy: JsonNode = Object.assign({}, node);
  copy[name] = value;
  return copy;
}

const isEmptyValue = (value: unknown): boolean =>
  value === undefined || value === null || (typeof value === 'object' && (Array.isArray(value) ? value : Object.keys(value)).length === 0);

/** The node without these properties. The same object if it has none of them. */
function omitProperties(node: JsonNode | undefined, names: readonly string[]): JsonNode | undefined {
  if (node === undefined || !Object.keys(node).some((name) => names.includes(name))) return node;
  return Object.fromEntries(Object.entries(node).filter(([name]) => !names.includes(name)));
}
