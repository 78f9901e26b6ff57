// The rules about resources inside a resource: what they may hold, and that references to and from them lead somewhere.
// https://hl7.org/fhir/R4/domainresource.html, https://hl7.org/fhir/R4/references.html#contained

import { findContainedResource } from '../../contained-resource.ts';
import { type Element, isElement, items } from '../../element.ts';
import { hasElement, type InvariantPredicate } from './element.ts';

const readContained = (resource: Element): Element[] => items(resource.contained);

const buildMetaPredicate =
  (names: string[]): InvariantPredicate =>
  (resource) =>
    readContained(resource).every(({ meta }) => !isElement(meta) || !names.some((name) => hasElement(meta, name)));

/** Key → predicate. dom-2 … dom-5 stand on a resource, ref-1 on a reference. */
export const CONTAINED_INVARIANTS: Record<string, InvariantPredicate> = {
  'dom-2': (resource) => readContained(resource).every((inner) => !hasElement(inner, 'contained')),
  'dom-3': (resource) => !hasElement(resource, 'contained') || areContainedReferenced(resource),
  'dom-4': buildMetaPredicate(['versionId', 'lastUpdated']),
  'dom-5': buildMetaPredicate(['security']),
  'ref-1': (reference, root) => !isLocalReference(reference.reference) || findContainedResource(root, reference.reference) !== undefined,
};

const isLocalReference = (reference: unknown): reference is string => typeof reference === 'string' && reference.charCodeAt(0) === HASH;
const HASH = 35;

/**
 * Each contained resource is referred to from somewhere, or refers to the resource around it. Any text that reads `#id` counts as a reference to it:
 * which texts are canonical URLs, the JSON of an unserved type does not say.
 */
function areContainedReferenced(resource: Element): boolean {
  const texts = new Set(listLocalReferences(resource));
  return readContained(resource).every((inner) => texts.has(`#${inner.id}`) || listLocalReferences(inner).includes('#'));
}

/** All texts that begin with `#`. */
function listLocalReferences(value: unknown): string[] {
  if (isLocalReference(value)) return [value];
  return value !== null && typeof value === 'object' ? Object.values(value).flatMap(listLocalReferences) : [];
}
