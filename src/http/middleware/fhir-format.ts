// The format of a response: JSON or XML, from Accept or `_format`. https://hl7.org/fhir/R4/http.html#mime-type
import type { Request } from 'express';
import { parseExactJson } from '../../fhir/json.ts';
import { acceptsR4, parseAccept, parseMediaType, RESOURCE_FORMATS, type ResourceFormat } from '../../fhir/media-type.ts';
import { notAcceptable } from '../../fhir/outcome.ts';
import { writeXmlInPieces } from '../../fhir/xml/write-xml.ts';

const DEFAULT_FORMAT: ResourceFormat = { syntax: 'json', mediaType: 'application/fhir+json' };

/** What a client accepts → the format of the response. */
const FORMATS: ReadonlyMap<string, ResourceFormat> = new Map([
  ...RESOURCE_FORMATS,
  ['', DEFAULT_FORMAT],
  ['*/*', DEFAULT_FORMAT],
  ['application/*', DEFAULT_FORMAT],
]);

/** The format of the response. 406 if the client accepts none of this server's. `requested`: `_format`, which has precedence over Accept. */
export function negotiateFormat(req: Request, requested?: string): ResourceFormat {
  const format = findFormat(req, requested);
  if (!format) throw notAcceptable('this server writes application/fhir+json and application/fhir+xml (FHIR 4.0)');
  return format;
}

/** The format of an error: JSON if the client accepts no format of this server. */
export const negotiateErrorFormat = (req: Request): ResourceFormat => findFormat(req) ?? DEFAULT_FORMAT;

function findFormat({ url, headers }: Request, requested = readFormatParameter(url)): ResourceFormat | undefined {
  const accepted = decodeFormat(requested) ?? headers.accept ?? '';
  const exact = FORMATS.get(accepted);
  if (exact) return exact;
  const [type, ...parameters] = parseMediaType(accepted);
  const ranges = requested === undefined ? parseAccept(accepted) : [{ type, parameters }];
  return ranges.map((range) => (acceptsR4(range.parameters) ? FORMATS.get(range.type) : undefined)).find((format) => format !== undefined);
}

function readFormatParameter(url: string): string | undefined {
  const query = url.indexOf('?');
  if (query < 0 || !url.includes('_format=', query)) return undefined;
  return new URLSearchParams(url.slice(query)).get('_format') ?? undefined;
}

/** A "+" in a media type that was not percent-encoded arrives as a space. */
export const decodeFormat = (value: string | undefined): string | undefined => value?.replace(' ', '+');

/** The body in the format. `json`: a resource as JSON text. Indentation changes nothing else: numbers keep their digits. */
export function formatBody(json: string, { syntax }: ResourceFormat, isPretty: boolean): string | Promise<string> {
  if (syntax === 'xml') return writeXmlInPieces(parseExactJson(json), isPretty);
  return isPretty ? JSON.stringify(parseExactJson(json), null, 2) : json;
}
