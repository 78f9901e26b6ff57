// Sends a FHIR response in the format that the client asked for.
import type { Request, Response } from 'express';
import type { ResourceFormat } from '../../fhir/media-type.ts';
import { formatBody, negotiateFormat } from '../middleware/fhir-format.ts';
import { parseQuery } from '../middleware/request-context.ts';
import type { FhirResponse } from './fhir-call.ts';

/** Sends the response. `negotiated`: the format, if it is known before the response. */
export function sendFhirResponse(req: Request, res: Response, response: FhirResponse, negotiated?: ResourceFormat): void {
  const { status, headers, body, content, format } = response;
  res.status(status);
  for (const name in headers) res.setHeader(name, headers[name]!);
  if (body === undefined) {
    res.end(content);
    return;
  }
  const chosen = (format === undefined ? negotiated : undefined) ?? negotiateFormat(req, format);
  res.setHeader('Content-Type', `${chosen.mediaType}; charset=utf-8`);
  const sent = formatBody(body, chosen, isPretty(req.url));
  if (req.method === 'HEAD') res.setHeader('Content-Length', Buffer.byteLength(sent));
  res.end(sent);
}

/** https://hl7.org/fhir/R4/http.html#parameters */
const isPretty = (url: string): boolean =>
  url.includes('_pretty=') && parseQuery(url).some(([name, value]) => name === '_pretty' && value === 'true');
