// The elements of a resource that no face shows.
import { isContainer, type PathKey } from '../fhir/json-tree.ts';
import type { Resource } from '../fhir/types.ts';
import type { TracedField } from '../mapping/shape.ts';
import { formatElementPath } from './element-path.ts';

/** The paths of these elements; of an element of which nothing is shown, only its own path. An element counts as shown if it decides, within the shown one, what a field shows. */
export function listUnshownElements({ resourceType: _, ...elements }: Resource, fields: readonly TracedField[]): string[] {
  const shown = new Set(fields.flatMap((field) => listShownKeys(field).map((keys) => formatElementPath(keys))));
  const listIn = (value: unknown, keys: PathKey[]): { paths: string[]; isWhole: boolean } => {
    const path = formatElementPath(keys);
    if (shown.has(path)) return { paths: [], isWhole: false };
    if (!isContainer(value)) return { paths: value === null ? [] : [path], isWhole: true };
    const parts = Object.entries(value).map(([key, inner]) => listIn(inner, [...keys, Array.isArray(value) ? Number(key) : key]));
    const isWhole = keys.length > 0 && parts.every((part) => part.isWhole);
    return { paths: isWhole ? [path] : parts.flatMap(({ paths }) => paths), isWhole };
  };
  return listIn(elements, []).paths;
}

/** The elements of the resource itself that a field shows, and those that decide within them. */
function listShownKeys({ elements, conditions }: TracedField): PathKey[][] {
  const own = elements.filter(({ owner }) => owner === '').map(({ keys }) => keys);
  const deciding = conditions.filter(({ owner, keys }) => owner === '' && own.some((shown) => isInSameElements(keys, shown)));
  return [...own, ...deciding.map(({ keys }) => keys)];
}

/** Whether two places are in the same members of the lists that they have in common. */
function isInSameElements(keys: readonly PathKey[], others: readonly PathKey[]): boolean {
  const at = keys.findIndex((key, index) => key !== others[index]);
  const end = at < 0 ? keys.length : at;
  return end > 0 && typeof keys[end] !== 'number';
}
