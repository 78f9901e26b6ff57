// First step of the FHIR API: request ids, CORS and OPTIONS.
// https://hl7.org/fhir/R4/http.html#custom (X-Request-Id), https://fetch.spec.whatwg.org/#http-cors-protocol
import type { NextFunction, Request, Response } from 'express';
import { listMethods } from '../../fhir/interactions.ts';
import { readRequestContext } from '../middleware/request-context.ts';
import { findPlace } from './path.ts';
import { SMART_CONFIGURATION_PATH } from './smart-configuration.ts';

/**
 * Every origin is allowed, because API keys are sent in a header. The cookie of the console counts only with a header that is not among those allowed to other
 * origins. The format of a response, also of a 304, depends on Accept.
 */
const FHIR_HEADERS = new Map([
  ['Vary', 'Accept'],
  ['Access-Control-Allow-Origin', '*'],
  [
    'Access-Control-Expose-Headers',
    'Accept-Patch, Content-Disposition, Content-Location, ETag, Last-Modified, Location, WWW-Authenticate, X-Request-Id, X-Security-Context',
  ],
]);
const PREFLIGHT_HEADERS = new Map([
  ['Access-Control-Allow-Methods', 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS'],
  [
    'Access-Control-Allow-Headers',
    'Accept, Authorization, Content-Type, If-Match, If-Modified-Since, If-None-Exist, If-None-Match, Prefer, X-Api-Key, X-Request-Id, X-Security-Context',
  ],
  ['Access-Control-Max-Age', '600'],
]);
const READ_ONLY_PATHS = new Set(['/metadata', SMART_CONFIGURATION_PATH]);
/** Request ids that are safe in a header and in a log. https://hl7.org/fhir/R4/datatypes.html#id */
const REQUEST_ID = /^[A-Za-z0-9\-._]{1,64}$/;

/** Sets the headers of all FHIR responses, repeats the client's request id if it is safe, and responds to OPTIONS. */
export function setCorsAndRequestId(req: Request, res: Response, next: NextFunction): void {
  readRequestContext(res).surface = 'fhir';
  const own = req.get('x-request-id');
  if (own !== undefined && REQUEST_ID.test(own)) {
    readRequestContext(res).requestId = own;
    res.setHeader('X-Request-Id', own);
  }
  res.setHeaders(FHIR_HEADERS);
  if (req.method === 'OPTIONS') sendOptions(req, res);
  else next();
}

/** Sends the methods of a path. A CORS preflight request also gets the allowed headers. */
function sendOptions(req: Request, res: Response): void {
  if (req.get('access-control-request-method') !== undefined) res.setHeaders(PREFLIGHT_HEADERS);
  const methods = READ_ONLY_PATHS.has(req.path) ? ['GET', 'HEAD'] : listMethods(findPlace(req.path));
  res
    .status(204)
    .set('Allow', [...methods, 'OPTIONS'].join(', '))
    .end();
}
