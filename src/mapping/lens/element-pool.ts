// Matches elements by what they show: each element is taken at most once, the first one first.
import { formatSortedJson } from '../../fhir/json-values.ts';

/** The elements that are not taken yet. */
interface ElementPool<T> {
  /** Takes the first element that shows the same value; undefined: none is left. */
  take(shown: unknown): T | undefined;
}

/** A pool with an index, so that matching n elements takes n steps. */
export function buildPool<T>(all: readonly T[], shownBy: (one: T) => unknown): ElementPool<T> {
  const left = Map.groupBy(all.toReversed(), (one) => formatSortedJson(shownBy(one)));
  return { take: (shown) => left.get(formatSortedJson(shown))?.pop() };
}
