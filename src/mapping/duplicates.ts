// When two items are the same (`unique:`): what to lock, where to look for candidates, and whether a candidate is the same.
import { fold } from '../fhir/indexing/fold.ts';
import { invalid } from '../fhir/outcome.ts';
import type { Aliases } from '../fhir/path/path.ts';
import { keyText } from './lens/field-map.ts';
import { isUnset } from './lens/lens-read.ts';
import { searchText, valuesIn } from './search-text.ts';
import type { Shape, View } from './shape.ts';
import type { MappingSpec, SamenessSpec, UniqueSpec } from './spec.ts';

type Comparison = UniqueSpec['compare'][string];

/** How values are made alike before they are compared. */
const SPELLINGS: Record<Comparison, (value: unknown) => unknown> = {
  exact: (value) => value,
  trimmed: (value) => String(value).trim().toLowerCase(),
  folded: (value) => fold(String(value)),
};

/** A view as far as it is compared. */
type Spelled = Record<string, unknown>;

/** `duplicates` of a shape; without `unique:` nothing is ever the same. */
export function duplicatesOf({ resource, unique }: MappingSpec, aliases: Aliases): Shape['duplicates'] {
  if (!unique) return () => null;
  const spelled = (view: View): Spelled =>
    Object.fromEntries(
      Object.entries(unique.compare).flatMap(([field, how]) => (isUnset(view[field]) ? [] : [[field, SPELLINGS[how](view[field])]])),
    );
  return (view) => {
    const own = spelled(view);
    const ways = unique.any.filter(({ same }) => same.every((field) => field in own));
    return {
      keys: [...new Set(ways.flatMap((way) => keysOf(unique.within, way, own)))],
      candidates: ways.flatMap((way) =>
        entriesOf(way, own).map((entry) => ({
          search: `${resource}?${searchText(way.search, aliases, textsOf(way, { ...own, ...entry, ...(entry.key !== undefined && { key: keyText(entry.key) }) }))}`,
          same: (candidate: View) => isSame(way, unique.within, [own, spelled(candidate)]),
        })),
      ),
    };
  };
}

/** Each entry of a map is a search of its own. No vendor prints how many there may be. */
const MOST_ENTRIES = 100;

/** A map is looked for entry by entry, everything else once. Fails with `invalid`, naming the field, where that would be too often. */
function entriesOf({ same }: SamenessSpec, own: Spelled): Record<string, string>[] {
  const field = same.find((name) => typeof own[name] === 'object');
  if (field === undefined) return [{}];
  const entries = Object.entries(own[field] as Record<string, string>);
  if (entries.length > MOST_ENTRIES) throw invalid(`${field} must have at most ${MOST_ENTRIES} entries`, field);
  return entries.map(([key, value]) => ({ key, value }));
}

const textsOf = ({ search }: SamenessSpec, values: Record<string, unknown>): Record<string, string> =>
  Object.fromEntries(valuesIn(search).map((name) => [name, String(values[name] ?? '')]));

/** One key per thing that two writers must not both bring at once. */
function keysOf(within: string[], way: SamenessSpec, own: Spelled): string[] {
  const where = within.map((field) => own[field]);
  const what = way.same.filter((field) => typeof own[field] !== 'object');
  const entries = entriesOf(way, own).map(({ key, value }) => (key === undefined ? [] : [key, value]));
  return entries.map((entry) => JSON.stringify([where, way.same, what.map((field) => own[field]), entry]));
}

function isSame({ same, agree = [], lacking = [] }: SamenessSpec, within: string[], [a, b]: [Spelled, Spelled]): boolean {
  return (
    within.every((field) => a[field] === b[field]) &&
    same.every((field) => alike(a[field], b[field])) &&
    agree.every((field) => !(field in a) || !(field in b) || a[field] === b[field]) &&
    lacking.every((field) => !(field in a) || !(field in b))
  );
}

/** Two maps are alike when they have an entry in common. */
function alike(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object') return a !== undefined && a === b;
  const other = new Map(Object.entries(b as object));
  return Object.entries(a as object).some(([key, value]) => other.get(key) === value);
}
