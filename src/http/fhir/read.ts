// Reading interactions as HTTP: read, vread. src/interactions does the work.
import { notSupported } from '../../fhir/outcome.ts';
import { read as readResource, vread as readVersion, toVersionHeaders } from '../../interactions/read.ts';
import type { ResourceRow } from '../../store/resources/resource-row.ts';
import { buildContentResponse } from './binary.ts';
import type { FhirCall, FhirResponse } from './fhir-call.ts';
import { isNotModified } from './preconditions.ts';
import { parseSubset, type Subset } from './subset.ts';

/** The headers of a version. */
export const buildVersionFacts = (row: ResourceRow): { headers: Record<string, string>; lastModified: string } => ({
  headers: toVersionHeaders(row),
  lastModified: row.lastUpdated,
});

/** The parameters of a read: how the resource is shown. Others are refused (400), `_summary=count` too, because there is nothing to count. */
function parseReadSubset({ query, type }: FhirCall): Subset {
  const { subset, rest } = parseSubset(query, type);
  if (rest.some(([name]) => name !== '_format' && name !== '_pretty'))
    throw notSupported('a read takes _format, _pretty, _summary and _elements');
  return subset;
}

/** https://hl7.org/fhir/R4/http.html#read, conditional read: #cread */
export async function handleRead(call: FhirCall): Promise<FhirResponse> {
  const subset = parseReadSubset(call);
  const row = await readResource(call.context, call);
  if (isNotModified(call, row)) return { status: 304, ...buildVersionFacts(row) };
  return buildReadResponse(call, subset, row);
}

/** https://hl7.org/fhir/R4/http.html#vread */
export async function handleVread(call: FhirCall): Promise<FhirResponse> {
  const subset = parseReadSubset(call);
  return buildReadResponse(call, subset, await readVersion(call.context, call));
}

function buildReadResponse(call: FhirCall, subset: Subset, row: ResourceRow & { body: string }): FhirResponse {
  const facts = { status: 200, ...buildVersionFacts(row) };
  return buildContentResponse(call, row, facts) ?? { ...facts, body: subset.apply(row.body, row.type) };
}
