// One step of a path as a pair of functions: what it finds below a node, and how a node looks when what it finds is changed.
// Nothing is changed in place: a changed node is a new one, all it does not name is kept. Raw JSON numbers (json.ts) pass through untouched.

import { isDeepStrictEqual } from 'node:util';
import { formatSuggestion } from '../closest-name.ts';
import { type ElementInfo, findElement, isPrimitive, listElementNames } from '../elements.ts';
import { readMember, toList, toObject } from '../json-values.ts';
import { hasLostContent } from './lost-content.ts';
import type { StepSyntax } from './path-syntax.ts';

/** Values of the %variables of a path. */
export type PathVariables = Readonly<Record<string, unknown>>;

/** What an element becomes; undefined on the way in: there is none yet, on the way out: there shall be none. */
type ElementEdit = (element: unknown) => unknown;

/** `alone`: of a step that counts, the others are somebody else's to take away, also those that come forward. */
type ElementChange = { make: true; edit: ElementEdit; clear?: ElementEdit } | { make: false; edit: ElementEdit; alone?: boolean };

/** A `where` condition: whether it holds, and the element with what it asks for put in (absent when that cannot be put in). */
export interface Condition {
  test(item: unknown, env: PathVariables): boolean;
  make?(item: unknown, env: PathVariables): unknown;
  /** It asks that something be missing: a new element meets it as long as no other condition puts that in. */
  absent?: true;
}

export interface Step {
  /** Two steps of one key from one element lead to the same place. */
  key: string;
  /** The element as it stands in JSON: `valueString`. */
  name: string;
  /** FHIR type of what it leads to. */
  type: string;
  /** The value set of a required binding. */
  requiredValueSet: string | undefined;
  /** Whether the element is a list. */
  repeats: boolean;
  /** A repeating element of which no member is chosen. */
  open: boolean;
  /** Which of all that is found is meant, where the step counts: it counts over everything the step before led to. */
  index: number | undefined;
  /** Whether `change` can make what `find` looks for. */
  writable: boolean;
  /** Adds what the step leads to from `node`, `index` left aside. */
  find(node: unknown, env: PathVariables, found: unknown[]): void;
  /**
   * `node` with `edit` done to the one element meant (`make`: one that is missing is made) and `clear` to the others that the step finds beside it. Without
   * `make` it is taken away: from all that the step finds; what then says nothing is removed, and, where the step counts, what would come forward with it.
   * Not for open steps.
   */
  change(node: unknown, env: PathVariables, how: ElementChange): unknown;
  /** `node` with these members and no others. For open steps. */
  replace(node: unknown, values: unknown[]): unknown;
  /** `node` with these members in the places of those that the step finds and that are `own`; all other members stay where they are. */
  replaceOwn(node: unknown, values: unknown[], how: { env: PathVariables; own(member: unknown): boolean }): unknown;
}

type JsonNode = Record<string, unknown>;

/** The step's element in the definitions; an Error when the type has none such, or when a choice is not made by ofType(). */
export function findStepElement(type: string, { name, ofType }: StepSyntax): StepElement {
  const choice = findElement(type, `${name}[x]`);
  if (choice) return { ...findChoiceElement(type, name, ofType), rivals: choice.types.map((one) => name + capitalize(one)) };
  const facts = findElement(type, name);
  if (!facts) throw new Error(`${type} has no element ${name}${formatSuggestion(name, listElementNames(type))}`);
  if (facts.choice) throw new Error(`write ${facts.choice.replace('[x]', '')}.ofType(${facts.types[0]}) instead of ${name}`);
  if (ofType !== undefined && name !== 'contained') throw new Error(`${type}.${name} is no choice element: ofType() has nothing to choose`);
  return { name, facts: ofType === undefined ? facts : { ...facts, types: [ofType] }, rivals: [] };
}

/** An element as it stands in JSON. `rivals`: all names of a choice, of which one at a time may stand. https://hl7.org/fhir/R4/formats.html#choice */
interface StepElement {
  name: string;
  facts: ElementInfo;
  rivals: string[];
}

function findChoiceElement(type: string, name: string, ofType: string | undefined): Omit<StepElement, 'rivals'> {
  if (ofType === undefined) throw new Error(`${type}.${name}[x] is a choice: say which type, ${name}.ofType(…)`);
  const own = name + capitalize(ofType);
  const facts = findElement(type, own);
  if (!facts) throw new Error(`${type}.${name}[x] cannot be a ${ofType}`);
  return { name: own, facts };
}

const capitalize = (type: string): string => type.charAt(0).toUpperCase() + type.slice(1);

/** A step over an element, from its facts, its conditions and the order in which members are taken. */
export function compileStep(
  syntax: StepSyntax,
  { name, facts, rivals }: StepElement,
  choice: Pick<StepTarget, 'conditions' | 'order' | 'whole'>,
): Step {
  const { index } = syntax;
  const { conditions } = choice;
  const slot: StepTarget = {
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
    repeats: facts.list,
    open,
    index,
    writable: canBuildMember(slot) && (facts.list || (!conditions.length && index === undefined)),
    find: buildFind(slot),
    change: facts.list ? buildListChange(slot) : buildScalarChange(slot),
    replace: (node, values) => setMembers(toObject(node), slot, values),
    replaceOwn: (node, values, { env, own }) => {
      const items = readMembers(toObject(node), slot);
      const places = findMemberIndexes(items, slot, env).filter((at) => own(items[at]));
      const members = values.map((value) => ensureConditions(value, slot, env));
      return setMembers(toObject(node), slot, replaceAtIndexes(items, places, members));
    },
  };
}

interface StepTarget {
  name: string;
  conditions: Condition[];
  /** Which of the members that meet the conditions comes first; undefined: the one that stands first. */
  order: ((one: unknown, other: unknown) => number) | undefined;
  /** An element with what it says in another way, and an edited one as it is to be stored. Undefined: elements of this type stand as they are found. */
  whole: { show(element: unknown): unknown; store(edited: unknown, element: unknown): unknown } | undefined;
  index: number | undefined;
  type: string;
  primitive: boolean;
  /** The other names a choice element may stand under, with what stands beside its values; one at a time may. */
  rivals: string[];
}

/** Where the id and the extensions of a primitive stand: with its value they are one element. https://hl7.org/fhir/R4/json.html#primitive */
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

/** The edit of an element as a step finds it; one that changes nothing leaves the element as it stands. */
function wrapEdit(edit: ElementEdit, { whole }: StepTarget): ElementEdit {
  if (!whole) return edit;
  return (element) => {
    if (element === undefined) return edit(element);
    const found = whole.show(element);
    const edited = edit(found);
    return edited === found ? element : whole.store(edited, element);
  };
}

/** Where the members stand that a step finds, in the order it finds them. A null holds the place of a primitive that has only extensions. */
function findMemberIndexes(items: unknown[], { conditions, order }: StepTarget, env: PathVariables): number[] {
  const places: number[] = [];
  for (const [at, item] of items.entries()) if (item !== null && meetsConditions(item, conditions, env)) places.push(at);
  return order ? places.sort((a, b) => order(items[a], items[b])) : places;
}

function buildScalarChange(slot: StepTarget): Step['change'] {
  return (node, _env, { make, ...how }) => {
    const edit = wrapEdit(how.edit, slot);
    const old = readMember(node, slot.name);
    if (old === undefined && !make) return node;
    const edited = edit(old);
    const value = !make && hasLostContent(edited, old, slot.type) ? undefined : edited;
    const alone = value === old || !slot.primitive ? node : omitProperties(toObject(node), [toSiblingName(slot.name)]);
    return setValue(toObject(alone), slot, value);
  };
}

function buildListChange(slot: StepTarget): Step['change'] {
  return (node, env, how) => {
    const { make } = how;
    const edit = wrapEdit(how.edit, slot);
    const clear = how.make && how.clear ? wrapEdit(how.clear, slot) : undefined;
    const items = readMembers(toObject(node), slot);
    const places = findMemberIndexes(items, slot, env);
    if (!make) return removeMembers(node, { slot, places: how.alone ? places.slice(0, (slot.index ?? 0) + 1) : places, env }, edit);
    const [at, ...others] = slot.index === undefined ? places : places.slice(slot.index);
    if (at === undefined)
      return setMember(node, slot, { at: items.length, member: ensureConditions(edit(buildTemplate(slot, env)), slot, env) });
    const cleared = clear && slot.index === undefined ? removeMembers(node, { slot, places: others, env }, clear) : node;
    const edited = edit(items[at]);
    if (edited === items[at]) return cleared;
    const member = ensureConditions(edited, slot, env);
    return member === undefined ? removeMember(toObject(cleared), slot, at) : setMember(cleared, slot, { at, member });
  };
}

/** The node with what an edit takes away from the members at these places, from the last to the first; of a step that counts, see `Step.change`. */
function removeMembers(
  node: unknown,
  { slot, places, env }: { slot: StepTarget; places: number[]; env: PathVariables },
  edit: ElementEdit,
): unknown {
  const { index, name } = slot;
  const [first, ...behind] = index === undefined ? [] : places.slice(index);
  const memberAt = (at: number): unknown => toList(readMember(node, name))[at];
  const left = (at: number): unknown => {
    const member = memberAt(at);
    const next = edit(member);
    return next !== member && (hasOnlyConditions(next, slot, env) || hasLostContent(next, member, slot.type)) ? undefined : next;
  };
  const gone = first !== undefined && left(first) === undefined;
  const comesForward = (at: number): boolean => left(at) !== memberAt(at);
  const ends = index === undefined ? places : first === undefined ? [] : gone ? [first, ...behind.filter(comesForward)] : [first];
  // from the last place to the first, so that no removal moves what another one means
  return ends
    .toSorted((a, b) => b - a)
    .reduce<unknown>((out, at) => {
      const member = gone ? undefined : left(at);
      if (member === undefined) return removeMember(toObject(out), slot, at);
      return member === memberAt(at) ? out : setMember(out, slot, { at, member });
    }, node);
}

/** Each condition can be put into a new element, and none puts in what another asks to be missing. */
function canBuildMember(slot: StepTarget): boolean {
  if (!slot.conditions.every((one) => one.make)) return false;
  const absent = slot.conditions.filter((one) => one.absent);
  return !absent.length || meetsConditions(buildTemplate(slot, {}), absent, {});
}

/** A new element that meets the conditions; undefined when there are none. */
const buildTemplate = (slot: StepTarget, env: PathVariables): unknown => applyConditions(undefined, slot, env);

/** An element with what the conditions ask for. */
const applyConditions = (element: unknown, { conditions }: StepTarget, env: PathVariables): unknown =>
  conditions.reduce((made, condition) => condition.make!(made, env), element);

/** What was edited is still what the step finds, also where a change has taken away what a condition asks for. */
const ensureConditions = (edited: unknown, slot: StepTarget, env: PathVariables): unknown =>
  edited === undefined || meetsConditions(edited, slot.conditions, env) ? edited : applyConditions(edited, slot, env);

/** Nothing is left of it but what its conditions ask for, and its id, which says nothing (ext-1: an extension without a value). */
const hasOnlyConditions = (element: unknown, slot: StepTarget, env: PathVariables): boolean =>
  slot.conditions.length > 0 &&
  isDeepStrictEqual(omitProperties(toObject(element), ['id']), omitProperties(toObject(buildTemplate(slot, env)), ['id']));

function setMember(node: unknown, slot: StepTarget, { at, member }: { at: number; member: unknown }): unknown {
  if (member === undefined) return node;
  const items = [...readMembers(toObject(node), slot)];
  items[at] = member;
  return assignProperty(
    changeSiblings(toObject(node), slot, (siblings) => items.map((_, nth) => (nth === at ? null : siblings[nth]))),
    slot.name,
    items,
  );
}

function removeMember(node: JsonNode | undefined, slot: StepTarget, at: number): JsonNode | undefined {
  const alone = changeSiblings(node, slot, (siblings) => siblings.toSpliced(at, 1));
  return setValue(alone, slot, readMembers(node, slot).toSpliced(at, 1));
}

/** These members and no others: each that stood there keeps what stands beside it. */
function setMembers(node: JsonNode | undefined, slot: StepTarget, values: unknown[]): JsonNode | undefined {
  const arranged = changeSiblings(node, slot, (siblings) => {
    const left = Map.groupBy(siblings.keys(), (at) => readMembers(node, slot)[at]);
    return values.map((value) => siblings[left.get(value)?.shift() ?? -1]);
  });
  return setValue(arranged, slot, values);
}

/** The items with these members at the places, one after the other: places that are left over go, members that are left over come last. */
function replaceAtIndexes(items: unknown[], places: number[], members: unknown[]): unknown[] {
  let nth = 0;
  const all = items.flatMap((item, at) => (at === places[nth] ? members.slice(nth, ++nth) : [item]));
  return [...all, ...members.slice(places.length)];
}

const readMembers = (node: JsonNode | undefined, { name }: StepTarget): unknown[] => toList(node?.[name]);

/** The node with what stands beside the members of a primitive list as `change` makes it; a null holds the place of a member beside which nothing stands. */
function changeSiblings(
  node: JsonNode | undefined,
  { name, primitive }: StepTarget,
  change: (siblings: unknown[]) => unknown[],
): JsonNode | undefined {
  const siblings = primitive ? node?.[toSiblingName(name)] : undefined;
  if (!Array.isArray(siblings)) return node;
  const changed = change(siblings).map((one) => one ?? null);
  return changed.some((one) => one !== null)
    ? assignProperty(node, toSiblingName(name), changed)
    : omitProperties(node, [toSiblingName(name)]);
}

/** The node with the value; without the slot when the value is nothing, an empty list or an empty object. Undefined when nothing is left. */
function setValue(node: JsonNode | undefined, { name, rivals }: StepTarget, value: unknown): JsonNode | undefined {
  if (node !== undefined && node[name] === value) return node;
  if (!isEmptyValue(value)) return assignProperty(rivals.length ? omitProperties(node, rivals) : node, name, value);
  const rest = omitProperties(node, [name]);
  return rest !== undefined && Object.keys(rest).length ? rest : undefined;
}

/** A copy with one value more. Object.assign, because spreading with a computed key takes five times as long. */
function assignProperty(node: JsonNode | undefined, name: string, value: unknown): JsonNode {
  const copy: JsonNode = Object.assign({}, node);
  copy[name] = value;
  return copy;
}

const isEmptyValue = (value: unknown): boolean =>
  value === undefined || value === null || (typeof value === 'object' && (Array.isArray(value) ? value : Object.keys(value)).length === 0);

/** The node without these; itself when it has none of them. */
function omitProperties(node: JsonNode | undefined, names: readonly string[]): JsonNode | undefined {
  if (node === undefined || !Object.keys(node).some((name) => names.includes(name))) return node;
  return Object.fromEntries(Object.entries(node).filter(([name]) => !names.includes(name)));
}
