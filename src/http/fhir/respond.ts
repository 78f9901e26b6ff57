// Sends a FHIR response in the format that the client asked for.
import type { Request, Response } from 'express';
import type { ResourceFormat } from '../../fhir/media-type.ts';
import { formatBody, negotiateFormat } from '../middleware/fhir-format.ts';
import { parseQuery } from '../middleware/request-context.ts';
import type { FhirResponse } from './fhir-call.ts';

/** Sends the response. `negotiated`: the format, if it is known before the response. */
export async function sendFhirResponse(req: Request, res: Response, response: FhirResponse, negotiated?: ResourceFormat): Promise<void> {
  const { status, headers, body, content, format: requested } = response;
  if (body === undefined) {
    setHead(res, status, headers);
    res.end(content);
    return;
  }
  const format = (requested === undefined ? negotiated : undefined) ?? negotiateFormat(req, requested);
  const formatted = formatBody(body, format, isPretty(req.url));
  const sent = typeof formatted === 'string' ? formatted : await formatted;
  // after all that can fail, so that an error does not have the headers of the response
  setHead(res, status, headers);
  res.setHeader('Content-Type', `${format.mediaType}; charset=utf-8`);
  if (req.method === 'HEAD') res.setHeader('Content-Length', Buffer.byteLength(sent));
  res.end(sent);
}

function setHead(res: Response, status: number, headers: FhirResponse['headers']): void {
  res.status(status);
  for (const name in headers) res.setHeader(name, headers[name]!);
}

/** https://hl7.org/fhir/R4/http.html#parameters */
const isPretty = (url: string): boolean =>
  url.includes('_pretty=') && parseQuery(url).some(([name, value]) => name === '_pretty' && value === 'true');
