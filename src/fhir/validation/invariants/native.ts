// The constraints that nearly every resource has many times, as functions. They are several times as fast as their FHIRPath expressions, which hold the same
// (test/fhir/invariants.test.ts). `txt-1` and `txt-2` have no expression that can be evaluated.
// https://hl7.org/fhir/R4/datatypes.html, https://hl7.org/fhir/R4/domainresource.html, https://hl7.org/fhir/R4/references.html#contained

import { mayPrecede } from '../../calendar.ts';
import { type Element, isElement, listObjects } from '../../json-values.ts';
import { findContainedResource } from '../../reference.ts';
import { hasNarrativeContent, isSafeNarrative } from '../narrative.ts';

/** Whether an element meets a constraint. `element`: an object, or the text of XHTML. `root`: the containing resource. */
export type InvariantPredicate = (element: Element, root: Element) => boolean;

/** `name.exists()`: the element has a value, or extensions in its place. */
export const hasElement = (element: Element, name: string): boolean => element[name] !== undefined || element[`_${name}`] !== undefined;

/** Name → predicate. */
export const NATIVE_INVARIANTS: Readonly<Record<string, InvariantPredicate>> = {
  'Element.ele-1': hasContentBesideId,
  'Extension.ext-1': (extension) => hasElement(extension, 'extension') !== hasExtensionValue(extension),
  'Narrative.txt-1': (div: unknown) => typeof div === 'string' && isSafeNarrative(div),
  'Narrative.txt-2': (div: unknown) => typeof div === 'string' && hasNarrativeContent(div),
  'ContactPoint.cpt-2': (contact) => !hasElement(contact, 'value') || hasElement(contact, 'system'),
  'Quantity.qty-3': (quantity) => !hasElement(quantity, 'code') || hasElement(quantity, 'system'),
  'Period.per-1': (period) => mayPrecede(period.start, period.end),
  'Reference.ref-1': (reference, root) =>
    !isLocalReference(reference.reference) || findContainedResource(root, reference.reference) !== undefined,
  'DomainResource.dom-2': (resource) => readContained(resource).every((inner) => !hasElement(inner, 'contained')),
  'DomainResource.dom-3': (resource) => !hasElement(resource, 'contained') || areContainedReferenced(resource),
  'DomainResource.dom-4': buildMetaPredicate(['versionId', 'lastUpdated']),
  'DomainResource.dom-5': buildMetaPredicate(['security']),
};

/** An element has a value or content in addition to its id. https://hl7.org/fhir/R4/element.html */
function hasContentBesideId(element: Element): boolean {
  for (const name in element) if (name !== 'id') return true;
  return false;
}

/** `value.exists()` of an extension, whose value has its type in its JSON name. */
function hasExtensionValue(extension: Element): boolean {
  for (const name in extension) if (VALUE.test(name)) return true;
  return false;
}

const VALUE = /^_?value[A-Z]/;

const readContained = (resource: Element): Element[] => listObjects(resource.contained);

function buildMetaPredicate(names: string[]): InvariantPredicate {
  return (resource) => readContained(resource).every(({ meta }) => !isElement(meta) || !names.some((name) => hasElement(meta, name)));
}

const isLocalReference = (reference: unknown): reference is string => typeof reference === 'string' && reference.charCodeAt(0) === HASH;
const HASH = 35;

/**
 * Whether each contained resource is the target of a reference, or refers to the containing resource. Any text `#id` counts as a reference, because the JSON
 * does not tell which texts are canonical URLs.
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
