// Turns every error into a response in the format of the surface: FHIR's OperationOutcome or a vendor's error. Which status an error has: ERROR_KINDS in fhir/outcome.ts.
import type { ErrorRequestHandler, Request, Response } from 'express';
import { isObject } from '../../fhir/json-values.ts';
import { ERROR_KINDS, FhirError, InsufficientScope, type Issue, invalid, notFound, unavailable } from '../../fhir/outcome.ts';
import { writeXml } from '../../fhir/xml/write-xml.ts';
import { buildChallenge, buildScopeChallenge } from './authenticate.ts';
import { negotiateErrorFormat } from './fhir-format.ts';
import { closeConnectionAfterLongBody } from './read-body.ts';
import { buildResponseFacts, type RequestContext, readRequestContext, toLoggedRequestId } from './request-context.ts';

/** Writes one log line about an unexpected error: names and stack frames, never values. */
export type LogFailure = (facts: {
  requestId: string | undefined;
  route: string | undefined;
  error: string;
  code: string | undefined;
  at: string | undefined;
}) => void;

/** Express error handler. */
export function buildErrorHandler(log: LogFailure): ErrorRequestHandler {
  return (error: unknown, req, res, _next) => sendError(req, res, toFhirError(error, readRequestContext(res), log));
}

/** The error that the client gets. An unexpected error is logged, and becomes a 500 with the request id. */
export function toFhirError(error: unknown, { requestId, route }: RequestContext, log: LogFailure): FhirError {
  const knownError = toKnownError(error);
  if (knownError) return knownError;
  log({ requestId: toLoggedRequestId(requestId), route, ...readErrorTraits(error) });
  return new FhirError('exception', [{ severity: 'fatal', code: 'exception', text: 'the server failed with an unexpected error' }]);
}

/** Last handler: no path matched. */
export function sendRouteNotFound(req: Request, res: Response): void {
  sendError(req, res, notFound('there is nothing at this path'));
}

function toKnownError(error: unknown): FhirError | undefined {
  if (error instanceof FhirError) return error;
  const { name, code } = isObject(error) ? error : {};
  if (code === 'ECONNREFUSED' || code === '57P03') return unavailable('the database does not answer', 5);
  return name === 'URIError' ? invalid('the URL is not well-formed: check its percent-encoding') : undefined;
}

/** Sends an error in the format of the surface. */
export function sendError(req: Request, res: Response, error: FhirError): void {
  if (res.headersSent) {
    res.destroy();
    return;
  }
  closeConnectionAfterLongBody(req, res);
  const { status, type, headers, body } = renderError(error, req, res);
  const { surface } = readRequestContext(res);
  res
    .status(status)
    .set({
      ...(error.kind === 'login' && { 'WWW-Authenticate': buildChallenge(surface) }),
      ...(error instanceof InsufficientScope && surface === 'fhir' && { 'WWW-Authenticate': buildScopeChallenge(error.scope) }),
      ...error.headers,
      ...headers,
    })
    .setHeader('Content-Type', `${type}; charset=utf-8`);
  res.end(body);
}

interface ErrorResponse {
  status: number;
  type: string;
  headers?: Record<string, string>;
  body: string;
}

/** The error in the format of the surface. */
function renderError({ kind, issues, message }: FhirError, req: Request, res: Response): ErrorResponse {
  const context = readRequestContext(res);
  const { surface } = context;
  const { status } = ERROR_KINDS[kind];
  if (surface === 'fhir') {
    const format = negotiateErrorFormat(req);
    const outcome = buildOperationOutcome(issues);
    return { status, type: format.mediaType, body: format.syntax === 'xml' ? writeXml(outcome) : JSON.stringify(outcome) };
  }
  if (surface === undefined) return { status, type: 'application/json', body: JSON.stringify({ error: kind, message }) };
  const own = surface.describeError(kind).status;
  const facts = buildResponseFacts(context, own);
  return {
    status: own,
    type: 'application/json',
    headers: surface.buildHeaders(facts),
    body: JSON.stringify(surface.wrapError(kind, issues, facts).body),
  };
}

/** https://hl7.org/fhir/R4/operationoutcome.html */
export const buildOperationOutcome = (issues: Issue[]): object => ({
  resourceType: 'OperationOutcome',
  issue: issues.map(({ severity, code, text, expression }) => ({
    severity,
    code,
    details: { text },
    diagnostics: text,
    ...(expression && { expression }),
  })),
});

/** The name, code and stack frames of an unexpected error. The message is not logged, because it may contain patient data. */
function readErrorTraits(error: unknown): { error: string; code: string | undefined; at: string | undefined } {
  const { name, code, stack } = isObject(error) ? error : {};
  const places = String(stack ?? '')
    .split('\n')
    .filter((line) => /^\s+at /.test(line));
  return {
    error: String(name ?? 'unknown'),
    code: code === undefined ? undefined : String(code),
    at:
      places
        .slice(0, 8)
        .map((line) => line.trim())
        .join(' < ') || undefined,
  };
}
