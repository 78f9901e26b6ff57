// The ETag of an item as a vendor's API shows it, and If-Match. https://www.rfc-editor.org/rfc/rfc9110#section-13
import { createHash } from 'node:crypto';
import { matchesEtag } from '../fhir/etag.ts';
import { versionMismatch } from '../fhir/outcome.ts';
import type { Caller } from '../interactions/context.ts';
import { canRead } from '../interactions/scope-filter.ts';
import type { Shape, View } from '../mapping/shape.ts';
import type { ResourceRow } from '../store/resources/resource-row.ts';
import type { VendorRequest } from './vendor-request.ts';

/** The resource's version; for a shape with joins a hash of the whole view. A caller without the read scope gets no hash of what it may not read. */
export function buildEtag(caller: Caller, { joins, resource }: Shape, { version }: Pick<ResourceRow, 'version'>, view: View): string {
  const isHash = joins.length > 0 && canRead(caller, resource);
  return `W/"${isHash ? createHash('sha256').update(JSON.stringify(view)).digest('hex').slice(0, 16) : version}"`;
}

/** Refuses (412) a change of an item whose current version the client does not name. Without If-Match any version is accepted. */
export function checkIfMatch({ headers: { ifMatch } }: VendorRequest, etag: string): void {
  if (ifMatch !== undefined && !matchesEtag(etag, ifMatch))
    throw versionMismatch('If-Match names a version that is not the current one: read it again');
}
