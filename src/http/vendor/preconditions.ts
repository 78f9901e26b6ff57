// The version of an item as a vendor's door shows it, and what a client says in headers about the one it has or expects.
// https://www.rfc-editor.org/rfc/rfc9110#section-13
import { createHash } from 'node:crypto';
import type { Request } from 'express';
import { versionMismatch } from '../../fhir/outcome.ts';
import type { Caller } from '../../interactions/context.ts';
import { canRead } from '../../interactions/scope-filter.ts';
import type { Shape, View } from '../../mapping/shape.ts';
import type { ResourceRow } from '../../store/resources/resource-row.ts';
import { matchesEtag } from '../middleware/etag.ts';

/** The resource's version; where others are shown beside it, a hash of all that is shown. Who may not read it gets no hash of what it says. */
export function buildEtag(caller: Caller, { joins, resource }: Shape, { version }: Pick<ResourceRow, 'version'>, view: View): string {
  const isHash = joins.length > 0 && canRead(caller, resource);
  return `W/"${isHash ? createHash('sha256').update(JSON.stringify(view)).digest('hex').slice(0, 16) : version}"`;
}

/** Whether the client expects the version that stands (`If-Match`): one of the tags it names, or `*`; one that expects none takes any. */
function isExpectedVersion(req: Request, etag: string): boolean {
  const tags = req.headers['if-match'];
  return tags === undefined || matchesEtag(etag, tags);
}

/** Refuses a change of an item that is not as the client expects it. */
export function checkIfMatch(req: Request, etag: string): void {
  if (!isExpectedVersion(req, etag)) throw versionMismatch('If-Match names a version that is not the current one: read it again');
}

/** A create replaces nothing: a client that expects some version (`If-Match`) means another request. */
export function rejectIfMatch(req: Request): void {
  if (req.headers['if-match'] !== undefined) throw versionMismatch('If-Match asks for a version that stands, and this makes something new');
}
