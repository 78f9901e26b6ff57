// A parsed patch, JSON Patch or FHIRPath Patch. https://hl7.org/fhir/R4/http.html#patch

import { readMember } from '../json-values.ts';
import { businessRule } from '../outcome.ts';
import type { Resource } from '../types.ts';

/** Returns the patched resource. Numbers keep their digits, and the argument is not mutated. Fails with `rule` (422) if the patch cannot be applied. */
export interface Patch {
  (resource: Resource): Resource;
  /** Whether the patch compares values of the resource with its own values. Its success or failure then reveals them, so it needs the read scope. */
  readonly comparesValues: boolean;
}

/** The most operations of a patch. Each copies the list that it changes. */
export const MAX_PATCH_OPERATIONS = 1000;

/** Adds the common rules: a patch must not change the type or the id, and a stale generated narrative is removed. */
export function buildPatch(patch: (resource: Resource) => Resource, comparesValues: boolean): Patch {
  const apply = (resource: Resource): Resource => {
    const patched = patch(resource);
    if (patched === null || typeof patched !== 'object' || patched.resourceType !== resource.resourceType || patched.id !== resource.id)
      throw businessRule('a patch cannot change the type or the id of a resource');
    return removeStaleNarrative(resource, patched);
  };
  return Object.assign(apply, { comparesValues });
}

/** "The server SHALL ensure that the narrative in a resource is not clinically unsafe": removes a generated narrative that the patch did not change itself. */
function removeStaleNarrative(before: Resource, after: Resource): Resource {
  const { text, ...rest } = after;
  const generated = readMember(text, 'status') === 'generated';
  if (!generated || text !== before.text || !hasOtherChanges(before, after)) return after;
  return { ...rest, resourceType: after.resourceType };
}

const hasOtherChanges = (before: Resource, after: Resource): boolean =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])].some((name) => name !== 'meta' && before[name] !== after[name]);
