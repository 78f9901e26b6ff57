// Checks the header fields of every request: a field that may occur once occurs once, and Host names a host.
// https://www.rfc-editor.org/rfc/rfc9112#section-3.2, https://www.rfc-editor.org/rfc/rfc9110#section-5.3
import type { Request, RequestHandler } from 'express';
import { invalidStructure } from '../../fhir/outcome.ts';
import { type RequestContext, readRequestContext } from './request-context.ts';

/** Node takes the first of several fields, or joins them; a proxy in front may choose another one. */
const SINGLE_VALUED = new Set(['host', 'authorization', 'x-api-key', 'content-type']);

/** `uri-host [":" port]`, https://www.rfc-editor.org/rfc/rfc9110#section-7.2. An http URI has a host: it is not empty (#section-4.2.1). */
const HOST = /^(?:\[[0-9A-Za-z:.%]+\]|[A-Za-z0-9\-._~!$&'()*+,;=%]+)(?::\d*)?$/;

/** Refuses (400) an ambiguous request. `findSurface`: whose form the error has. HTTP/1.0 knows no Host; a missing one in HTTP/1.1 is refused by Node itself. */
export const checkHeaders =
  (findSurface: (req: Request) => RequestContext['surface']): RequestHandler =>
  (req, res, next) => {
    const fault = findHeaderFault(req);
    if (fault === undefined) return next();
    readRequestContext(res).surface = findSurface(req);
    throw invalidStructure(fault);
  };

function findHeaderFault({ headers, rawHeaders }: Request): string | undefined {
  const seen = new Set<string>();
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!.toLowerCase();
    if (!SINGLE_VALUED.has(name)) continue;
    if (seen.has(name)) return `the header ${name} may occur only once`;
    seen.add(name);
  }
  if (headers.host !== undefined && !HOST.test(headers.host)) return 'the header host must name a host';
  return undefined;
}
