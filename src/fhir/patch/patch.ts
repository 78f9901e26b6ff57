// A patch: what becomes of a resource, whichever language it was written in. https://hl7.org/fhir/R4/http.html#patch

import { readMember } from '../json-values.ts';
import { businessRule } from '../outcome.ts';
import type { Resource } from '../types.ts';

/** From a resource (digits kept) to the one the patch makes of it, nothing changed in place. Fails with `rule` (422) where the patch does not fit. */
export interface Patch {
  (resource: Resource): Resource;
  /** Whether it compares what stands in the resource with values of its own: that it fits, or does not, then tells what stands there. */
  readonly comparesValues: boolean;
}

/** So many operations a patch may have: each copies the list it changes. */
export const MAX_PATCH_OPERATIONS = 1000;

/** What holds for patches of every language: they leave type and id alone, and no narrative that tells of what was before. */
export function buildPatch(patch: (resource: Resource) => Resource, comparesValues: boolean): Patch {
  const apply = (resource: Resource): Resource => {
    const patched = patch(resource);
    if (patched === null || typeof patched !== 'object' || patched.resourceType !== resource.resourceType || patched.id !== resource.id)
      throw businessRule('a patch cannot change the type or the id of a resource');
    return removeStaleNarrative(resource, patched);
  };
  return Object.assign(apply, { comparesValues });
}

/** "The server SHALL ensure that the narrative in a resource is not clinically unsafe": one that was generated is dropped when it was not patched itself. */
function removeStaleNarrative(before: Resource, after: Resource): Resource {
  const { text, ...rest } = after;
  const generated = readMember(text, 'status') === 'generated';
  if (!generated || text !== before.text || !hasOtherChanges(before, after)) return after;
  return { ...rest, resourceType: after.resourceType };
}

const hasOtherChanges = (before: Resource, after: Resource): boolean =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])].some((name) => name !== 'meta' && before[name] !== after[name]);
