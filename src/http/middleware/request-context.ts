// The first steps of every request: the facts that the pipeline collects about it, in res.locals, and the check of its headers.

import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { AccessList } from '../../audit/access-list.ts';
import { invalidStructure } from '../../fhir/outcome.ts';
import type { Caller } from '../../interactions/context.ts';
import type { ResponseFacts, Surface } from '../../mapping/shape.ts';
import type { ClientRequest } from '../../store/database/database.ts';
import { onClose } from './on-close.ts';

export interface RateLimitState {
  limit: number;
  remaining: number;
  /** Seconds until the window ends. */
  reset: number;
  /** Whether this request exceeds the limit. */
  over: boolean;
}

/** Facts of one request. Each is set by the step that determines it. */
export interface RequestContext {
  requestId: string;
  /** Aborted when the client disconnects before the response has been sent. */
  signal: AbortSignal;
  /** The API whose format the response has: FHIR or one vendor. Undefined: neither, and errors are `{error, message}`. */
  surface: 'fhir' | Surface | undefined;
  caller?: Caller;
  rate?: RateLimitState;
  /** The route as declared, for logs. Not the URL, because it may contain PHI. */
  route?: string;
  /** The codes of its interaction, for the audit: https://hl7.org/fhir/R4/valueset-type-restful-interaction.html */
  interaction?: readonly string[];
  /** The status for the audit, where the response itself is a redirect to a page that shows the error. */
  auditedStatus?: number;
  /** The resources that the request reads and writes. */
  accessed?: AccessList;
}

declare global {
  namespace Express {
    interface Locals extends RequestContext {}
  }
}

export const readRequestContext = ({ locals }: Response): RequestContext => locals;

/** The facts about a response that a vendor's envelope can show. */
export function buildResponseFacts({ requestId, rate }: RequestContext, status: number): ResponseFacts {
  return { requestId, status, time: new Date().toISOString(), ...(rate && { rate }) };
}

/** The parameters of a URL in order, percent-decoded once, with `+` as a space. Express' own parser is off, because it turns names with brackets into objects. */
export function parseQuery(url: string): [name: string, value: string][] {
  const at = url.indexOf('?');
  return at < 0 ? [] : [...new URLSearchParams(url.slice(at + 1))];
}

const SAFE = new Set(['GET', 'HEAD']);

/** The facts about a request that the store needs. A search by POST (https://hl7.org/fhir/R4/http.html#search) and a GraphQL query are safe too. */
export const toClientRequest = ({ method, path }: Request, res: Response): ClientRequest => ({
  safe: SAFE.has(method) || path.endsWith('/_search') || path.endsWith('/$graphql'),
  signal: readRequestContext(res).signal,
  onAccess: readRequestContext(res).accessed?.add,
});

const ID_CHARACTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** `req_` and eight lower-case letters or digits, as in the vendors' documents. Not a secret, so Math.random is enough. */
function newRequestId(): string {
  let id = 'req_';
  for (let n = 0; n < 8; n++) id += ID_CHARACTERS[Math.floor(Math.random() * ID_CHARACTERS.length)];
  return id;
}

const RANDOM_ID = /^(?:req_[a-z0-9]{8}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i;

/** The id for logs and traces; undefined if a client of the FHIR API chose another text than a UUID, which may be the name of a patient. */
export const toLoggedRequestId = (requestId: string): string | undefined => (RANDOM_ID.test(requestId) ? requestId : undefined);

/** Responses contain patient data: shared caches must not store them, a client's own cache must revalidate them, and browsers must not guess another type. */
const SECURITY_HEADERS = new Map([
  ['Cache-Control', 'private, no-cache'],
  ['X-Content-Type-Options', 'nosniff'],
]);

/** First step of every request: creates its id, which the response repeats. Ids from clients are not used here. */
export function beginRequest(req: Request, res: Response, next: NextFunction): void {
  const requestId = newRequestId();
  const disconnected = new AbortController();
  Object.assign(res.locals, { requestId, signal: disconnected.signal });
  onClose(req, res, () => res.writableFinished || disconnected.abort());
  res.setHeader('X-Request-Id', requestId).setHeaders(SECURITY_HEADERS);
  next();
}

/** Headers that may occur once. Of several, Node uses the first or joins them, and a proxy in front may use another one. */
const SINGLE_VALUED = new Set(['host', 'authorization', 'x-api-key', 'content-type']);

/** The header Host: `uri-host [":" port]`, https://www.rfc-editor.org/rfc/rfc9110#section-7.2. The host must not be empty (#section-4.2.1). */
const HOST = /^(?:\[[0-9A-Za-z:.%]+\]|[A-Za-z0-9\-._~!$&'()*+,;=%]+)(?::\d*)?$/;

// https://www.rfc-editor.org/rfc/rfc9110#section-5.3
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
