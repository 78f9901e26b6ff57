// The preconditions of a write: If-Match and If-None-Match against the current version. https://hl7.org/fhir/R4/http.html#concurrency
import { versionMismatch } from '../fhir/outcome.ts';
import type { ResourceRow } from '../store/resources/resource-row.ts';

/** `If-Match: *` matches any current version. https://www.rfc-editor.org/rfc/rfc9110#section-13.1.1 */
export const ANY_VERSION = '*';

/** Refuses (412) if the current version is not the one that If-Match names. https://hl7.org/fhir/R4/http.html#concurrency */
export function checkIfMatch(current: ResourceRow | undefined, ifMatch: string | undefined): void {
  if (ifMatch === undefined) return;
  if (current === undefined || current.body === null)
    throw versionMismatch('If-Match needs a current version, but the resource does not exist');
  if (ifMatch !== ANY_VERSION && ifMatch !== String(current.version))
    throw versionMismatch('If-Match names a version that is not the current one');
}

/** Refuses (412) if a current version exists. https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2 */
export function checkIfNoneMatch(current: ResourceRow | undefined): void {
  if (current && current.body !== null)
    throw versionMismatch('If-None-Match: * allows only a new resource, but this resource exists already');
}
