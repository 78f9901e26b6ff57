// The capabilities interaction over HTTP: the CapabilityStatement, whole or in part. https://hl7.org/fhir/R4/http.html#capabilities
import { hash } from '../../fhir/hash.ts';
import { invalid, notSupported } from '../../fhir/outcome.ts';
import type { FhirResponse } from './fhir-call.ts';
import { isFormatParameter } from './page-links.ts';
import { parseSubset } from './subset.ts';

type Parameters = [name: string, value: string][];

/** The JSON text and the ETag of the CapabilityStatement. */
export interface CapabilityText {
  text: string;
  etag: string;
}

/**
 * `normative` asks for the normative parts of the statement only. All elements of our statement are normative, and R4 allows a server to return the same
 * statement for any mode, so it gets the whole (inferred). A mode that asks for another resource type is refused, because the response would not be what was
 * asked for.
 */
const MODES = ['full', 'normative'];

/** The response to GET /metadata with these parameters. A part of the statement has an ETag of its own. */
export function buildMetadataResponse({ text, etag }: CapabilityText, query: Parameters): FhirResponse {
  const { subset, rest } = parseSubset(
    query.filter((parameter) => !isFormatParameter(parameter)),
    'CapabilityStatement',
  );
  checkMode(rest);
  if (!subset.parameters.length) return { status: 200, headers: { ETag: etag }, body: text };
  const body = subset.apply(text, 'CapabilityStatement');
  return { status: 200, headers: { ETag: `W/"${hash(body)}"` }, body };
}

function checkMode(parameters: Parameters): void {
  if (parameters.some(([name]) => name !== 'mode')) throw notSupported('metadata takes mode, _format, _pretty, _summary and _elements');
  if (parameters.length > 1) throw invalid('mode may occur only once');
  const [, mode = 'full'] = parameters[0] ?? [];
  if (mode === 'terminology') throw notSupported(`there is no TerminologyCapabilities here: mode is ${MODES.join(' or ')}`);
  if (!MODES.includes(mode)) throw invalid(`mode must be ${MODES.join(' or ')}`);
}
