// One step of a path as a pair of functions: what it finds below a node, and how a node looks when what it finds is changed.
// Nothing is changed in place: a changed node is a new one, all it does not name is kept. Raw JSON numbers (json.ts) pass through untouched.
import { isDeepStrictEqual } from 'node:util';
import { didYouMean } from '../closest-name.ts';
import { type ElementFacts, elementNames, elementOf, isPrimitive } from '../elements.ts';
import type { StepSyntax } from './path-syntax.ts';

/** Values of the %variables of a path. */
export type Bindings = Readonly<Record<string, unknown>>;

/** What an element becomes; undefined on the way in: there is none yet, on the way out: there shall be none. */
export type Edit = (element: unknown) => unknown;

/** A `where` condition: whether it holds, and the element with what it asks for put in (absent when that cannot be put in). */
export interface Condition {
  test(item: unknown, env: Bindings): boolean;
  make?(item: unknown, env: Bindings): unknown;
}

export interface Step {
  /** Two steps of one key from one element lead to the same place. */
  key: string;
  /** The element as it stands in JSON: `valueString`. */
  name: string;
  /** FHIR type of what it leads to. */
  type: string;
  /** The value set of a required binding. */
  bound: string | undefined;
  /** A repeating element of which no member is chosen. */
  open: boolean;
  /** Which of all that is found is meant, where the step counts: it counts over everything the step before led to. */
  index: number | undefined;
  /** Whether `change` can make what `find` looks for. */
  writable: boolean;
  /** Adds what the step leads to from `node`, `index` left aside. */
  find(node: unknown, env: Bindings, found: unknown[]): void;
  /** `node` with `edit` done to the one element meant. `make`: one that is missing is made; otherwise what is left bare is removed. Not for open steps. */
  change(node: unknown, env: Bindings, how: { make: boolean; edit: Edit }): unknown;
  /** `node` with these members and no others. For open steps. */
  replace(node: unknown, values: unknown[]): unknown;
}

type Node = Record<string, unknown>;

/** The step's element in the definitions; an Error when the type has none such, or when a choice is not made by ofType(). */
export function elementAt(type: string, { name, ofType }: StepSyntax): { name: string; facts: ElementFacts } {
  const choice = elementOf(type, `${name}[x]`);
  if (choice) return chosen(type, name, ofType);
  const facts = elementOf(type, name);
  if (!facts) throw new Error(`${type} has no element ${name}${didYouMean(name, elementNames(type))}`);
  if (facts.choice) throw new Error(`write ${facts.choice.replace('[x]', '')}.ofType(${facts.types[0]}) instead of ${name}`);
  if (ofType !== undefined && name !== 'contained') throw new Error(`${type}.${name} is no choice element: ofType() has nothing to choose`);
  return { name, facts: ofType === undefined ? facts : { ...facts, types: [ofType] } };
}

function chosen(type: string, name: string, ofType: string | undefined): { name: string; facts: ElementFacts } {
  if (ofType === undefined) throw new Error(`${type}.${name}[x] is a choice: say which type, ${name}.ofType(…)`);
  const own = name + ofType.charAt(0).toUpperCase() + ofType.slice(1);
  const facts = elementOf(type, own);
  if (!facts) throw new Error(`${type}.${name}[x] cannot be a ${ofType}`);
  return { name: own, facts };
}

/** A step over an element, from its facts and its conditions. */
export function stepOf(syntax: StepSyntax, { name, facts }: { name: string; facts: ElementFacts }, conditions: Condition[]): Step {
  const { index } = syntax;
  const slot: Slot = { name, conditions, index, primitive: facts.types.every(isPrimitive), rivals: rivalsOf(name, facts) };
  const open = facts.list && index === undefined && !conditions.length;
  return {
    key: JSON.stringify(syntax),
    name,
    type: facts.types[0]!,
    bound: facts.bound,
    open,
    index,
    writable: conditions.every((one) => one.make) && (facts.list || (!conditions.length && index === undefined)),
    find: finder(slot),
    change: facts.list ? listChange(slot) : scalarChange(slot),
    replace: (node, values) => withMembers(node as Node | undefined, slot, values),
  };
}

interface Slot {
  name: string;
  conditions: Condition[];
  index: number | undefined;
  primitive: boolean;
  /** The other names a choice element may stand under; one at a time may. */
  rivals: string[];
}

/** https://hl7.org/fhir/R4/formats.html#choice */
function rivalsOf(name: string, { choice }: ElementFacts): string[] {
  if (choice === undefined) return [];
  const base = choice.replace('[x]', '');
  const all = elementOf('Extension', choice)?.types ?? [];
  return all.map((type) => base + type.charAt(0).toUpperCase() + type.slice(1)).filter((other) => other !== name);
}

const meets = (item: unknown, conditions: Condition[], env: Bindings): boolean => {
  for (const condition of conditions) if (!condition.test(item, env)) return false;
  return true;
};

function finder({ name, conditions }: Slot): Step['find'] {
  return (node, env, found) => {
    const value = (node as Node | undefined)?.[name];
    if (value === undefined || value === null) return;
    if (!Array.isArray(value)) {
      if (meets(value, conditions, env)) found.push(value);
      return;
    }
    for (const item of value) if (item !== null && meets(item, conditions, env)) found.push(item);
  };
}

/** Where the member that is meant stands; -1: nowhere. A null holds the place of a primitive that has only extensions. */
function positionOf(items: unknown[], { conditions, index = 0 }: Pick<Slot, 'conditions' | 'index'>, env: Bindings): number {
  let met = -1;
  return items.findIndex((item) => item !== null && meets(item, conditions, env) && ++met === index);
}

function scalarChange(slot: Slot): Step['change'] {
  return (node, _env, { make, edit }) => {
    const old = (node as Node | undefined)?.[slot.name];
    if (old === undefined && !make) return node;
    return withValue(node as Node | undefined, slot, edit(old));
  };
}

function listChange(slot: Slot): Step['change'] {
  return (node, env, { make, edit }) => {
    const items = ((node as Node | undefined)?.[slot.name] ?? []) as unknown[];
    const at = positionOf(items, slot, env);
    if (at < 0) return make ? withMember(node, slot, { at: items.length, member: edit(templateOf(slot, env)) }) : node;
    const member = edit(items[at]);
    if (member === items[at]) return node;
    if (member === undefined || (!make && isBare(member, slot, env))) return withoutMember(node as Node, slot, at);
    return withMember(node, slot, { at, member });
  };
}

/** A new element that meets the conditions; undefined when there are none. */
function templateOf({ conditions }: Slot, env: Bindings): unknown {
  return conditions.reduce<unknown>((element, condition) => condition.make!(element, env), undefined);
}

/** Nothing is left of it but what its conditions ask for. */
const isBare = (element: unknown, slot: Slot, env: Bindings): boolean =>
  slot.conditions.length > 0 && isDeepStrictEqual(element, templateOf(slot, env));

function withMember(node: unknown, { name }: Slot, { at, member }: { at: number; member: unknown }): unknown {
  if (member === undefined) return node;
  const items = [...(((node as Node | undefined)?.[name] ?? []) as unknown[])];
  items[at] = member;
  return withSlot(node as Node | undefined, name, items);
}

/** A member of a primitive list that has extensions of its own leaves a null in its place. https://hl7.org/fhir/R4/json.html#primitive */
function withoutMember(node: Node, slot: Slot, at: number): Node | undefined {
  const beside = node[`_${slot.name}`] as unknown[] | undefined;
  const items = node[slot.name] as unknown[];
  if (!slot.primitive || !beside) return withValue(node, slot, items.toSpliced(at, 1));
  if (beside[at]) return withSlot(node, slot.name, items.with(at, null));
  return withValue(withValue(node, slot, items.toSpliced(at, 1)), { ...slot, name: `_${slot.name}` }, beside.toSpliced(at, 1));
}

/** Members of a primitive list: what stood beside one that is no longer there goes with it. */
function withMembers(node: Node | undefined, slot: Slot, values: unknown[]): Node | undefined {
  const beside = slot.primitive ? (node?.[`_${slot.name}`] as unknown[] | undefined) : undefined;
  const changed = withValue(node, slot, values);
  if (!beside) return changed;
  const old = (node?.[slot.name] ?? []) as unknown[];
  const kept = values.map((value, at) => (old[at] === value ? (beside[at] ?? null) : null));
  return withValue(changed, { ...slot, name: `_${slot.name}` }, kept.some((one) => one !== null) ? kept : undefined);
}

/** The node with the value; without the slot when the value is nothing, an empty list or an empty object. Undefined when nothing is left. */
function withValue(node: Node | undefined, { name, rivals }: Slot, value: unknown): Node | undefined {
  if (node !== undefined && node[name] === value) return node;
  if (!isNothing(value)) return withSlot(rivals.length ? without(node, rivals) : node, name, value);
  const rest = without(node, [name]);
  return rest !== undefined && Object.keys(rest).length ? rest : undefined;
}

/** A copy with one value more. Object.assign, because spreading with a computed key takes five times as long. */
function withSlot(node: Node | undefined, name: string, value: unknown): Node {
  const copy: Node = Object.assign({}, node);
  copy[name] = value;
  return copy;
}

const isNothing = (value: unknown): boolean =>
  value === undefined || value === null || (typeof value === 'object' && (Array.isArray(value) ? value : Object.keys(value)).length === 0);

/** The node without these; itself when it has none of them. */
function without(node: Node | undefined, names: readonly string[]): Node | undefined {
  if (node === undefined || !Object.keys(node).some((name) => names.includes(name))) return node;
  return Object.fromEntries(Object.entries(node).filter(([name]) => !names.includes(name)));
}
