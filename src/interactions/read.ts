// read and vread: https://hl7.org/fhir/R4/http.html#read, #vread
import { deleted, notFound } from '../fhir/outcome.ts';
import type { ServedType } from '../fhir/types.ts';
import type { ResourceRow } from '../store/resources/resource-row.ts';
import type { Context } from './context.ts';
import { redactChannelHeaders, requireSecurityContext } from './redaction.ts';

/** The current version. If it was never stored, or belongs to another tenant: 404. If it is deleted: 410. */
export async function read(context: Context, { type, id }: { type: ServedType; id: string }): Promise<ResourceRow & { body: string }> {
  return toReadable(context, type, await context.store.read(context.caller.tenant, type, id));
}

/** The row as the caller may read it. Refuses a row that there is not (404), that is deleted (410), or that the caller may not read (403). */
export function toReadable({ caller }: Context, type: ServedType, found: ResourceRow | undefined): ResourceRow & { body: string } {
  const row = requireCurrent(found, type);
  requireSecurityContext(caller, row, 'r');
  return redactChannelHeaders(caller, row);
}

/** One version, current or not. If there is no version with this number: 404. If that version is a deletion: 410. */
export async function vread(
  context: Context,
  request: { type: ServedType; id: string; versionId: string },
): Promise<ResourceRow & { body: string }> {
  const { type, id, versionId } = request;
  const version = /^[1-9]\d{0,8}$/.test(versionId) ? Number(versionId) : undefined;
  const row = version && (await context.store.readVersion(context.caller.tenant, type, id, version));
  if (!row) throw notFound(`there is no such version of this ${type}`);
  requireSecurityContext(context.caller, row, 'r');
  return requireNotDeleted(redactChannelHeaders(context.caller, row));
}

/** The row. If there is none: 404. If it records a deletion: 410. */
export function requireCurrent(row: ResourceRow | undefined, type: ServedType): ResourceRow & { body: string } {
  if (!row) throw notFound(`there is no ${type} with this id`);
  return requireNotDeleted(row);
}

/** The row. If it records a deletion: 410, with the headers of that version. */
export function requireNotDeleted<T extends ResourceRow>(row: T): T & { body: string } {
  if (row.body === null) throw deleted(`this ${row.type} was deleted`, toVersionHeaders(row));
  // TypeScript narrows `row.body`, but not the type parameter
  return row as T & { body: string };
}

/** https://hl7.org/fhir/R4/http.html#versioning */
export const toVersionHeaders = ({ version, lastUpdated }: ResourceRow): Record<string, string> => ({
  ETag: `W/"${version}"`,
  'Last-Modified': new Date(lastUpdated).toUTCString(),
});
