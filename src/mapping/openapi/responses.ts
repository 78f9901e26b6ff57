// The OpenAPI responses of an operation: success, and each error status in the vendor's format.
import { ERROR_KINDS, type ErrorKind, issue } from '../../fhir/outcome.ts';
import type { ResponseFacts, ServerFacts, Surface } from '../shape.ts';
import type { SurfaceSpec } from '../spec.ts';
import { findNameSchema } from './envelope-schema.ts';
import { buildJsonContent, type Json, toSchemaRef } from './json.ts';

/** The facts of a response in examples. */
export const buildExampleFacts = (status: number, { rateLimit }: ServerFacts): ResponseFacts => ({
  requestId: 'req_w8p3i7b0',
  time: '2026-01-15T09:45:00.000Z',
  status,
  ...(rateLimit && { rate: { limit: rateLimit.limit, remaining: rateLimit.limit - 11, reset: 3420 } }),
});

/** Each kind of error: when it happens, and a sample text. */
const ERROR_DESCRIPTIONS: Record<ErrorKind, { when: string; text: string }> = {
  structure: { when: 'the body is not a JSON object', text: 'the body must be a JSON object, but it is empty' },
  invalid: { when: 'a field or parameter breaks its rule', text: '{field} is required' },
  parameter: { when: 'a query parameter is unknown or invalid', text: '{field} may occur only once' },
  'not-supported': { when: 'the request needs a feature that is not supported', text: '{field} is not supported' },
  override: {
    when: 'a header asks for another method than that of the request',
    text: 'x-http-method-override is not followed: send the method that is meant',
  },
  rule: { when: 'the request breaks a rule that concerns more than the format of its fields', text: '{field} is required for this' },
  login: { when: 'the API key is missing, unknown or no longer valid', text: 'this API key is not known, or no longer valid' },
  forbidden: {
    when: 'the key belongs to another surface, its scopes do not cover the request, or only keys that are (or are not) restricted to a patient may send the request',
    text: 'the scopes of this API key do not cover this',
  },
  'not-found': { when: 'no item has this id', text: 'there is nothing with this id' },
  deleted: { when: 'the item with this id is deleted', text: 'there is nothing with this id' },
  method: { when: 'the path does not support this method', text: 'this path answers GET' },
  'not-acceptable': { when: 'the server supports none of the accepted media types', text: 'this server writes application/json' },
  conflict: {
    when: 'an idempotency-key was used with another body, or its first request is still running',
    text: 'this idempotency-key was used with another body',
  },
  duplicate: { when: 'an equal item exists already', text: 'this exists already' },
  'version-mismatch': { when: 'If-Match names a version that is no longer the current one', text: 'the resource has changed since' },
  'multiple-matches': {
    when: 'more than one stored resource matches',
    text: 'more than one stored resource has the identifier of this request',
  },
  'too-long': { when: 'the body is larger than the maximum of this API', text: 'the body exceeds the size limit of 1 MiB' },
  media: { when: 'the body is not sent as JSON', text: 'send the body as application/json' },
  throttled: { when: 'the key is over its limit', text: 'the limit is reached; try again in 3420 seconds' },
  exception: { when: 'the server failed with an unexpected error', text: 'the server failed with an unexpected error' },
  upstream: { when: 'a service that this server depends on failed', text: 'the laboratory network did not take this' },
  unavailable: { when: 'the service is not ready', text: 'the database does not answer' },
};

export interface ErrorResponseParts {
  surface: Surface;
  spec: SurfaceSpec;
  facts: ServerFacts;
  /** A field for sample error texts. */
  field: string;
}

/** The responses for these kinds of errors by status, with examples. */
export function buildErrorResponses(
  kinds: readonly ErrorKind[],
  { surface, spec, facts, field }: ErrorResponseParts,
): Record<string, Json> {
  const byStatus = Map.groupBy([...new Set(kinds)], (kind) => surface.describeError(kind).status);
  const responses = [...byStatus]
    .sort(([a], [b]) => a - b)
    .map(([status, kinds]) => {
      const examples = kinds.map(
        (kind) => [kind, buildErrorExample(kind, { surface, facts: buildExampleFacts(status, facts), field })] as const,
      );
      const headers = { ...buildHeaderRefs(spec), ...Object.assign({}, ...kinds.map((kind) => HEADERS[kind] ?? {})) };
      const description = capitalize(kinds.map((kind) => ERROR_DESCRIPTIONS[kind].when).join('; or '));
      return [String(status), { description, headers, ...buildJsonContent(toSchemaRef('Failure'), Object.fromEntries(examples)) }] as const;
    });
  return Object.fromEntries(responses);
}

function buildErrorExample(kind: ErrorKind, { surface, facts, field }: { surface: Surface; facts: ResponseFacts; field: string }): Json {
  const { when, text } = ERROR_DESCRIPTIONS[kind];
  const named = text.includes('{field}') ? field : undefined;
  return {
    summary: capitalize(when),
    value: surface.wrapError(kind, [issue(ERROR_KINDS[kind].code, text.replace('{field}', field), named)], facts).body,
  };
}

const capitalize = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const seconds = { description: 'Seconds to wait before trying again.', required: true, schema: { type: 'integer' } };
/** Headers of a kind of error. */
const HEADERS: Partial<Record<ErrorKind, Json>> = {
  login: { 'WWW-Authenticate': { required: true, schema: { type: 'string' } } },
  throttled: { 'Retry-After': seconds },
  unavailable: { 'Retry-After': seconds },
  upstream: { 'Retry-After': { ...seconds, required: false } },
};

/** The headers of every response of a surface; one without a value is not sent. */
export function buildSurfaceHeaders({ headers = {} }: SurfaceSpec): Json {
  const own = Object.entries(headers).map(([name, template]) => [name, { schema: withoutNull(findNameSchema(template)) }] as const);
  const hasRequestId = own.some(([name]) => name.toLowerCase() === 'x-request-id');
  return { ...(!hasRequestId && { 'x-request-id': { schema: { type: 'string' } } }), ...Object.fromEntries(own) };
}

/** The successful response. */
export const buildSuccessResponse = (
  description: string,
  { spec, headers = {}, body }: { spec: SurfaceSpec; headers?: Json; body?: Json },
): Json => ({
  description,
  headers: { ...buildHeaderRefs(spec), ...headers },
  ...body,
});

const withoutNull = ({ type, ...rest }: Json): Json => ({ ...rest, type: [type].flat()[0] });

const buildHeaderRefs = (spec: SurfaceSpec): Json =>
  Object.fromEntries(Object.keys(buildSurfaceHeaders(spec)).map((name) => [name, { $ref: `#/components/headers/${name}` }]));
