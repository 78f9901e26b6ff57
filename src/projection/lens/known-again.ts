// Elements of a list that are known again by what they show, each once and the first that is left first; and where they stand when the list is said anew.
import { sortedText } from '../../fhir/json-values.ts';

/** Those that have not been taken yet. */
interface Pool<T> {
  /** The first that shows the same; undefined: none is left. */
  take(shown: unknown): T | undefined;
}

/** Whatever number there is of them, and of what is looked for: each is looked at once. */
export function poolOf<T>(all: readonly T[], shownBy: (one: T) => unknown): Pool<T> {
  const left = Map.groupBy(all.toReversed(), (one) => sortedText(shownBy(one)));
  return { take: (shown) => left.get(sortedText(shown))?.pop() };
}

/** These in the places of a field's own elements, what is left over at the end; all others stay where they are. */
export function placedAmong(elements: unknown[], own: unknown[], isOwn: (element: unknown) => boolean): unknown[] {
  let placed = 0;
  const all = elements.flatMap((element) => {
    if (!isOwn(element)) return [element];
    placed++;
    return own.slice(placed - 1, placed);
  });
  return [...all, ...own.slice(placed)];
}
