// The rules about resources inside a resource: what they may hold, and that references to and from them lead somewhere.
// https://hl7.org/fhir/R4/domainresource.html, https://hl7.org/fhir/R4/references.html#contained
import { type Element, isElement, items } from '../../element.ts';
import { localTarget } from '../../local-target.ts';
import { has, type Predicate } from './element.ts';

const contained = (resource: Element): Element[] => items(resource.contained);

const withoutMeta =
  (names: string[]): Predicate =>
  (resource) =>
    contained(resource).every((inner) => !isElement(inner.meta) || !names.some((name) => has(inner.meta as Element, name)));

/** Key → predicate. dom-2 … dom-5 stand on a resource, ref-1 on a reference. */
export const CONTAINED_INVARIANTS: Record<string, Predicate> = {
  'dom-2': (resource) => contained(resource).every((inner) => !has(inner, 'contained')),
  'dom-3': (resource) => !has(resource, 'contained') || isConnected(resource),
  'dom-4': withoutMeta(['versionId', 'lastUpdated']),
  'dom-5': withoutMeta(['security']),
  'ref-1': (reference, root) => !isLocal(reference.reference) || localTarget(root, reference.reference) !== undefined,
};

const isLocal = (reference: unknown): reference is string => typeof reference === 'string' && reference.charCodeAt(0) === HASH;
const HASH = 35;

/**
 * Each contained resource is referred to from somewhere, or refers to the resource around it. Any text that reads `#id` counts as a reference to it:
 * which texts are canonical URLs, the JSON of an unserved type does not say.
 */
function isConnected(resource: Element): boolean {
  const texts = new Set(localTexts(resource));
  return contained(resource).every((inner) => texts.has(`#${inner.id}`) || localTexts(inner).includes('#'));
}

/** All texts that begin with `#`. */
function localTexts(value: unknown): string[] {
  if (isLocal(value)) return [value];
  return value !== null && typeof value === 'object' ? Object.values(value).flatMap(localTexts) : [];
}
