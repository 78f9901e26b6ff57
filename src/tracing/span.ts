// Spans: timed units of work in a trace. Code that sends requests or works in the background calls `inSpan`; without a tracer it only runs the work.
// The names of attributes are a closed list, because a span must not contain ids of resources, paths, queries or any other value of a patient.
// docs/decisions/0049-traces.md

/** https://opentelemetry.io/docs/specs/semconv/registry/attributes/; `facet.` are our own. */
type SpanAttribute =
  | 'http.request.method'
  | 'url.template'
  | 'server.address'
  | 'server.port'
  | 'http.response.status_code'
  | 'error.type'
  | 'facet.tenant.id'
  | 'facet.account.id'
  | 'facet.topic'
  | 'facet.outcome';

export interface SpanStart {
  /** Of low cardinality, without values. */
  name: string;
  /** `client`: a request to another system. `background`: begins a trace of its own. */
  kind: 'client' | 'background';
  attributes: Partial<Record<SpanAttribute, string | number>>;
}

interface Span {
  set(name: SpanAttribute, value: string | number): void;
  /** Marks the span as failed. `type`: the kind of error, never a message. */
  fail(type: string): void;
  /** The headers that make the receiver of a request part of the trace: https://www.w3.org/TR/trace-context-1/ */
  headers: Readonly<Record<string, string>>;
}

export type Tracer = <T>(start: SpanStart, work: (span: Span) => Promise<T>) => Promise<T>;

const NO_SPAN: Span = { set: () => {}, fail: () => {}, headers: {} };

let tracer: Tracer | undefined;

/** Sets the tracer of this process; undefined: none. */
export function useTracer(next: Tracer | undefined): void {
  tracer = next;
}

/** Runs the work in a span. */
export const inSpan = <T>(start: SpanStart, work: (span: Span) => Promise<T>): Promise<T> => (tracer ? tracer(start, work) : work(NO_SPAN));

/** Runs an HTTP request to another system in a span. The path is left out unless `template` names it without its values. */
export const inRequestSpan = <T>(
  request: { method: string; url: string | URL; template?: string },
  work: (span: Span) => Promise<T>,
): Promise<T> => (tracer ? tracer(describeRequest(request), work) : work(NO_SPAN));

function describeRequest({ method, url, template }: { method: string; url: string | URL; template?: string }): SpanStart {
  const { hostname, port, protocol } = new URL(url);
  return {
    name: template === undefined ? method : `${method} ${template}`,
    kind: 'client',
    attributes: {
      'http.request.method': method,
      'server.address': hostname,
      'server.port': Number(port || (protocol === 'https:' ? 443 : 80)),
      ...(template !== undefined && { 'url.template': template }),
    },
  };
}

/** https://opentelemetry.io/docs/specs/semconv/http/http-spans/: for a client, 4xx and 5xx are errors. */
export function recordStatus(span: Span, status: number): void {
  span.set('http.response.status_code', status);
  if (status >= 400) span.fail(String(status));
}
