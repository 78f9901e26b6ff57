// Checks the headers of every request: a single-valued header occurs at most once, and Host is a host name.
// https://www.rfc-editor.org/rfc/rfc9112#section-3.2, https://www.rfc-editor.org/rfc/rfc9110#section-5.3
import type { Request, RequestHandler } from 'express';
import { invalidStructure } from '../../fhir/outcome.ts';
import { type RequestContext, readRequestContext } from './request-context.ts';

/** Headers that may occur once. Of several, Node uses the first or joins them, and a proxy in front may use another one. */
const SINGLE_VALUED = new Set(['host', 'authorization', 'x-api-key', 'content-type']);

/** `uri-host [":" port]`, https://www.rfc-editor.org/rfc/rfc9110#section-7.2. The host must not be empty (#section-4.2.1). */
const HOST = /^(?:\[[0-9A-Za-z:.%]+\]|[A-Za-z0-9\-._~!$&'()*+,;=%]+)(?::\d*)?$/;

/** Refuses (400) an ambiguous request, in the format of the surface from `findSurface`. Host may be missing in HTTP/1.0; Node itself refuses HTTP/1.1 without it. */
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
