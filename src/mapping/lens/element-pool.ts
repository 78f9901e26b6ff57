// Matches elements by their shown value. Each element is taken at most once, in order.
import { formatSortedJson } from '../../fhir/json-values.ts';

/** The elements that have not been taken. */
interface ElementPool<T> {
  /** Takes the first element that shows the same value; undefined: none is left. */
  take(value: unknown): T | undefined;
}

/** A pool with an index, so that matching n elements takes n steps. */
export function buildPool<T>(all: readonly T[], shownBy: (item: T) => unknown): ElementPool<T> {
  const remaining = Map.groupBy(all.toReversed(), (item) => formatSortedJson(shownBy(item)));
  return { take: (value) => remaining.get(formatSortedJson(value))?.pop() };
}
