// The capabilities interaction over HTTP: the CapabilityStatement, whole or in part. https://hl7.org/fhir/R4/http.html#capabilities
import { hash } from '../../fhir/hash.ts';
import { invalid, notSupported } from '../../fhir/outcome.ts';
import type { FhirResponse } from './fhir-call.ts';
import { isFormatParameter } from './page-links.ts';
import { parseSubset } from './subset.ts';

type Parameters = [name: string, value: string][];

/** The JSON text and the ETag of a statement of capabilities. */
export interface CapabilityText {
  text: string;
  etag: string;
}

/** The statements by their resource type. `baseUrl`: the FHIR base URL at which the client reached this server. */
export type CapabilityTexts = Record<'CapabilityStatement' | 'TerminologyCapabilities', (baseUrl: string) => Promise<CapabilityText>>;

/**
 * Mode → the type of the response. `normative` asks for the normative parts of the statement only. All elements of our statement are normative, and R4 allows a
 * server to return the same statement for any mode, so it gets the whole (inferred).
 */
const MODES: Readonly<Record<string, keyof CapabilityTexts>> = {
  full: 'CapabilityStatement',
  normative: 'CapabilityStatement',
  terminology: 'TerminologyCapabilities',
};

/** The response to GET /metadata with these parameters. A part of the statement has an ETag of its own. */
export async function buildMetadataResponse(statements: CapabilityTexts, baseUrl: string, query: Parameters): Promise<FhirResponse> {
  const parameters = query.filter((parameter) => !isFormatParameter(parameter));
  const modes = parameters.filter(([name]) => name === 'mode');
  const type = parseMode(modes);
  const { subset, rest } = parseSubset(
    parameters.filter((parameter) => !modes.includes(parameter)),
    type,
  );
  if (rest.length) throw notSupported('metadata takes mode, _format, _pretty, _summary and _elements');
  const { text, etag } = await statements[type](baseUrl);
  if (!subset.parameters.length) return { status: 200, headers: { ETag: etag }, body: text };
  const body = subset.apply(text, type);
  return { status: 200, headers: { ETag: `W/"${hash(body)}"` }, body };
}

function parseMode(modes: Parameters): keyof CapabilityTexts {
  if (modes.length > 1) throw invalid('mode may occur only once');
  const [, mode = 'full'] = modes[0] ?? [];
  if (!Object.hasOwn(MODES, mode)) throw invalid(`mode must be ${Object.keys(MODES).join(', ')}`);
  return MODES[mode]!;
}
