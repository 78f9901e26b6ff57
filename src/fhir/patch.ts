// A patch: what becomes of a resource. https://hl7.org/fhir/R4/http.html#patch
import type { Resource } from './types.ts';

/** From a resource (digits kept) to the one the patch makes of it, nothing changed in place. Fails with `rule` (422) where the patch does not fit. */
export type Patch = (resource: Resource) => Resource;
