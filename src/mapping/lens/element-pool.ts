// Matches elements by their shown value. Each element is taken at most once, in order.
import { formatSortedJson } from '../../fhir/json-values.ts';

/** The elements that have not been taken. */
interface ElementPool<T> {
  /** Takes the first element that shows the same value; undefined: none is left. */
  take(shown: unknown): T | undefined;
}

/** A pool with an index, so that matching n elements takes n steps. */
export function buildPool<T>(all: readonly T[], shownBy: (item: T) => unknown): ElementPool<T> {
  const left = Map.groupBy(all.toReversed(), (item) => formatSortedJson(shownBy(item)));
  return { take: (shown) => left.get(formatSortedJson(shown))?.pop() };
}
