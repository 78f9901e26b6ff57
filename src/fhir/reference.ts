// References: their normalized text, the type of their target, and the contained resource that `#id` refers to.
// https://hl7.org/fhir/R4/references.html#literal, https://hl7.org/fhir/R4/search.html#reference
import { type Element, listObjects, toObject } from './json-values.ts';
import { ID_PATTERN } from './types.ts';

const LOCAL = /^([A-Z][A-Za-z]{1,60})\/([A-Za-z0-9\-.]{1,64})(?:\/_history\/[A-Za-z0-9\-.]{1,64})?$/;
const VERSION = /\/_history\/[A-Za-z0-9\-.]{1,64}$/;
const ABSOLUTE = /^[A-Za-z][A-Za-z0-9+.-]*:./;

/**
 * The text whose hash identifies the target: `Type/id` for a resource of this server, the unchanged text for any other target. `baseUrl`: this server's FHIR base, without a trailing slash. A version is removed, because search finds only
 * current versions. Undefined: the target is a contained resource (`#x`), or the text is not a reference.
 */
export function normalizeReference(reference: string, baseUrl: string): string | undefined {
  const own = baseUrl !== '' && reference.startsWith(`${baseUrl}/`) ? reference.slice(baseUrl.length + 1) : reference;
  const [, type, id] = LOCAL.exec(own) ?? [];
  if (type !== undefined) return `${type}/${id}`;
  return ABSOLUTE.test(reference) ? reference.replace(VERSION, '') : undefined;
}

/** Whether a text is a relative reference: `Type/id`, perhaps with a version. */
export const isRelativeReference = (text: string): boolean => LOCAL.test(text);

/** The version that a reference names (`Patient/1/_history/3` → `3`). https://hl7.org/fhir/R4/references.html#literal */
export const readReferenceVersion = (reference: string): string | undefined => VERSION.exec(reference)?.[0].slice('/_history/'.length);

/** The type of a reference's target, from its text or its `type`. Undefined: neither has the type. https://hl7.org/fhir/R4/references.html#type */
export function readReferenceType(reference: unknown): string | undefined {
  const { reference: text, type } = typeof reference === 'string' ? { reference, type: undefined } : (toObject(reference) ?? {});
  const [named, id] = typeof text === 'string' ? text.replace(VERSION, '').split('/').slice(-2) : [];
  if (named !== undefined && id !== undefined && /^[A-Z][A-Za-z]+$/.test(named) && ID_PATTERN.test(id)) return named;
  return typeof type === 'string' ? type : undefined;
}

/** Root → its contained resources by id. If two have the same id, the first counts. */
const CONTAINED_BY_ROOT = new WeakMap<Element, ReadonlyMap<unknown, Element>>();

/**
 * The contained resource of a `#id` reference. `#` alone is the containing resource. The contained resources are indexed once, because each reference needs them.
 * https://hl7.org/fhir/R4/references.html#contained
 */
export const findContainedResource = (root: Element, reference: string): Element | undefined =>
  reference === '#' ? root : indexContained(root).get(reference.slice(1));

function indexContained(root: Element): ReadonlyMap<unknown, Element> {
  const known = CONTAINED_BY_ROOT.get(root);
  if (known) return known;
  const index = new Map(
    listObjects(root.contained)
      .map((inner): [unknown, Element] => [inner.id, inner])
      .reverse(),
  );
  CONTAINED_BY_ROOT.set(root, index);
  return index;
}
