// One element of a profile as rules: how many, of which type, with which value and codes, in which slices, and the same of what is in it.
// https://hl7.org/fhir/R4/elementdefinition.html
import { type ElementFacts, elementOf } from '../elements.ts';
import type { IsMember } from '../fhirpath/evaluation.ts';
import { fault } from '../validation/schema-rules/rule.ts';
import { bindingRule } from './binding.ts';
import { added, constraintRule } from './constraint.ts';
import { type ElementDefinition, Unusable } from './definition.ts';
import type { Elsewhere } from './discriminator.ts';
import { type Find, finderOf } from './items.ts';
import { all, each, type Item, type ItemRule, type ListRule, placeOf } from './rule.ts';
import { slicingRule } from './slices.ts';
import type { ProfileNode } from './tree.ts';
import { typeRules } from './types-rule.ts';
import { valueRules } from './values.ts';

/** What compiling the elements of one profile needs. */
export interface Compiling {
  elsewhere: Elsewhere;
  /** The rule of a profile that an element's type names: one of them is enough. Undefined: R4's own types, which ask nothing more. */
  conformance(canonicals: string[]): ItemRule | undefined;
  /** Keys of constraints that the profile itself adds. */
  own: ReadonlySet<string>;
  /** Elements whose content is defined elsewhere in the profile, by path. */
  node(path: string): ProfileNode | undefined;
  /** The rule of what is in such an element, made once: elements may hold themselves. */
  content(node: ProfileNode, types: string[]): ItemRule;
}

/** The rules on what is in an object of one of these types. */
export function contentRule({ children }: ProfileNode, types: string[], compiling: Compiling): ItemRule | undefined {
  return all([...children].map(([name, child]) => childRule(name, child, { types, compiling })));
}

interface Parent {
  types: string[];
  compiling: Compiling;
}

/** The rule that one element puts on the object it stands in. */
function childRule(name: string, node: ProfileNode, { types, compiling }: Parent): ItemRule | undefined {
  const owner = types.find((type) => elementOf(type, name)) ?? besides(types, name);
  const facts = owner === undefined ? undefined : elementOf(owner, name);
  if (owner === undefined || !facts) {
    if (UNTOLD.has(name)) return undefined;
    throw new Unusable(`${node.asks.path}: R4 has no such element`);
  }
  const rule = listRule(node, facts, { compiling, name: name.replace('[x]', '') });
  return rule && inObject(finderOf(owner, name, facts), rule);
}

/** The value of a primitive is no element in JSON, and nothing is said of it but its form. */
const UNTOLD = new Set(['value']);

/** The id and extensions of a primitive stand in the Element beside it. */
const besides = (types: string[], name: string): string | undefined =>
  types.every((type) => /^[a-z]/.test(type)) && elementOf('Element', name) ? 'Element' : undefined;

const inObject = (find: Find, rule: ListRule): ItemRule => ({
  holds: (owner, around) => rule.holds(find(owner), around),
  faults: (owner, around) => rule.faults(find(owner), around),
});

interface Place {
  compiling: Compiling;
  /** The element, without `[x]`. */
  name: string;
  /** The slice of it that this is (`npi`, `npi:old`). */
  slice?: string;
}

/** The rule on all items of an element, or of one slice of it. */
const listRule = (node: ProfileNode, facts: ElementFacts, place: Place): ListRule | undefined =>
  listOf({ node, item: itemRule(node, facts, place.compiling) }, facts, place);

/** `item`: the rule on each, which the slices' own matching may need too. */
function listOf(
  { node, item }: { node: ProfileNode; item: ItemRule | undefined },
  facts: ElementFacts,
  place: Place,
): ListRule | undefined {
  const { compiling, slice } = place;
  const sliceRules = (one: ProfileNode, name: string) => {
    const own = { ...one, asks: ofSlice(one.asks, node.asks) };
    const rule = itemRule(own, facts, compiling);
    return {
      item: rule,
      list: listOf({ node: own, item: rule }, facts, { ...place, slice: slice === undefined ? name : `${slice}:${name}` }),
    };
  };
  return all<readonly Item[]>([countRule(node.asks, facts, place), item && each(item), slicingRule(node, sliceRules, compiling.elsewhere)]);
}

/** A slice is of the list's type; what its snapshot repeats of the list's constraints is checked with the list. */
function ofSlice(slice: ElementDefinition, list: ElementDefinition): ElementDefinition {
  const type = slice.type ?? list.type;
  const repeated = new Set((list.constraint ?? []).map(({ key }) => key));
  return { ...slice, ...(type && { type }), constraint: (slice.constraint ?? []).filter(({ key }) => !repeated.has(key)) };
}

/** How many there are, where that is more or fewer than R4 asks for. */
function countRule({ min = 0, max = '*', type }: ElementDefinition, facts: ElementFacts, { name, slice }: Place): ListRule | undefined {
  const least = slice !== undefined || min > facts.min ? min : 0;
  const most = max === '*' || (slice === undefined && max === '1' && !facts.list) ? Number.POSITIVE_INFINITY : Number(max);
  if (least === 0 && most === Number.POSITIVE_INFINITY) return undefined;
  const what = slice === undefined ? name : `${name}:${slice}${meant(type)}`;
  return {
    holds: ({ length }) => length >= least && length <= most,
    faults(items) {
      if (items.length < least)
        return [fault('required', least === 1 ? `${what} is required` : `at least ${least} ${what} are required`, name)];
      if (items.length <= most) return [];
      return [
        fault('structure', most === 0 ? `${what} is not allowed` : `at most ${most} of ${what} may stand here`, ...placeOf(items[most]!)),
      ];
    },
  };
}

/** What an extension slice stands for, by its URL. */
const meant = (types: ElementDefinition['type']): string => {
  const profiles = (types ?? []).flatMap(({ code, profile = [] }) => (code === 'Extension' ? profile : []));
  return profiles.length ? ` (${profiles.join(', ')})` : '';
};

/** The rules on each item. */
function itemRule(node: ProfileNode, facts: ElementFacts, compiling: Compiling): ItemRule | undefined {
  const { asks } = node;
  const { elsewhere } = compiling;
  const isMember = (valueSet: string): IsMember | undefined => elsewhere.codesOf(valueSet)?.has;
  const type = typeRules(asks.type, facts, elsewhere.typeOf);
  const rest = all<Item>([
    valueRules(asks),
    bindingRule(asks.binding, facts.bound, elsewhere),
    ...added(asks.constraint, compiling.own).map((constraint) => constraintRule(constraint, { codesOf: isMember }, elsewhere.missed)),
    profilesRule(asks, compiling),
    insideRule(node, facts, compiling),
  ]);
  return type && rest ? guarded(type, rest) : (type ?? rest);
}

/** Of a value of a wrong type nothing more is said. */
const guarded = (type: ItemRule, rest: ItemRule): ItemRule => ({
  holds: (item, around) => type.holds(item, around) && rest.holds(item, around),
  faults(item, around) {
    const wrong = type.faults(item, around);
    return wrong.length ? wrong : rest.faults(item, around);
  },
});

/** The profiles that the types name, each for the items of its type. */
function profilesRule({ type = [] }: ElementDefinition, { conformance }: Compiling): ItemRule | undefined {
  return all<Item>(
    type.map(({ code, profile = [] }) => {
      const rule = profile.length && code !== 'Reference' && code !== 'canonical' ? conformance(profile) : undefined;
      return rule && type.length > 1 ? onType(code, rule) : rule;
    }),
  );
}

const onType = (code: string, rule: ItemRule): ItemRule => ({
  holds: (item, around) => item.type !== code || rule.holds(item, around),
  faults: (item, around) => (item.type === code ? rule.faults(item, around) : []),
});

/** What is in the element, as it says itself, or as the element says that its content is like. */
function insideRule(node: ProfileNode, facts: ElementFacts, compiling: Compiling): ItemRule | undefined {
  const { contentReference } = node.asks;
  const types = typesOf(node, facts);
  if (node.children.size) return contentRule(node, types, compiling);
  const like = contentReference?.startsWith('#') ? compiling.node(contentReference.slice(1)) : undefined;
  return like && compiling.content(like, types);
}

/** The types an element may be of, as elements are looked up by: those of the profile where it narrows a choice. */
function typesOf({ asks }: ProfileNode, { types }: ElementFacts): string[] {
  const named = (asks.type ?? [])
    .map(({ code }) => code)
    .filter((code) => types.includes(code) || (code === 'Quantity' && types.includes('SimpleQuantity')));
  return types.length > 1 && named.length ? named : resourceTypes(asks, types);
}

/** A resource in a resource is of the type that the profile says. */
const resourceTypes = ({ type = [] }: ElementDefinition, types: string[]): string[] =>
  types[0] === 'Resource' && type.length ? type.map(({ code }) => code) : types;
