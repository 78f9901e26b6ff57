// Finds the contained resource of a `#id` reference. The contained resources are cached by id, because each reference of a resource needs them.
// https://hl7.org/fhir/R4/references.html#contained
import { type Element, items } from './element.ts';

/** Root → its contained resources by id. If two have the same id, the first counts. */
const CONTAINED_BY_ROOT = new WeakMap<Element, ReadonlyMap<unknown, Element>>();

/** Undefined: no such contained resource. `#` alone means the containing resource. */
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
