// The slices of a list: each item belongs to the first slice it matches, and each slice asks what it asks of its own items.
// https://hl7.org/fhir/R4/profiling.html#slicing
import { type Fault, fault } from '../validation/schema-rules/rule.ts';
import { type Slicing, Unusable } from './definition.ts';
import { type Elsewhere, type Matches, matcherOf } from './discriminator.ts';
import { type Around, type Item, type ItemRule, type ListRule, placeOf } from './rule.ts';
import type { ProfileNode } from './tree.ts';

/** A slice as it is checked. `list`: over its items. `matches` is undefined for what no other slice takes (`@default`). */
interface Slice {
  list: ListRule | undefined;
  matches: Matches | undefined;
  /** Why nobody can tell which items belong to it. */
  untold?: string;
}

/** What compiles a slice: the rule over its items, and the rule on each that tells whether it belongs where nothing else does. */
interface SliceRules {
  list: ListRule | undefined;
  item: ItemRule | undefined;
}

type CompileSlice = (slice: ProfileNode, name: string) => SliceRules;

const DEFAULT = '@default';
const BY_TYPE: Slicing = { rules: 'open', discriminator: [{ type: 'type', path: '$this' }] };

/** The rule of a slicing; undefined when no slice asks anything and no item may be refused. */
export function slicingRule(node: ProfileNode, compile: CompileSlice, elsewhere: Elsewhere): ListRule | undefined {
  if (!node.slices.size) return undefined;
  const slicing = node.asks.slicing ?? BY_TYPE;
  const slices = [...node.slices].map(([name, slice]) => sliceOf(slicing, slice, { name, rules: compile(slice, name), elsewhere }));
  const asks = slices.some(({ list, untold }) => list || untold) || slicing.rules !== 'open' || slicing.ordered === true;
  return asks ? sliced(slices, slicing) : undefined;
}

interface Compiled {
  name: string;
  rules: SliceRules;
  elsewhere: Elsewhere;
}

/** Without discriminators an item belongs to a slice when it is as the slice asks. */
function sliceOf({ discriminator = [] }: Slicing, slice: ProfileNode, { name, rules, elsewhere }: Compiled): Slice {
  const { list, item } = rules;
  if (name === DEFAULT) return { list, matches: undefined };
  if (!discriminator.length) return { list, matches: (one, around) => item?.holds(one, around) ?? true };
  try {
    return { list, matches: matcherOf(discriminator, slice, elsewhere) };
  } catch (error) {
    if (!(error instanceof Unusable)) throw error;
    const untold = `the slice ${name} is not checked: ${error.message}`;
    if (list) elsewhere.missed('slices', `${name} (${error.message})`);
    return { list: undefined, matches: () => false, ...(list && { untold }) };
  }
}

/** `slice`: the place of its slice; that of no slice is -1. */
interface Placed {
  item: Item;
  slice: number;
}

function sliced(slices: Slice[], { rules, ordered = false }: Slicing): ListRule {
  const rest = slices.findIndex(({ matches }) => !matches);
  const untold = slices.flatMap((slice) => slice.untold ?? []);
  const manner: Manner = { isClosed: rules === 'closed' && !untold.length, ordered, atEnd: rules === 'openAtEnd' && !untold.length };
  const place = (items: readonly Item[], around: Around): Placed[] =>
    items.map((item) => {
      const slice = slices.findIndex(({ matches }) => matches?.(item, around));
      return { item, slice: slice < 0 ? rest : slice };
    });
  return {
    holds(items, around) {
      if (items.length === 0) return slices.every(({ list }) => !list || list.holds(items, around));
      const placed = place(items, around);
      if ((manner.isClosed || manner.ordered || manner.atEnd) && strays(placed, manner).length) return false;
      for (let at = 0; at < slices.length; at++) {
        const { list } = slices[at]!;
        if (list && !list.holds(itemsOf(placed, at), around)) return false;
      }
      return true;
    },
    faults(items, around) {
      const placed = place(items, around);
      const misplaced = strays(placed, manner).map(({ item, slice }) =>
        fault('structure', slice < 0 ? NONE_FITS : OUT_OF_ORDER, ...placeOf(item)),
      );
      const unchecked = items.length ? untold.map((text) => notSaid(text, items[0]!)) : [];
      return [...misplaced, ...slices.flatMap(({ list }, at) => list?.faults(itemsOf(placed, at), around) ?? []), ...unchecked];
    },
  };
}

function itemsOf(placed: Placed[], at: number): Item[] {
  const items: Item[] = [];
  for (const { item, slice } of placed) if (slice === at) items.push(item);
  return items;
}

const notSaid = (text: string, { name }: Item): Fault => ({ severity: 'warning', code: 'not-supported', text, at: [name] });

const NONE_FITS = 'the profile allows only what it describes here, and this is none of it';
const OUT_OF_ORDER = 'the profile asks for another order of what it describes here';

interface Manner {
  isClosed: boolean;
  ordered: boolean;
  atEnd: boolean;
}

/** What stands where it must not: of no slice where all must be of one, before one that comes first, or of none before one that is of some. */
function strays(placed: Placed[], { isClosed, ordered, atEnd }: Manner): Placed[] {
  let last = -1;
  return placed.filter(({ slice }) => {
    if (slice < 0) {
      if (atEnd) last = Number.POSITIVE_INFINITY;
      return isClosed;
    }
    const late = (ordered || atEnd) && slice < last && (ordered || last === Number.POSITIVE_INFINITY);
    last = Math.max(last, slice);
    return late;
  });
}
