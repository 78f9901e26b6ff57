// The span of a request of the server: its method, route template, status, tenant and request id. The path, the query, the address and the user agent of the
// client are left out, because they may identify a patient. https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-server
import type { IncomingMessage, ServerResponse } from 'node:http';
import { context, ROOT_CONTEXT, type Span, type SpanContext, SpanKind, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api';
import { parseTraceParent } from '@opentelemetry/core';
import { toLoggedRequestId } from '../http/middleware/request-context.ts';

/** What the pipeline collects about a request. */
type TracedResponse = ServerResponse & { locals?: { route?: string; requestId?: string; caller?: { tenant: number } } };

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'CONNECT', 'TRACE', 'QUERY']);
/** A probe every few seconds is no news. */
const PROBES = new Set(['/healthz', '/readyz']);

export const traceRequests =
  (tracer: Tracer) =>
  (req: IncomingMessage, res: TracedResponse, handle: () => void): void => {
    if (PROBES.has(req.url ?? '')) {
      handle();
      return;
    }
    const method = METHODS.has(req.method ?? '') ? req.method! : '_OTHER';
    const parent = readParent(req);
    const attributes = { 'http.request.method': method, 'network.protocol.version': req.httpVersion };
    const span = tracer.startSpan(toName(method), { kind: SpanKind.SERVER, attributes }, parent);
    res.once('close', () => endSpan(span, method, res));
    context.with(trace.setSpan(parent, span), handle);
  };

const toName = (method: string): string => (method === '_OTHER' ? 'HTTP' : method);

/**
 * The trace of the client. `tracestate` and `baggage` are not read: clients may write anything into them, and what is not read is neither exported nor passed on.
 * https://www.w3.org/TR/trace-context-1/#privacy-of-the-tracestate-field
 */
function readParent({ headers: { traceparent } }: IncomingMessage) {
  const parsed = typeof traceparent === 'string' ? parseTraceParent(traceparent) : null;
  return parsed ? trace.setSpanContext(ROOT_CONTEXT, { ...parsed, isRemote: true }) : ROOT_CONTEXT;
}

function endSpan(span: Span, method: string, res: TracedResponse): void {
  const { route, requestId, caller } = res.locals ?? {};
  if (route !== undefined) span.updateName(`${toName(method)} ${route}`).setAttribute('http.route', route);
  const loggedId = requestId === undefined ? undefined : toLoggedRequestId(requestId);
  if (loggedId !== undefined) span.setAttribute('facet.request.id', loggedId);
  if (caller) span.setAttribute('facet.tenant.id', caller.tenant);
  // the client left before the response was sent
  if (!res.writableFinished) span.setAttribute('error.type', 'client_disconnected');
  else {
    span.setAttribute('http.response.status_code', res.statusCode);
    if (res.statusCode >= 500) span.setAttribute('error.type', String(res.statusCode)).setStatus({ code: SpanStatusCode.ERROR });
  }
  span.end();
}

/** https://www.w3.org/TR/trace-context-1/#traceparent-header */
export const toTraceParent = ({ traceId, spanId, traceFlags }: SpanContext): string =>
  `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
