// $graphql over HTTP, of the system and of a resource, by GET and by POST. https://hl7.org/fhir/R4/graphql.html, https://graphql.org/learn/serving-over-http/
// The result is JSON and not a resource, so Accept and _format do not change it: "the content is always returned as application/json".
import type { GraphQLError } from 'graphql';
import { stringifyJson } from '../../fhir/json.ts';
import { isObject, tryParseJson } from '../../fhir/json-values.ts';
import { readOperationParameters } from '../../fhir/operation-parameters.ts';
import { ERROR_KINDS, FhirError, invalid, invalidStructure, notSupported } from '../../fhir/outcome.ts';
import { isParameters } from '../../fhir/parameters.ts';
import type { GraphqlRequest } from '../../interactions/graphql/run-query.ts';
import { buildOperationOutcome } from '../middleware/error-handler.ts';
import type { FhirCall, FhirResponse } from './fhir-call.ts';
import { isFormatParameter } from './page-links.ts';

type QueryParts = Omit<GraphqlRequest, 'instance'>;

export async function handleGraphql(call: FhirCall): Promise<FhirResponse> {
  if (!call.isStandalone)
    throw notSupported('a batch cannot contain $graphql: its result is not a resource. Send one query with several fields');
  const isPretty = call.query.some(([name, value]) => name === '_pretty' && value === 'true');
  const { status, headers, body } = await respond(call);
  const text = 'json' in body ? formatSchema(body.json, isPretty) : isPretty ? JSON.stringify(body, null, 2) : stringifyJson(body);
  const content = Buffer.from(text);
  return {
    status,
    headers: { ...headers, 'Content-Type': 'application/json; charset=utf-8', 'Content-Length': String(content.length) },
    content,
  };
}

const formatSchema = (json: string, isPretty: boolean): string =>
  isPretty ? JSON.stringify({ data: JSON.parse(json) }, null, 2) : `{"data":${json}}`;

interface GraphqlResponse {
  status: number;
  headers?: Record<string, string>;
  /** `json`: the data, as JSON text. */
  body: { json: string } | { data: unknown; errors?: object[] };
}

async function respond(call: FhirCall): Promise<GraphqlResponse> {
  const { context, pageTokens, type, id } = call;
  try {
    const parts = call.method === 'POST' ? await readPostedQuery(call) : readQueryOfUrl(call.query);
    // the library is loaded with the first query
    const { runGraphqlQuery } = await import('../../interactions/graphql/run-query.ts');
    const result = await runGraphqlQuery(context, pageTokens, { ...parts, ...(id !== '' && { instance: { type, id } }) });
    return 'errors' in result ? buildErrorResponse(call, result.errors) : { status: 200, body: result };
  } catch (error) {
    return buildErrorResponse(call, [error]);
  }
}

/** GET: `query`, `variables` as JSON, and `operationName`. */
function readQueryOfUrl(query: FhirCall['query']): QueryParts {
  const parameters = query.filter((parameter) => !isFormatParameter(parameter));
  for (const [name] of parameters) {
    if (!PARTS.has(name)) throw notSupported('$graphql takes query, variables and operationName');
    if (parameters.filter(([other]) => other === name).length > 1) throw invalid(`${name} may occur only once`);
  }
  const { variables, ...texts } = Object.fromEntries(parameters);
  return toQueryParts({ ...texts, ...(variables !== undefined && { variables: tryParseJson(variables) ?? variables }) });
}

const PARTS = new Set(['query', 'variables', 'operationName']);

/** POST: "with the graphQL as the body, or a JSON body", or the Parameters of the operation. */
async function readPostedQuery(call: FhirCall): Promise<QueryParts> {
  if (call.query.some((parameter) => !isFormatParameter(parameter)))
    throw notSupported('$graphql by POST takes its query in the body, and no parameters in the URL but _format and _pretty');
  const { mediaType, text } = await call.body.text(
    ['application/json', 'application/graphql', 'application/fhir+json'],
    'send the query as application/graphql, or as application/json: {"query": …, "variables": …, "operationName": …}',
  );
  if (mediaType === 'application/graphql') return toQueryParts({ query: text });
  const body = tryParseJson(text);
  if (!isObject(body)) throw invalidStructure('the body must be a JSON object with the member query');
  if (!isParameters(body)) return toQueryParts(body);
  return toQueryParts({ query: readOperationParameters('$graphql', INPUT, { body: { plain: body, exact: body } }).text('query') });
}

/** https://hl7.org/fhir/R4/resource-operation-graphql.html */
const INPUT = { query: { type: 'string', required: true } } as const;

/** `extensions` is for clients' own use (https://graphql.github.io/graphql-over-http/draft/#sec-Request-Parameters). */
function toQueryParts({ query, variables, operationName }: Record<string, unknown>): QueryParts {
  if (typeof query !== 'string' || query.trim() === '') throw invalid('$graphql needs a query');
  if (variables !== undefined && variables !== null && !isObject(variables)) throw invalid('variables must be a JSON object');
  if (operationName !== undefined && operationName !== null && typeof operationName !== 'string')
    throw invalid('operationName must be a text');
  return {
    query,
    ...(isObject(variables) && { variables }),
    ...(typeof operationName === 'string' && operationName !== '' && { operationName }),
  };
}

/** "Each error SHOULD include an OperationOutcome in the resource property in the graphQL extensions element." The status is that of the first error. */
function buildErrorResponse(call: FhirCall, errors: readonly unknown[]): GraphqlResponse {
  const failures = errors.map((error) => ({ error, failure: toFailure(call, error) }));
  const [{ failure: first }] = failures as [(typeof failures)[0]];
  return {
    status: ERROR_KINDS[first.kind].status,
    headers: first.headers,
    body: {
      errors: failures.map(({ error, failure: { issues, message } }) => ({
        message,
        ...readPlace(error),
        extensions: { resource: buildOperationOutcome(issues) },
      })),
      data: null,
    },
  };
}

/** A fault of the query itself is 400. Any other error has a cause. */
function toFailure(call: FhirCall, error: unknown): FhirError {
  if (error instanceof FhirError) return error;
  if (!isGraphqlError(error)) return call.toFhirError(error);
  const { originalError } = error;
  if (originalError && !isGraphqlError(originalError)) return toFailure(call, originalError);
  return invalid(removeValues(error.message));
}

// the library is not loaded before it is needed, so its class cannot be named here
const isGraphqlError = (error: unknown): error is GraphQLError => error instanceof Error && error.name === 'GraphQLError';

/** Errors do not repeat values, because these may be PHI. GraphQL's texts end with the value. */
const removeValues = (message: string): string =>
  message.replace(/(?:,? found|has invalid value|cannot represent|:) ["{[(\d-].*$/s, ' … (the value does not have the type)');

function readPlace(error: unknown): object {
  if (!isGraphqlError(error)) return {};
  const { locations, path } = error;
  return { ...(locations && { locations }), ...(path && { path }) };
}
