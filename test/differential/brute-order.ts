// The order of a search's results, from the resources alone: missing values last, equal values in the order of storing, which is reversed if the first key descends.
// https://hl7.org/fhir/R4/search.html#sort, docs/decisions/0005-search-order-and-page-links.md
import { type Held, parametersOf, valuesOf } from './brute.ts';
import { amount, codesOf, localTarget, ownTarget, textsOf } from './brute-kinds.ts';
import { folded, measured, near, timesOf } from './brute-values.ts';
import type { SpecValue } from './spec-values.ts';

type Key = string | number;

const KEYS: Record<string, (value: SpecValue) => Key[]> = {
  string: (value) => textsOf(value).map(folded).filter(Boolean),
  uri: ({ value }) => [value as string, (value as string).split('|')[0]!],
  date: ({ type, value }) => timesOf(type, value)?.[0] ?? [],
  number: (value) => amount(value)?.range[0] ?? [],
  quantity(value) {
    const found = amount(value);
    return found ? [found.system && found.code ? measured(found.range[0], found.system, found.code).value : found.range[0]] : [];
  },
  token: (value) => codesOf(value).flatMap(({ code }) => (code === undefined ? [] : [code.toLowerCase().slice(0, 64)])),
  reference: ({ type, value }) => {
    const own = ownTarget(value);
    if (own !== undefined) return own;
    if (type !== 'Reference' && typeof value !== 'string') return [];
    if (type !== 'Reference') return [value as string, (value as string).split('|')[0]!];
    const { reference } = value as { reference?: string };
    // contained resources are not searched, so that a reference to one is no value
    return localTarget(reference) ?? (reference?.startsWith('#') ? [] : (reference ?? []));
  },
} as Record<string, (value: SpecValue) => Key[]>;

/** The value that counts: the least in ascending order, the greatest in descending. */
function keyOf(resource: Held, code: string, descending: boolean): Key | undefined {
  const { kind } = parametersOf(resource.resourceType).get(code)!;
  const keys = valuesOf(resource, code).flatMap(KEYS[kind]!).sort(byValue);
  return keys.at(descending ? -1 : 0);
}

function byValue(a: Key, b: Key): number {
  if (typeof a === 'string' || typeof b === 'string') return Buffer.compare(Buffer.from(String(a)), Buffer.from(String(b)));
  return near(a, b) ? 0 : a - b;
}

/** The resources, which stand in the order of storing, in the order of the keys (`status`, `-date`). */
export function inOrder(sort: readonly string[], resources: readonly Held[]): Held[] {
  const keys = sort.map((one) => ({ code: one.replace(/^-/, ''), descending: one.startsWith('-') }));
  const stored = new Map(resources.map((resource, at) => [resource, at]));
  return [...resources].sort((left, right) => {
    for (const { code, descending } of keys) {
      const [a, b] = [keyOf(left, code, descending), keyOf(right, code, descending)];
      const order =
        a === undefined || b === undefined ? Number(a === undefined) - Number(b === undefined) : byValue(a, b) * (descending ? -1 : 1);
      if (order) return order;
    }
    return (stored.get(left)! - stored.get(right)!) * (keys[0]!.descending ? -1 : 1);
  });
}
