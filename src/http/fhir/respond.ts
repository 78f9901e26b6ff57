// Sends a FHIR response, with the media type from Accept or `_format`. https://hl7.org/fhir/R4/http.html#mime-type
import type { Request, Response } from 'express';
import { parseExactJson } from '../../fhir/json.ts';
import { acceptsR4, parseMediaType } from '../../fhir/media-type.ts';
import { notAcceptable } from '../../fhir/outcome.ts';
import { parseQuery } from '../middleware/request-context.ts';
import type { FhirResponse } from './fhir-call.ts';

const FHIR_JSON = 'application/fhir+json';

/** Value of `_format` or Accept → media type of the response. */
const FORMATS = new Map([
  ['', FHIR_JSON],
  ['*/*', FHIR_JSON],
  ['application/*', FHIR_JSON],
  ['application/fhir+json', FHIR_JSON],
  ['application/json+fhir', FHIR_JSON],
  ['json', FHIR_JSON],
  ['text/json', 'application/json'],
  ['application/json', 'application/json'],
]);

/** The media type of the response. 406 if the client accepts none of this server's. */
export function negotiateFormat(req: Request): string {
  const requested = readFormatParameter(req.url);
  const accepted = requested ?? req.headers.accept ?? '';
  const exact = FORMATS.get(accepted);
  if (exact) return exact;
  for (const range of requested === undefined ? accepted.split(',') : [requested]) {
    const [type, ...parameters] = parseMediaType(range);
    const format = FORMATS.get(type);
    if (format && !parameters.includes('q=0') && acceptsR4(parameters)) return format;
  }
  throw notAcceptable('this server writes application/fhir+json (FHIR 4.0)');
}

function readFormatParameter(url: string): string | undefined {
  const query = url.indexOf('?');
  if (query < 0 || !url.includes('_format=', query)) return undefined;
  // a "+" in a media type that was not percent-encoded arrives as a space
  return new URLSearchParams(url.slice(query)).get('_format')?.replace(' ', '+');
}

/** Sends the response. `_pretty=true` only indents it: numbers keep their digits. */
export function sendFhirResponse(req: Request, res: Response, { status, headers, body, content }: FhirResponse): void {
  res.status(status);
  for (const name in headers) res.setHeader(name, headers[name]!);
  if (body === undefined) {
    res.end(content);
    return;
  }
  res.setHeader('Content-Type', `${negotiateFormat(req)}; charset=utf-8`);
  const sent = isPretty(req.url) ? JSON.stringify(parseExactJson(body), null, 2) : body;
  if (req.method === 'HEAD') res.setHeader('Content-Length', Buffer.byteLength(sent));
  res.end(sent);
}

/** https://hl7.org/fhir/R4/http.html#parameters */
const isPretty = (url: string): boolean =>
  url.includes('_pretty=') && parseQuery(url).some(([name, value]) => name === '_pretty' && value === 'true');
