// Reading interactions as HTTP: read, vread. What they do stands in src/interactions.
import { notSupported } from '../../fhir/outcome.ts';
import { read as readResource, versionHeaders } from '../../interactions/read.ts';
import { vread as readVersion } from '../../interactions/vread.ts';
import type { Row } from '../../store/resources/row.ts';
import { contentAnswer } from './binary.ts';
import type { FhirAnswer, FhirCall } from './fhir-call.ts';
import { isNotModified } from './preconditions.ts';
import { type Subset, subsetOf } from './subset.ts';

/** What an answer tells of a version. */
export const versionFacts = (row: Row): { headers: Record<string, string>; lastModified: string } => ({
  headers: versionHeaders(row),
  lastModified: row.lastUpdated,
});

/** The parameters a read takes: how the resource is shown. Anything else is refused (400), `_summary=count` too: there is nothing to count. */
function shownAs({ query, type }: FhirCall): Subset {
  const { subset, rest } = subsetOf(query, type);
  if (rest.some(([name]) => name !== '_format' && name !== '_pretty'))
    throw notSupported('a read takes _format, _pretty, _summary and _elements');
  return subset;
}

/** https://hl7.org/fhir/R4/http.html#read, conditional read: #cread */
export async function read(call: FhirCall): Promise<FhirAnswer> {
  const subset = shownAs(call);
  const row = await readResource(call.context, call);
  if (isNotModified(call, row)) return { status: 304, ...versionFacts(row) };
  return shown(call, subset, row);
}

/** https://hl7.org/fhir/R4/http.html#vread */
export async function vread(call: FhirCall): Promise<FhirAnswer> {
  const subset = shownAs(call);
  return shown(call, subset, await readVersion(call.context, call));
}

function shown(call: FhirCall, subset: Subset, row: Row & { body: string }): FhirAnswer {
  const facts = { status: 200, ...versionFacts(row) };
  return contentAnswer(call, row, facts) ?? { ...facts, body: subset.of(row.body, row.type) };
}
