// Finds duplicates (`unique:`): the keys to lock, the searches for candidates, and the comparison.

import { foldText } from '../../fhir/indexing/text-folding.ts';
import { toRecord, toText } from '../../fhir/json-values.ts';
import { invalid } from '../../fhir/outcome.ts';
import type { Aliases } from '../../fhir/writable-path/path.ts';
import { encodeKey } from '../lens/field-map.ts';
import { isUnset } from '../lens/lens-read.ts';
import type { Shape, View } from '../shape.ts';
import type { MappingSpec, UniqueRuleSpec, UniqueSpec } from '../spec.ts';
import { buildSearchText, listPlaceholders } from './search-text.ts';

type Comparison = UniqueSpec['compare'][string];

/** How values are normalised before they are compared. */
const NORMALIZERS: Record<Comparison, (value: unknown) => unknown> = {
  exact: (value) => value,
  trimmed: (value) => String(value).trim().toLowerCase(),
  folded: (value) => foldText(String(value)),
};

/** The compared fields of a view, normalised. */
type ComparedValues = Record<string, unknown>;

/** The duplicate check of a shape; without `unique:` there are no duplicates. */
export function buildDuplicateFinder({ resource, unique }: MappingSpec, aliases: Aliases): Shape['buildDuplicateCheck'] {
  if (!unique) return () => null;
  const spelled = (view: View): ComparedValues =>
    Object.fromEntries(
      Object.entries(unique.compare).flatMap(([field, comparison]) =>
        isUnset(view[field]) ? [] : [[field, NORMALIZERS[comparison](view[field])]],
      ),
    );
  return (view) => {
    const own = spelled(view);
    const applicableRules = unique.any.filter(({ same }) => same.every((field) => field in own));
    return {
      lockKeys: [...new Set(applicableRules.flatMap((rule) => buildLockKeys(unique.within, rule, own)))],
      candidates: applicableRules.flatMap((rule) =>
        listEntries(rule, own).map((entry) => ({
          search: `${resource}?${buildSearchText(rule.search, aliases, toSearchValues(rule, { ...own, ...entry, ...(entry.key !== undefined && { key: encodeKey(entry.key) }) }))}`,
          isSame: (candidate: View) => isDuplicate(rule, unique.within, [own, spelled(candidate)]),
        })),
      ),
    };
  };
}

/** Each entry of a map needs a search of its own. */
const MAX_ENTRIES = 100;

/** One search for each entry of a map, one for anything else. Throws `invalid` with the field's name for too many entries. */
function listEntries({ same }: UniqueRuleSpec, own: ComparedValues): Record<string, string>[] {
  const field = same.find((name) => typeof own[name] === 'object');
  if (field === undefined) return [{}];
  const entries = Object.entries(toRecord(own[field])).map(([key, value]): [string, string] => [key, toText(value)]);
  if (entries.length > MAX_ENTRIES) throw invalid(`${field} must have at most ${MAX_ENTRIES} entries`, field);
  return entries.map(([key, value]) => ({ key, value }));
}

const toSearchValues = ({ search }: UniqueRuleSpec, values: Record<string, unknown>): Record<string, string> =>
  Object.fromEntries(listPlaceholders(search).map((name) => [name, String(values[name] ?? '')]));

/** Builds the keys to lock: concurrent creates of the same item have a key in common. */
function buildLockKeys(within: string[], rule: UniqueRuleSpec, own: ComparedValues): string[] {
  const where = within.map((field) => own[field]);
  const what = rule.same.filter((field) => typeof own[field] !== 'object');
  const entries = listEntries(rule, own).map(({ key, value }) => (key === undefined ? [] : [key, value]));
  return entries.map((entry) => JSON.stringify([where, rule.same, what.map((field) => own[field]), entry]));
}

function isDuplicate(
  { same, agree = [], lacking = [] }: UniqueRuleSpec,
  within: string[],
  [a, b]: [ComparedValues, ComparedValues],
): boolean {
  return (
    within.every((field) => a[field] === b[field]) &&
    same.every((field) => hasCommonValue(a[field], b[field])) &&
    agree.every((field) => !(field in a) || !(field in b) || a[field] === b[field]) &&
    lacking.every((field) => !(field in a) || !(field in b))
  );
}

/** Whether values are equal; maps are when they have a common entry. */
function hasCommonValue(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object') return a !== undefined && a === b;
  const other = new Map(Object.entries(toRecord(b)));
  return Object.entries(toRecord(a)).some(([key, value]) => other.get(key) === value);
}
