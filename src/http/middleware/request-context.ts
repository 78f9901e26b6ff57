// What the pipeline knows about one request, carried in `res.locals`.
import type { NextFunction, Request, Response } from 'express';
import type { Caller } from '../../interactions/context.ts';
import type { ResponseFacts, Surface } from '../../mapping/shape.ts';
import type { ClientRequest } from '../../store/database/database.ts';

export interface RateLimitState {
  limit: number;
  remaining: number;
  /** Seconds until the window ends. */
  reset: number;
  /** This request went over. */
  over: boolean;
}

/** Facts of one request, each set by the step that finds it. */
export interface RequestContext {
  requestId: string;
  /** Aborted when the client leaves before the response. */
  signal: AbortSignal;
  /** The API whose form the response has: FHIR's, one vendor's, or neither (`{error, message}`). */
  surface: 'fhir' | Surface | undefined;
  caller?: Caller;
  rate?: RateLimitState;
  /** The route as declared, for logs: never the URL, which may carry PHI. */
  route?: string;
}

declare global {
  namespace Express {
    interface Locals extends RequestContext {}
  }
}

export const readRequestContext = ({ locals }: Response): RequestContext => locals;

/** What an envelope may say about the response that it wraps. */
export function buildResponseFacts({ requestId, rate }: RequestContext, status: number): ResponseFacts {
  return { requestId, status, time: new Date().toISOString(), ...(rate && { rate }) };
}

/** The parameters of a URL in order, percent-decoded once, `+` a space. Express' own parser is off: it makes objects of names with brackets. */
export function parseQuery(url: string): [name: string, value: string][] {
  const at = url.indexOf('?');
  return at < 0 ? [] : [...new URLSearchParams(url.slice(at + 1))];
}

const SAFE = new Set(['GET', 'HEAD']);

/** The request as the database has to know it. A search by POST only reads, too (https://hl7.org/fhir/R4/http.html#search). */
export const toClientRequest = ({ method, path }: Request, res: Response): ClientRequest => ({
  safe: SAFE.has(method) || path.endsWith('/_search'),
  signal: readRequestContext(res).signal,
});

const ID_CHARACTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** `req_` and eight lower-case letters or digits, as the vendors' documents show them. It is no secret. */
function newRequestId(): string {
  let id = 'req_';
  for (let n = 0; n < 8; n++) id += ID_CHARACTERS[Math.floor(Math.random() * ID_CHARACTERS.length)];
  return id;
}

/** Responses are about patients: no shared cache stores them, a client's own revalidates them, and no browser guesses another type. */
const SECURITY_HEADERS = new Map([
  ['Cache-Control', 'private, no-cache'],
  ['X-Content-Type-Options', 'nosniff'],
]);

/** First step of every request: it gets an id, which its response carries. Ids from clients are not trusted. */
export function beginRequest(_req: Request, res: Response, next: NextFunction): void {
  const requestId = newRequestId();
  const left = new AbortController();
  Object.assign(res.locals, { requestId, signal: left.signal });
  res.once('close', () => res.writableFinished || left.abort());
  res.setHeader('X-Request-Id', requestId).setHeaders(SECURITY_HEADERS);
  next();
}
