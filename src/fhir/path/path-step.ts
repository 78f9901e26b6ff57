// One step of a path as a pair of functions: what it finds below a node, and how a node looks when what it finds is changed.
// Nothing is changed in place: a changed node is a new one, all it does not name is kept. Raw JSON numbers (json.ts) pass through untouched.
import { isDeepStrictEqual } from 'node:util';
import { didYouMean } from '../closest-name.ts';
import { type ElementFacts, elementNames, elementOf, isPrimitive } from '../elements.ts';
import type { StepSyntax } from './path-syntax.ts';
import { isSpent } from './spent.ts';

/** Values of the %variables of a path. */
export type Bindings = Readonly<Record<string, unknown>>;

/** What an element becomes; undefined on the way in: there is none yet, on the way out: there shall be none. */
type Edit = (element: unknown) => unknown;

/** `alone`: of a step that counts, the others are somebody else's to take away, also those that come forward. */
type Change = { make: true; edit: Edit; clear?: Edit } | { make: false; edit: Edit; alone?: boolean };

/** A `where` condition: whether it holds, and the element with what it asks for put in (absent when that cannot be put in). */
export interface Condition {
  test(item: unknown, env: Bindings): boolean;
  make?(item: unknown, env: Bindings): unknown;
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
  bound: string | undefined;
  /** Whether the element is a list. */
  repeats: boolean;
  /** A repeating element of which no member is chosen. */
  open: boolean;
  /** Which of all that is found is meant, where the step counts: it counts over everything the step before led to. */
  index: number | undefined;
  /** Whether `change` can make what `find` looks for. */
  writable: boolean;
  /** Adds what the step leads to from `node`, `index` left aside. */
  find(node: unknown, env: Bindings, found: unknown[]): void;
  /**
   * `node` with `edit` done to the one element meant (`make`: one that is missing is made) and `clear` to the others that the step finds beside it. Without
   * `make` it is taken away: from all that the step finds; what then says nothing is removed, and, where the step counts, what would come forward with it.
   * Not for open steps.
   */
  change(node: unknown, env: Bindings, how: Change): unknown;
  /** `node` with these members and no others. For open steps. */
  replace(node: unknown, values: unknown[]): unknown;
  /** `node` with these members in the places of those that the step finds and that are `own`; all other members stay where they are. */
  replaceOwn(node: unknown, values: unknown[], how: { env: Bindings; own(member: unknown): boolean }): unknown;
}

type Node = Record<string, unknown>;

/** The step's element in the definitions; an Error when the type has none such, or when a choice is not made by ofType(). */
export function elementAt(type: string, { name, ofType }: StepSyntax): Placed {
  const choice = elementOf(type, `${name}[x]`);
  if (choice) return { ...chosen(type, name, ofType), rivals: choice.types.map((one) => name + capitalized(one)) };
  const facts = elementOf(type, name);
  if (!facts) throw new Error(`${type} has no element ${name}${didYouMean(name, elementNames(type))}`);
  if (facts.choice) throw new Error(`write ${facts.choice.replace('[x]', '')}.ofType(${facts.types[0]}) instead of ${name}`);
  if (ofType !== undefined && name !== 'contained') throw new Error(`${type}.${name} is no choice element: ofType() has nothing to choose`);
  return { name, facts: ofType === undefined ? facts : { ...facts, types: [ofType] }, rivals: [] };
}

/** An element as it stands in JSON. `rivals`: all names of a choice, of which one at a time may stand. https://hl7.org/fhir/R4/formats.html#choice */
interface Placed {
  name: string;
  facts: ElementFacts;
  rivals: string[];
}

function chosen(type: string, name: string, ofType: string | undefined): Omit<Placed, 'rivals'> {
  if (ofType === undefined) throw new Error(`${type}.${name}[x] is a choice: say which type, ${name}.ofType(…)`);
  const own = name + capitalized(ofType);
  const facts = elementOf(type, own);
  if (!facts) throw new Error(`${type}.${name}[x] cannot be a ${ofType}`);
  return { name: own, facts };
}

const capitalized = (type: string): string => type.charAt(0).toUpperCase() + type.slice(1);

/** A step over an element, from its facts, its conditions and the order in which members are taken. */
export function stepOf(syntax: StepSyntax, { name, facts, rivals }: Placed, choice: Pick<Slot, 'conditions' | 'order' | 'whole'>): Step {
  const { index } = syntax;
  const { conditions } = choice;
  const slot: Slot = {
    name,
    ...choice,
    index,
    type: facts.types[0]!,
    primitive: facts.types.every(isPrimitive),
    rivals: rivals.filter((other) => other !== name).flatMap((other) => [other, besideOf(other)]),
  };
  const open = facts.list && index === undefined && !conditions.length;
  return {
    key: JSON.stringify(syntax),
    name,
    type: facts.types[0]!,
    bound: facts.bound,
    repeats: facts.list,
    open,
    index,
    writable: isMakeable(slot) && (facts.list || (!conditions.length && index === undefined)),
    find: finder(slot),
    change: facts.list ? listChange(slot) : scalarChange(slot),
    replace: (node, values) => withMembers(node as Node | undefined, slot, values),
    replaceOwn: (node, values, { env, own }) => {
      const items = membersAt(node as Node | undefined, slot);
      const places = placesOf(items, slot, env).filter((at) => own(items[at]));
      const members = values.map((value) => asAsked(value, slot, env));
      return withMembers(node as Node | undefined, slot, placedAt(items, places, members));
    },
  };
}

interface Slot {
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
const besideOf = (name: string): string => `_${name}`;

const meets = (item: unknown, conditions: Condition[], env: Bindings): boolean => {
  for (const condition of conditions) if (!condition.test(item, env)) return false;
  return true;
};

function finder({ name, conditions, order, whole }: Slot): Step['find'] {
  const shown = whole?.show ?? ((element: unknown) => element);
  return (node, env, found) => {
    const value = (node as Node | undefined)?.[name];
    if (value === undefined || value === null) return;
    if (!Array.isArray(value)) {
      if (meets(value, conditions, env)) found.push(shown(value));
      return;
    }
    if (!order) {
      for (const item of value) if (item !== null && meets(item, conditions, env)) found.push(item);
      return;
    }
    const members = value.filter((item) => item !== null && meets(item, conditions, env));
    found.push(...(members.length > 1 ? members.sort(order) : members).map(shown));
  };
}

/** The edit of an element as a step finds it; one that changes nothing leaves the element as it stands. */
function ofWhole(edit: Edit, { whole }: Slot): Edit {
  if (!whole) return edit;
  return (element) => {
    if (element === undefined) return edit(element);
    const found = whole.show(element);
    const edited = edit(found);
    return edited === found ? element : whole.store(edited, element);
  };
}

/** Where the members stand that a step finds, in the order it finds them. A null holds the place of a primitive that has only extensions. */
function placesOf(items: unknown[], { conditions, order }: Slot, env: Bindings): number[] {
  const places: number[] = [];
  for (const [at, item] of items.entries()) if (item !== null && meets(item, conditions, env)) places.push(at);
  return order ? places.sort((a, b) => order(items[a], items[b])) : places;
}

function scalarChange(slot: Slot): Step['change'] {
  return (node, _env, { make, ...how }) => {
    const edit = ofWhole(how.edit, slot);
    const old = (node as Node | undefined)?.[slot.name];
    if (old === undefined && !make) return node;
    const edited = edit(old);
    const value = !make && isSpent(edited, old, slot.type) ? undefined : edited;
    const alone = value === old || !slot.primitive ? node : without(node as Node | undefined, [besideOf(slot.name)]);
    return withValue(alone as Node | undefined, slot, value);
  };
}

function listChange(slot: Slot): Step['change'] {
  return (node, env, how) => {
    const { make } = how;
    const edit = ofWhole(how.edit, slot);
    const clear = how.make && how.clear ? ofWhole(how.clear, slot) : undefined;
    const items = membersAt(node as Node | undefined, slot);
    const places = placesOf(items, slot, env);
    if (!make) return taken(node, { slot, places: how.alone ? places.slice(0, (slot.index ?? 0) + 1) : places, env }, edit);
    const [at, ...others] = slot.index === undefined ? places : places.slice(slot.index);
    if (at === undefined) return withMember(node, slot, { at: items.length, member: asAsked(edit(templateOf(slot, env)), slot, env) });
    const cleared = clear && slot.index === undefined ? taken(node, { slot, places: others, env }, clear) : node;
    const edited = edit(items[at]);
    if (edited === items[at]) return cleared;
    const member = asAsked(edited, slot, env);
    return member === undefined ? withoutMember(cleared as Node, slot, at) : withMember(cleared, slot, { at, member });
  };
}

/** The node with what an edit takes away from the members at these places, from the last to the first; of a step that counts, see `Step.change`. */
function taken(node: unknown, { slot, places, env }: { slot: Slot; places: number[]; env: Bindings }, edit: Edit): unknown {
  const { index, name } = slot;
  const [first, ...behind] = index === undefined ? [] : places.slice(index);
  const memberAt = (at: number): unknown => ((node as Node)[name] as unknown[])[at];
  const left = (at: number): unknown => {
    const member = memberAt(at);
    const next = edit(member);
    return next !== member && (isBare(next, slot, env) || isSpent(next, member, slot.type)) ? undefined : next;
  };
  const gone = first !== undefined && left(first) === undefined;
  const comesForward = (at: number): boolean => left(at) !== memberAt(at);
  const ends = index === undefined ? places : first === undefined ? [] : gone ? [first, ...behind.filter(comesForward)] : [first];
  // from the last place to the first, so that no removal moves what another one means
  return ends
    .toSorted((a, b) => b - a)
    .reduce<unknown>((out, at) => {
      const member = gone ? undefined : left(at);
      if (member === undefined) return withoutMember(out as Node, slot, at);
      return member === memberAt(at) ? out : withMember(out, slot, { at, member });
    }, node);
}

/** Each condition can be put into a new element, and none puts in what another asks to be missing. */
function isMakeable(slot: Slot): boolean {
  if (!slot.conditions.every((one) => one.make)) return false;
  const absent = slot.conditions.filter((one) => one.absent);
  return !absent.length || meets(templateOf(slot, {}), absent, {});
}

/** A new element that meets the conditions; undefined when there are none. */
const templateOf = (slot: Slot, env: Bindings): unknown => filledIn(undefined, slot, env);

/** An element with what the conditions ask for. */
const filledIn = (element: unknown, { conditions }: Slot, env: Bindings): unknown =>
  conditions.reduce((made, condition) => condition.make!(made, env), element);

/** What was edited is still what the step finds, also where a change has taken away what a condition asks for. */
const asAsked = (edited: unknown, slot: Slot, env: Bindings): unknown =>
  edited === undefined || meets(edited, slot.conditions, env) ? edited : filledIn(edited, slot, env);

/** Nothing is left of it but what its conditions ask for, and its id, which says nothing (ext-1: an extension without a value). */
const isBare = (element: unknown, slot: Slot, env: Bindings): boolean =>
  slot.conditions.length > 0 && isDeepStrictEqual(without(element as Node, ['id']), without(templateOf(slot, env) as Node, ['id']));

function withMember(node: unknown, slot: Slot, { at, member }: { at: number; member: unknown }): unknown {
  if (member === undefined) return node;
  const items = [...membersAt(node as Node | undefined, slot)];
  items[at] = member;
  return withSlot(
    withBeside(node as Node | undefined, slot, (beside) => items.map((_, nth) => (nth === at ? null : beside[nth]))),
    slot.name,
    items,
  );
}

function withoutMember(node: Node, slot: Slot, at: number): Node | undefined {
  const alone = withBeside(node, slot, (beside) => beside.toSpliced(at, 1));
  return withValue(alone, slot, membersAt(node, slot).toSpliced(at, 1));
}

/** These members and no others: each that stood there keeps what stands beside it. */
function withMembers(node: Node | undefined, slot: Slot, values: unknown[]): Node | undefined {
  const arranged = withBeside(node, slot, (beside) => {
    const left = Map.groupBy(beside.keys(), (at) => membersAt(node, slot)[at]);
    return values.map((value) => beside[left.get(value)?.shift() ?? -1]);
  });
  return withValue(arranged, slot, values);
}

/** The items with these members at the places, one after the other: places that are left over go, members that are left over come last. */
function placedAt(items: unknown[], places: number[], members: unknown[]): unknown[] {
  let nth = 0;
  const all = items.flatMap((item, at) => (at === places[nth] ? members.slice(nth, ++nth) : [item]));
  return [...all, ...members.slice(places.length)];
}

const membersAt = (node: Node | undefined, { name }: Slot): unknown[] => (node?.[name] ?? []) as unknown[];

/** The node with what stands beside the members of a primitive list as `change` makes it; a null holds the place of a member beside which nothing stands. */
function withBeside(node: Node | undefined, { name, primitive }: Slot, change: (beside: unknown[]) => unknown[]): Node | undefined {
  const beside = primitive ? (node?.[besideOf(name)] as unknown[] | undefined) : undefined;
  if (!beside) return node;
  const changed = change(beside).map((one) => one ?? null);
  return changed.some((one) => one !== null) ? withSlot(node, besideOf(name), changed) : without(node, [besideOf(name)]);
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
