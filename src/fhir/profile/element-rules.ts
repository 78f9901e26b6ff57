// Compiles one element of a profile into rules: cardinality, type, value, codes, slices, and the rules of its children.
// https://hl7.org/fhir/R4/elementdefinition.html
import { type ElementInfo, findElement } from '../elements.ts';
import type { CodeMembership } from '../fhirpath/evaluator.ts';
import { buildFault } from '../validation/schema-rule.ts';
import { buildBindingRule } from './binding.ts';
import { buildConstraintRule, filterProfileConstraints } from './constraint.ts';
import { type ElementDefinition, UnusableDefinitionError } from './definition.ts';
import type { ExternalDefinitions } from './discriminator.ts';
import { buildItemFinder, type FindItems } from './items.ts';
import { buildEachRule, combineRules, type ElementItem, type ItemRule, type ListRule, toItemPath } from './rule.ts';
import { buildSlicingRule } from './slices.ts';
import type { ProfileNode } from './tree.ts';
import { buildTypeRules } from './type-rules.ts';
import { buildValueRules } from './value-rules.ts';

/** The context of compiling the elements of one profile. */
export interface ProfileCompileContext {
  definitions: ExternalDefinitions;
  /** The rule for the profiles of an element's type: a value must conform to one of them. Undefined: R4's own types, which add no rule. */
  buildConformanceRule(canonicals: string[]): ItemRule | undefined;
  /** The keys of the constraints that the profile itself adds. */
  ownConstraints: ReadonlySet<string>;
  /** Path → the node of an element that a contentReference names. */
  findNode(path: string): ProfileNode | undefined;
  /** The rule for the content of such an element. It is created once, because elements may contain themselves. */
  findContentRule(node: ProfileNode, types: string[]): ItemRule;
}

/** The rules for the children of an object of one of these types. */
export function buildContentRule({ children }: ProfileNode, types: string[], compileContext: ProfileCompileContext): ItemRule | undefined {
  return combineRules([...children].map(([name, child]) => buildChildRule(name, child, { types, compileContext })));
}

interface Parent {
  types: string[];
  compileContext: ProfileCompileContext;
}

/** The rule of one child element. It takes the parent object and checks the values of the child. Undefined: nothing to check. */
function buildChildRule(name: string, node: ProfileNode, { types, compileContext }: Parent): ItemRule | undefined {
  const owner = types.find((type) => findElement(type, name)) ?? findPrimitiveOwner(types, name);
  const facts = owner === undefined ? undefined : findElement(owner, name);
  if (owner === undefined || !facts) {
    if (PRIMITIVE_VALUE_NAMES.has(name)) return undefined;
    throw new UnusableDefinitionError(`${node.definition.path}: R4 has no such element`);
  }
  const rule = buildListRule(node, facts, { compileContext, name: name.replace('[x]', '') });
  return rule && buildObjectRule(buildItemFinder(owner, name, facts), rule);
}

/** The `value` of a primitive is not an element in JSON. Only its form is defined, which base validation checks. */
const PRIMITIVE_VALUE_NAMES = new Set(['value']);

/** The id and extensions of a primitive are in its sibling, which is an Element. */
const findPrimitiveOwner = (types: string[], name: string): string | undefined =>
  types.every((type) => /^[a-z]/.test(type)) && findElement('Element', name) ? 'Element' : undefined;

const buildObjectRule = (find: FindItems, rule: ListRule): ItemRule => ({
  isMet: (owner, context) => rule.isMet(find(owner), context),
  findFaults: (owner, context) => rule.findFaults(find(owner), context),
});

interface ListPosition {
  compileContext: ProfileCompileContext;
  /** The element, without `[x]`. */
  name: string;
  /** The name of the slice (`npi`, `npi:old`), if any. */
  slice?: string;
}

/** The rule for all items of an element or of one of its slices. */
const buildListRule = (node: ProfileNode, facts: ElementInfo, position: ListPosition): ListRule | undefined =>
  combineListRules({ node, item: buildItemRule(node, facts, position.compileContext) }, facts, position);

/** `item`: the rule for each item, which the matching of slices may use too. */
function combineListRules(
  { node, item }: { node: ProfileNode; item: ItemRule | undefined },
  facts: ElementInfo,
  position: ListPosition,
): ListRule | undefined {
  const { compileContext, slice } = position;
  const sliceRules = (sliceNode: ProfileNode, name: string) => {
    const own = { ...sliceNode, definition: narrowToSlice(sliceNode.definition, node.definition) };
    const rule = buildItemRule(own, facts, compileContext);
    return {
      item: rule,
      list: combineListRules({ node: own, item: rule }, facts, { ...position, slice: slice === undefined ? name : `${slice}:${name}` }),
    };
  };
  return combineRules<readonly ElementItem[]>([
    buildCardinalityRule(node.definition, facts, position),
    item && buildEachRule(item),
    buildSlicingRule(node, sliceRules, compileContext.definitions),
  ]);
}

/** A slice has the type of its list. Constraints that its snapshot repeats from the list are left out, because the list checks them. */
function narrowToSlice(slice: ElementDefinition, list: ElementDefinition): ElementDefinition {
  const type = slice.type ?? list.type;
  const repeated = new Set((list.constraint ?? []).map(({ key }) => key));
  return { ...slice, ...(type && { type }), constraint: (slice.constraint ?? []).filter(({ key }) => !repeated.has(key)) };
}

/** The rule of the cardinality, if it is stricter than R4's. */
function buildCardinalityRule(
  { min = 0, max = '*', type }: ElementDefinition,
  facts: ElementInfo,
  { name, slice }: ListPosition,
): ListRule | undefined {
  const least = slice !== undefined || min > facts.min ? min : 0;
  const most = max === '*' || (slice === undefined && max === '1' && !facts.list) ? Number.POSITIVE_INFINITY : Number(max);
  if (least === 0 && most === Number.POSITIVE_INFINITY) return undefined;
  const what = slice === undefined ? name : `${name}:${slice}${formatExtensionProfiles(type)}`;
  return {
    isMet: ({ length }) => length >= least && length <= most,
    findFaults(items) {
      if (items.length < least)
        return [buildFault('required', least === 1 ? `${what} is required` : `at least ${least} ${what} are required`, name)];
      if (items.length <= most) return [];
      return [
        buildFault(
          'structure',
          most === 0 ? `${what} is not allowed` : `at most ${most} of ${what} are allowed`,
          ...toItemPath(items[most]!),
        ),
      ];
    },
  };
}

/** The URLs of an extension slice, for error texts. */
const formatExtensionProfiles = (types: ElementDefinition['type']): string => {
  const profiles = (types ?? []).flatMap(({ code, profile = [] }) => (code === 'Extension' ? profile : []));
  return profiles.length ? ` (${profiles.join(', ')})` : '';
};

/** The rules for each item. */
function buildItemRule(node: ProfileNode, facts: ElementInfo, compileContext: ProfileCompileContext): ItemRule | undefined {
  const { definition } = node;
  const { definitions } = compileContext;
  const isMember = (valueSet: string): CodeMembership | undefined => definitions.findCodes(valueSet)?.mayContain;
  const type = buildTypeRules(definition.type, facts, definitions.findType);
  const rest = combineRules<ElementItem>([
    buildValueRules(definition),
    buildBindingRule(definition.binding, facts.bound, definitions),
    ...filterProfileConstraints(definition.constraint, compileContext.ownConstraints).map((constraint) =>
      buildConstraintRule(constraint, { findCodes: isMember }, definitions.reportUnchecked),
    ),
    buildTypeProfilesRule(definition, compileContext),
    buildInnerRule(node, facts, compileContext),
  ]);
  return type && rest ? checkTypeFirst(type, rest) : (type ?? rest);
}

/** A value with a wrong type gets only that fault. */
const checkTypeFirst = (type: ItemRule, rest: ItemRule): ItemRule => ({
  isMet: (item, context) => type.isMet(item, context) && rest.isMet(item, context),
  findFaults(item, context) {
    const wrong = type.findFaults(item, context);
    return wrong.length ? wrong : rest.findFaults(item, context);
  },
});

/** The rule for the profiles of the types. Each profile applies to the items of its type. */
function buildTypeProfilesRule({ type = [] }: ElementDefinition, { buildConformanceRule }: ProfileCompileContext): ItemRule | undefined {
  return combineRules<ElementItem>(
    type.map(({ code, profile = [] }) => {
      const rule = profile.length && code !== 'Reference' && code !== 'canonical' ? buildConformanceRule(profile) : undefined;
      return rule && type.length > 1 ? restrictToType(code, rule) : rule;
    }),
  );
}

const restrictToType = (code: string, rule: ItemRule): ItemRule => ({
  isMet: (item, context) => item.type !== code || rule.isMet(item, context),
  findFaults: (item, context) => (item.type === code ? rule.findFaults(item, context) : []),
});

/** The rule for the children of an element, from its own definition or from its contentReference. */
function buildInnerRule(node: ProfileNode, facts: ElementInfo, compileContext: ProfileCompileContext): ItemRule | undefined {
  const { contentReference } = node.definition;
  const types = listElementTypes(node, facts);
  if (node.children.size) return buildContentRule(node, types, compileContext);
  const like = contentReference?.startsWith('#') ? compileContext.findNode(contentReference.slice(1)) : undefined;
  return like && compileContext.findContentRule(like, types);
}

/** The possible types of an element. The profile may limit a choice. */
function listElementTypes({ definition }: ProfileNode, { types }: ElementInfo): string[] {
  const named = (definition.type ?? [])
    .map(({ code }) => code)
    .filter((code) => types.includes(code) || (code === 'Quantity' && types.includes('SimpleQuantity')));
  return types.length > 1 && named.length ? named : listResourceTypes(definition, types);
}

/** The types of a nested resource, from the profile. */
const listResourceTypes = ({ type = [] }: ElementDefinition, types: string[]): string[] =>
  types[0] === 'Resource' && type.length ? type.map(({ code }) => code) : types;
