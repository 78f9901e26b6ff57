// Builds the OpenAPI document of the FHIR API from the tables of types, interactions, search parameters and schemas that the server itself uses.
// https://spec.openapis.org/oas/v3.1.0, https://hl7.org/fhir/R4/http.html
import { AUDIT_TYPE } from '../../fhir/audit-search.ts';
import { isPrimitive } from '../../fhir/elements.ts';
import { INTERACTIONS, type InteractionDefinition } from '../../fhir/interactions.ts';
import { ERROR_KINDS, type ErrorKind, issue } from '../../fhir/outcome.ts';
import type { SearchParameter, SearchRegistry } from '../../fhir/search/registry.ts';
import { SERVED_TYPES } from '../../fhir/types.ts';
import type { ServerFacts } from '../../mapping/shape.ts';
import { buildOperationOutcome } from '../middleware/error-handler.ts';
import { AUDIT_PATHS } from './audit-paths.ts';
import { FHIR_EXAMPLES, PATH_EXAMPLES } from './fhir-examples.ts';
import { BODIES, FHIR_OPERATIONS, type FhirOperation, HEADERS, OPTIONAL_BODIES } from './fhir-operations.ts';
import { buildFhirSchemas } from './fhir-schemas.ts';

type Json = Record<string, unknown>;

const FHIR_JSON = 'application/fhir+json';
const buildComponentRef = (kind: string, name: string): Json => ({ $ref: `#/components/${kind}/${name}` });
const buildSchemaRef = (name: string): Json => buildComponentRef('schemas', name);
const buildContent = (type: string, name: string): Json => ({ [type]: { schema: buildSchemaRef(name) } });
/** Every body in FHIR's JSON may be in FHIR's XML too. */
const XML_CONTENT = buildContent('application/fhir+xml', 'Xml');

/** Builds the OpenAPI document of the FHIR API. */
export function buildFhirOpenApi(registry: SearchRegistry, { version, servers, bodyLimit }: ServerFacts): Json {
  return {
    openapi: '3.1.0',
    info: {
      title: 'FHIR R4',
      version,
      description: `A FHIR R4 (4.0.1) REST API. /metadata describes it as a CapabilityStatement, this document as OpenAPI. Unknown search parameters are refused (400) unless the request has Prefer: handling=lenient. A body may have up to ${Math.floor(bodyLimit / (1024 * 1024))} MiB.`,
    },
    externalDocs: { url: 'https://hl7.org/fhir/R4/http.html', description: 'FHIR R4, RESTful API' },
    servers,
    security: [{ key: [] }],
    tags: [
      ...listTypesLeadingFirst().map((name) => ({
        name,
        externalDocs: { url: `https://hl7.org/fhir/R4/${name.toLowerCase()}.html` },
      })),
      { name: 'system' },
    ],
    paths: buildPaths(registry),
    components: {
      securitySchemes: { key: { type: 'http', scheme: 'bearer' } },
      schemas: { ...buildFhirSchemas(), ...REQUEST_SCHEMAS },
      examples: FHIR_EXAMPLES,
      parameters: buildParameters(registry),
      headers: RESPONSE_HEADERS,
      responses: Object.fromEntries(Object.entries(ERROR_KINDS).map(([kind, facts]) => [kind, buildFailureResponse(kind, facts)])),
    },
  };
}

/** Orders and patients come first, as in the vendors' documents. */
function listTypesLeadingFirst(): string[] {
  const leading = ['ServiceRequest', 'Patient'];
  const types: string[] = [...SERVED_TYPES, AUDIT_TYPE];
  return [...leading.filter((type) => types.includes(type)), ...types.filter((type) => !leading.includes(type))];
}

const REQUEST_SCHEMAS: Record<string, Json> = {
  SearchForm: { type: 'object', additionalProperties: { type: 'string' } },
  Xml: { description: 'A resource in XML: https://hl7.org/fhir/R4/xml.html', type: 'string' },
  GraphqlText: { description: 'A query: https://spec.graphql.org', type: 'string' },
  GraphqlQuery: {
    type: 'object',
    required: ['query'],
    properties: { query: { type: 'string' }, variables: { type: ['object', 'null'] }, operationName: { type: ['string', 'null'] } },
  },
  GraphqlResult: {
    description: 'The data, or the errors. Each error has an OperationOutcome in extensions.resource.',
    type: 'object',
    properties: { data: { type: ['object', 'null'] }, errors: { type: 'array', items: { type: 'object' } } },
  },
  Content: { description: 'The content of a Binary, of any media type.', type: 'string', format: 'binary' },
  JsonPatch: {
    type: 'array',
    items: {
      type: 'object',
      required: ['op', 'path'],
      properties: {
        op: { enum: ['add', 'remove', 'replace', 'move', 'copy', 'test'] },
        path: { type: 'string' },
        from: { type: 'string' },
        value: {},
      },
    },
  },
};

const RESPONSE_HEADERS: Json = {
  ETag: { description: 'The version of the resource, such as W/"3".', schema: { type: 'string' } },
  'Last-Modified': { schema: { type: 'string' } },
  Location: { description: 'The URL of the version that was written.', schema: { type: 'string' } },
  'X-Request-Id': { schema: { type: 'string' } },
};

function buildPaths(registry: SearchRegistry): Json {
  const paths: Record<string, Json> = { '/metadata': { get: METADATA }, '/.well-known/smart-configuration': { get: SMART_CONFIGURATION } };
  for (const [name, { path, method }] of Object.entries<InteractionDefinition>(INTERACTIONS)) {
    for (const type of path.startsWith('/:type') ? SERVED_TYPES : ['']) {
      const at = (type ? path.replace(':type', type) : path).replace(/:(\w+)/g, '{$1}');
      paths[at] = { ...paths[at], [method.toLowerCase()]: buildOperation({ name, path, type }, registry) };
    }
  }
  return { ...paths, ...AUDIT_PATHS };
}

const METADATA: Json = {
  operationId: 'metadata',
  summary: 'Read the CapabilityStatement',
  tags: ['system'],
  security: [],
  parameters: [
    {
      name: 'mode',
      in: 'query',
      description: 'full (default) or normative: both return the whole statement. terminology: the TerminologyCapabilities.',
      schema: { type: 'string' },
    },
    ...['_summary', '_elements', '_format', '_pretty'].map((name) => buildComponentRef('parameters', name)),
  ],
  responses: {
    200: { description: 'The CapabilityStatement.', content: { ...buildContent(FHIR_JSON, 'AnyResource'), ...XML_CONTENT } },
    304: { description: 'The client has the current CapabilityStatement.' },
    400: buildComponentRef('responses', 'invalid'),
    406: buildComponentRef('responses', 'not-acceptable'),
  },
};

const SMART_CONFIGURATION: Json = {
  operationId: 'smart-configuration',
  summary: 'Read the SMART configuration',
  description:
    'The endpoints and capabilities of the issuer of access tokens: https://hl7.org/fhir/smart-app-launch/STU2.2/conformance.html',
  tags: ['system'],
  security: [],
  responses: {
    200: { description: 'The SMART configuration.', content: { 'application/json': { schema: { type: 'object' } } } },
    404: buildComponentRef('responses', 'not-found'),
    503: buildComponentRef('responses', 'unavailable'),
  },
};

/** Name of an interaction → its operation in the document. */
const OPERATIONS = new Map<string, FhirOperation>(Object.entries(FHIR_OPERATIONS));

function buildOperation({ name, path, type }: Record<'name' | 'path' | 'type', string>, registry: SearchRegistry): Json {
  const facts = OPERATIONS.get(name)!;
  const named = [...path.matchAll(/:(\w+)/g)].map(([, parameter]) => parameter!).filter((parameter) => parameter !== 'type' || !type);
  return {
    operationId: [name, type].filter(Boolean).join('-'),
    summary: facts.summary.replace('{a type}', `${/^[AEIO]/.test(type) ? 'an' : 'a'} ${type}`).replace('{type}', type),
    tags: [type || 'system'],
    parameters: [
      ...named.map((parameter) => ({
        name: parameter,
        in: 'path',
        required: true,
        schema: { type: 'string' },
        example: PATH_EXAMPLES[parameter],
      })),
      ...buildQueryParameters(facts, type, registry),
      ...buildOperationParameters(facts),
      ...(facts.headers ?? []).map((header) => buildComponentRef('parameters', header)),
      buildComponentRef('parameters', '_format'),
      buildComponentRef('parameters', '_pretty'),
    ],
    ...(facts.body && { requestBody: { required: !OPTIONAL_BODIES.has(facts.body), content: buildRequestBody(facts.body, type) } }),
    responses: buildResponses(facts, type),
  };
}

function buildRequestBody(kind: NonNullable<FhirOperation['body']>, type: string): Json {
  const content = Object.entries(BODIES[kind](type)).map(
    ([media, [name, example]]) => [media, { schema: buildSchemaRef(name), ...(example && buildExampleRef(example)) }] as const,
  );
  return { ...Object.fromEntries(content), ...(content.some(([media]) => media === FHIR_JSON) && XML_CONTENT) };
}

const buildExampleRef = (name: string): Json => ({ examples: { [name]: buildComponentRef('examples', name) } });

function buildResponses({ responses, failures }: FhirOperation, type: string): Json {
  const hoped = Object.entries(responses).map(([status, what]) => [status, buildResponse(Number(status), what, type)] as const);
  const kinds: ErrorKind[] = [...failures, 'login', 'forbidden', 'not-acceptable', 'exception', 'unavailable'];
  const byStatus = Map.groupBy([...new Set(kinds)], (kind) => ERROR_KINDS[kind].status);
  const isGraphql = Object.values(responses).includes('graphql');
  const failed = [...byStatus].map(
    ([status, [kind]]) => [String(status), isGraphql ? buildGraphqlFailure(status) : buildComponentRef('responses', kind!)] as const,
  );
  return Object.fromEntries([...hoped, ...failed]);
}

/** A refused query has errors of GraphQL. A request that is refused before its query is read has an OperationOutcome. */
const buildGraphqlFailure = (status: number): Json => ({
  description: `${status}: the query cannot be answered`,
  content: { ...buildContent('application/json', 'GraphqlResult'), ...buildContent(FHIR_JSON, 'OperationOutcome') },
});

const STATUS_DESCRIPTIONS: Record<number, string> = {
  200: 'Done',
  201: 'Created',
  204: 'Deleted, or nothing to delete',
  304: 'Not modified',
};

function buildResponse(status: number, what: FhirOperation['responses'][number], type: string): Json {
  const names = {
    resource: [type],
    written: [type, 'OperationOutcome'],
    bundle: ['Bundle'],
    outcome: ['OperationOutcome'],
    parameters: ['AnyResource'],
    graphql: ['GraphqlResult'],
    nothing: [],
  }[what];
  const descriptions = ['bundle', 'outcome', 'parameters', 'graphql'].includes(what)
    ? ['X-Request-Id']
    : ['ETag', 'Last-Modified', 'X-Request-Id', ...(status === 201 ? ['Location'] : [])];
  const schema = names.length > 1 ? { anyOf: names.map(buildSchemaRef) } : buildSchemaRef(names[0] ?? '');
  return {
    description: STATUS_DESCRIPTIONS[status],
    headers: Object.fromEntries(descriptions.map((name) => [name, buildComponentRef('headers', name)])),
    ...(what === 'graphql' && { content: buildContent('application/json', 'GraphqlResult') }),
    ...(what !== 'graphql' &&
      names.length && {
        content: {
          [FHIR_JSON]: { schema, ...(what === 'resource' && buildExampleRef(`${type}.stored`)) },
          ...XML_CONTENT,
          ...(what === 'resource' && type === 'Binary' && buildContent('*/*', 'Content')),
        },
      }),
  };
}

function buildFailureResponse(kind: string, { status, code }: (typeof ERROR_KINDS)[ErrorKind]): Json {
  const example = buildOperationOutcome([issue(code, 'what is wrong, and what to do instead')]);
  return {
    description: `${status}: ${kind}`,
    content: { [FHIR_JSON]: { schema: buildSchemaRef('OperationOutcome'), example }, ...XML_CONTENT },
  };
}

const buildQueryParameter = (name: string, description: string): Json => ({
  name,
  in: 'query',
  required: false,
  description,
  schema: { type: 'string' },
});

/** Parameters that several operations share. */
const COMMON_PARAMETERS: Record<string, Json> = {
  ...Object.fromEntries(
    Object.entries(HEADERS).map(([name, description]) => [
      name,
      { name, in: 'header', required: false, description, schema: { type: 'string' } },
    ]),
  ),
  _format: buildQueryParameter('_format', 'json or a media type. Replaces Accept.'),
  _pretty: buildQueryParameter('_pretty', 'true: the response is indented.'),
  _summary: buildQueryParameter('_summary', 'true, text, data, count or false.'),
  _elements: buildQueryParameter('_elements', 'Names of the elements to show, separated by comma.'),
  _sort: buildQueryParameter('_sort', 'Names of search parameters, separated by comma. A minus before a name sorts in descending order.'),
  _count: buildQueryParameter('_count', 'The number of matches on a page.'),
  _total: buildQueryParameter('_total', 'none, estimate or accurate.'),
  _include: buildQueryParameter('_include', 'Type:parameter, Type:* or *. Includes the resources that the matches refer to.'),
  _revinclude: buildQueryParameter('_revinclude', 'Type:parameter, Type:* or *. Includes the resources that refer to the matches.'),
  _type: buildQueryParameter(
    '_type',
    'The resource types to search, separated by comma. Without it, all types that the caller may search.',
  ),
  profile: buildQueryParameter('profile', 'The canonical URL of a profile to validate against.'),
  mode: buildQueryParameter('mode', 'create, update or delete: checks whether this interaction would succeed.'),
  query: buildQueryParameter('query', 'The GraphQL query. Required.'),
  variables: buildQueryParameter('variables', 'The values of variables, as a JSON object.'),
  operationName: buildQueryParameter('operationName', 'The operation to run, if the query has several.'),
  max: buildQueryParameter('max', 'The number of observations of each code. Without it, 1.'),
  from: buildQueryParameter('from', 'The id of the first version. Without it, the version before the second one.'),
  to: buildQueryParameter('to', 'The id of the second version. Without it, the current version.'),
  start: buildQueryParameter('start', 'A date: only care on or after it.'),
  end: buildQueryParameter('end', 'A date: only care on or before it.'),
  _since: buildQueryParameter('_since', 'An instant: only versions at or after it.'),
  _at: buildQueryParameter('_at', 'A date or instant: only versions that were current at that time.'),
};

const SEARCH_PARAMETERS = ['_sort', '_count', '_total', '_include', '_revinclude', '_summary', '_elements'];
const QUERY_PARAMETERS: Record<NonNullable<FhirOperation['query']>, (keyof typeof COMMON_PARAMETERS)[]> = {
  search: SEARCH_PARAMETERS,
  searchAll: ['_type', ...SEARCH_PARAMETERS],
  everything: ['start', 'end', '_since', '_type', '_count'],
  history: ['_since', '_at', '_count', '_total'],
  shown: ['_summary', '_elements'],
  validate: ['profile', 'mode'],
  diff: ['from', 'to'],
  lastn: ['max', '_summary', '_elements'],
  graphql: ['query', 'variables', 'operationName'],
};

function buildQueryParameters({ query: kind }: FhirOperation, type: string, registry: SearchRegistry): Json[] {
  if (!kind) return [];
  const searched = kind === 'lastn' ? 'Observation' : type;
  const own =
    kind === 'search' || kind === 'lastn'
      ? sortOwnFirst(registry.list(searched)).map(({ code }) => buildComponentRef('parameters', `${searched}.${code}`))
      : [];
  return [...own, ...QUERY_PARAMETERS[kind].map((name) => buildComponentRef('parameters', name))];
}

const buildOperationParameters = ({ parameters = {} }: FhirOperation): Json[] =>
  Object.entries(parameters)
    .filter(([, { type = '' }]) => isPrimitive(type))
    .map(([name, { type, list }]) => {
      const schema = { type: type === 'boolean' || type === 'integer' ? type : 'string' };
      return { name, in: 'query', required: false, schema: list ? { type: 'array', items: schema } : schema };
    });

/** Sorts the type's own parameters before those that all types have. */
const sortOwnFirst = (list: readonly SearchParameter[]): SearchParameter[] =>
  list.toSorted((a, b) => Number(a.code.startsWith('_')) - Number(b.code.startsWith('_')));

function buildParameters(registry: SearchRegistry): Json {
  const own = SERVED_TYPES.flatMap((type) =>
    registry.list(type).map((parameter) => [`${type}.${parameter.code}`, buildSearchParameter(parameter)]),
  );
  return { ...COMMON_PARAMETERS, ...Object.fromEntries(own) };
}

/** Kind of parameter → the syntax of its values. https://hl7.org/fhir/R4/search.html#ptypes */
const VALUE_DESCRIPTIONS: Readonly<Record<string, string>> = {
  token: 'A token: `code`, or `system|code`.',
  string: 'The beginning of a text. Case and accents are ignored.',
  date: 'A date: `2026-01`, `ge2026-01-31`.',
  number: 'A number: `5.4`, `gt5`.',
  quantity: 'A quantity: `5.4`, `gt5.4|http://unitsofmeasure.org|mg`.',
  reference: 'A reference: `Type/id`, or an id.',
  uri: 'A URI, compared exactly.',
};

const FULL_TEXT = 'Words and "phrases", with AND, OR, NOT and brackets. Case and accents are ignored.';

const buildSearchParameter = ({ code, type, url, targets, fullText }: SearchParameter): Json => ({
  ...buildQueryParameter(
    code,
    [fullText ? FULL_TEXT : (VALUE_DESCRIPTIONS[type] ?? `Of kind ${type}.`), targets ? `It refers to ${targets.join(', ')}.` : '']
      .join(' ')
      .trim(),
  ),
  ...(url !== undefined && { 'x-definition': url }),
});
