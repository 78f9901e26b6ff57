// Elements of a list that are known again by what they show, each once and the first that is left first.
import { formatSortedJson } from '../../fhir/json-values.ts';

/** Those that have not been taken yet. */
interface ElementPool<T> {
  /** The first that shows the same; undefined: none is left. */
  take(shown: unknown): T | undefined;
}

/** Whatever number there is of them, and of what is looked for: each is looked at once. */
export function buildPool<T>(all: readonly T[], shownBy: (one: T) => unknown): ElementPool<T> {
  const left = Map.groupBy(all.toReversed(), (one) => formatSortedJson(shownBy(one)));
  return { take: (shown) => left.get(formatSortedJson(shown))?.pop() };
}
