// The contained resource that a reference of the form `#id` leads to. Each reference of a resource asks, so that what it contains is looked through once.
// https://hl7.org/fhir/R4/references.html#contained
import { type Element, items } from './element.ts';

/** Root → what it contains, by id; of two with one id the first. */
const CONTAINED_BY_ROOT = new WeakMap<Element, ReadonlyMap<unknown, Element>>();

/** Undefined where it leads nowhere. `#` alone is the resource that contains. */
export const findContainedResource = (root: Element, reference: string): Element | undefined =>
  reference === '#' ? root : indexContained(root).get(reference.slice(1));

function indexContained(root: Element): ReadonlyMap<unknown, Element> {
  const known = CONTAINED_BY_ROOT.get(root);
  if (known) return known;
  const made = new Map(
    items(root.contained)
      .map((inner): [unknown, Element] => [inner.id, inner])
      .reverse(),
  );
  CONTAINED_BY_ROOT.set(root, made);
  return made;
}
