// read: https://hl7.org/fhir/R4/http.html#read
import { deleted, notFound } from '../fhir/outcome.ts';
import type { ServedType } from '../fhir/types.ts';
import type { Row } from '../store/resources/row.ts';
import { withoutHeaders } from './channel-headers.ts';
import type { Context } from './context.ts';
import { refuseOutside } from './security-context.ts';

/** The current version. Never stored, or another tenant's: 404; deleted: 410. */
export async function read(context: Context, { type, id }: { type: ServedType; id: string }): Promise<Row & { body: string }> {
  const row = found(await context.store.read(context.caller.tenant, type, id), type);
  refuseOutside(context.caller, row, 'r');
  return withoutHeaders(context.caller, row);
}

/** The row, if there is one (404) and it stands (410). */
export function found(row: Row | undefined, type: ServedType): Row & { body: string } {
  if (!row) throw notFound(`there is no ${type} with this id`);
  return standing(row);
}

/** The row, unless it records a deletion (410, with the version that does). */
export function standing<T extends Row>(row: T): T & { body: string } {
  if (row.body === null) throw deleted(`this ${row.type} was deleted`, versionHeaders(row));
  return row as T & { body: string };
}

/** ETag and Last-Modified of a version. https://hl7.org/fhir/R4/http.html#versioning */
export const versionHeaders = ({ version, lastUpdated }: Row): Record<string, string> => ({
  ETag: `W/"${version}"`,
  'Last-Modified': new Date(lastUpdated).toUTCString(),
});
