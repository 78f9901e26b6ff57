// The contained resource that a reference of the form `#id` leads to. Each reference of a resource asks, so that what it contains is looked through once.
// https://hl7.org/fhir/R4/references.html#contained
import { type Element, items } from './element.ts';

/** Root → what it contains, by id; of two with one id the first. */
const CONTAINED = new WeakMap<Element, ReadonlyMap<unknown, Element>>();

/** Undefined where it leads nowhere. `#` alone is the resource that contains. */
export const localTarget = (root: Element, reference: string): Element | undefined =>
  reference === '#' ? root : containedOf(root).get(reference.slice(1));

function containedOf(root: Element): ReadonlyMap<unknown, Element> {
  const known = CONTAINED.get(root);
  if (known) return known;
  const made = new Map(
    items(root.contained)
      .map((inner): [unknown, Element] => [inner.id, inner])
      .reverse(),
  );
  CONTAINED.set(root, made);
  return made;
}
