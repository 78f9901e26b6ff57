// vread: https://hl7.org/fhir/R4/http.html#vread
import { notFound } from '../fhir/outcome.ts';
import type { ServedType } from '../fhir/types.ts';
import type { ResourceRow } from '../store/resources/resource-row.ts';
import type { Context } from './context.ts';
import { requireNotDeleted } from './read.ts';
import { redactChannelHeaders, requireSecurityContext } from './redaction.ts';

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
