// The slices of a list. Each item belongs to the first slice that it matches, and the rules of a slice apply to its items.
// https://hl7.org/fhir/R4/profiling.html#slicing
import { buildFault, type Fault } from '../validation/schema-rule.ts';
import { type Slicing, UnusableDefinitionError } from './definition.ts';
import { buildSliceMatcher, type ExternalDefinitions, type SliceMatcher } from './discriminator.ts';
import { type ElementItem, type ItemRule, type ListRule, type ResourceContext, toItemPath } from './rule.ts';
import type { ProfileNode } from './tree.ts';

/** A compiled slice. `list`: the rule for its items. `matches` is undefined for the slice of all other items (`@default`). */
interface Slice {
  list: ListRule | undefined;
  matches: SliceMatcher | undefined;
  /** Why the items of the slice cannot be determined. */
  unchecked?: string;
}

/** The rules of a slice: for the list of its items, and for each item. Without discriminators, the item rule decides whether an item belongs to the slice. */
interface SliceRules {
  list: ListRule | undefined;
  item: ItemRule | undefined;
}

type CompileSlice = (slice: ProfileNode, name: string) => SliceRules;

const DEFAULT = '@default';
const BY_TYPE: Slicing = { rules: 'open', discriminator: [{ type: 'type', path: '$this' }] };

/** The rule of a slicing. Undefined: no slice has rules, and every item is allowed. */
export function buildSlicingRule(node: ProfileNode, compile: CompileSlice, definitions: ExternalDefinitions): ListRule | undefined {
  if (!node.slices.size) return undefined;
  const slicing = node.definition.slicing ?? BY_TYPE;
  const slices = [...node.slices].map(([name, slice]) => compileSlice(slicing, slice, { name, rules: compile(slice, name), definitions }));
  const hasRules = slices.some(({ list, unchecked }) => list || unchecked) || slicing.rules !== 'open' || slicing.ordered === true;
  return hasRules ? buildSlicesRule(slices, slicing) : undefined;
}

interface Compiled {
  name: string;
  rules: SliceRules;
  definitions: ExternalDefinitions;
}

/** Compiles a slice. Without discriminators, an item belongs to the slice if it meets the slice's rules. */
function compileSlice({ discriminator = [] }: Slicing, slice: ProfileNode, { name, rules, definitions }: Compiled): Slice {
  const { list, item } = rules;
  if (name === DEFAULT) return { list, matches: undefined };
  if (!discriminator.length) return { list, matches: (candidate, context) => item?.isMet(candidate, context) ?? true };
  try {
    return { list, matches: buildSliceMatcher(discriminator, slice, definitions) };
  } catch (error) {
    if (!(error instanceof UnusableDefinitionError)) throw error;
    const unchecked = `the slice ${name} is not checked: ${error.message}`;
    if (list) definitions.reportUnchecked('slices', `${name} (${error.message})`);
    return { list: undefined, matches: () => false, ...(list && { unchecked }) };
  }
}

/** `slice`: the index of its slice, or -1. */
interface SlicedItem {
  item: ElementItem;
  slice: number;
}

function buildSlicesRule(slices: Slice[], { rules, ordered = false }: Slicing): ListRule {
  const rest = slices.findIndex(({ matches }) => !matches);
  const unchecked = slices.flatMap((slice) => slice.unchecked ?? []);
  const mode: SlicingMode = {
    isClosed: rules === 'closed' && !unchecked.length,
    ordered,
    atEnd: rules === 'openAtEnd' && !unchecked.length,
  };
  const assignSlices = (items: readonly ElementItem[], context: ResourceContext): SlicedItem[] =>
    items.map((item) => {
      const slice = slices.findIndex(({ matches }) => matches?.(item, context));
      return { item, slice: slice < 0 ? rest : slice };
    });
  return {
    isMet(items, context) {
      if (items.length === 0) return slices.every(({ list }) => !list || list.isMet(items, context));
      const slicedItems = assignSlices(items, context);
      if ((mode.isClosed || mode.ordered || mode.atEnd) && findMisplacedItems(slicedItems, mode).length) return false;
      for (let at = 0; at < slices.length; at++) {
        const { list } = slices[at]!;
        if (list && !list.isMet(listSliceItems(slicedItems, at), context)) return false;
      }
      return true;
    },
    findFaults(items, context) {
      const slicedItems = assignSlices(items, context);
      const misplaced = findMisplacedItems(slicedItems, mode).map(({ item, slice }) =>
        buildFault('structure', slice < 0 ? NO_SLICE_MATCHES : OUT_OF_ORDER, ...toItemPath(item)),
      );
      const notices = items.length ? unchecked.map((text) => buildUncheckedFault(text, items[0]!)) : [];
      return [
        ...misplaced,
        ...slices.flatMap(({ list }, at) => list?.findFaults(listSliceItems(slicedItems, at), context) ?? []),
        ...notices,
      ];
    },
  };
}

function listSliceItems(slicedItems: SlicedItem[], at: number): ElementItem[] {
  const items: ElementItem[] = [];
  for (const { item, slice } of slicedItems) if (slice === at) items.push(item);
  return items;
}

const buildUncheckedFault = (text: string, { name }: ElementItem): Fault => ({
  severity: 'warning',
  code: 'not-supported',
  text,
  path: [name],
});

const NO_SLICE_MATCHES = 'the profile allows only items of its slices here, and this item matches none';
const OUT_OF_ORDER = 'the profile requires another order of the items here';

interface SlicingMode {
  isClosed: boolean;
  ordered: boolean;
  atEnd: boolean;
}

/** The items that the slicing does not allow: without a slice in a closed slicing, in a wrong order, or without a slice before items of slices. */
function findMisplacedItems(slicedItems: SlicedItem[], { isClosed, ordered, atEnd }: SlicingMode): SlicedItem[] {
  let last = -1;
  return slicedItems.filter(({ slice }) => {
    if (slice < 0) {
      if (atEnd) last = Number.POSITIVE_INFINITY;
      return isClosed;
    }
    const late = (ordered || atEnd) && slice < last && (ordered || last === Number.POSITIVE_INFINITY);
    last = Math.max(last, slice);
    return late;
  });
}
