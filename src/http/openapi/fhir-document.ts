// The OpenAPI document of the FHIR API, from the same tables that serve it: types, interactions, search parameters, schemas.
// https://spec.openapis.org/oas/v3.1.0, https://hl7.org/fhir/R4/http.html
import { INTERACTIONS, type InteractionFacts, type InteractionName } from '../../fhir/interactions.ts';
import { issue, KINDS, type Kind } from '../../fhir/outcome.ts';
import type { Registry, SearchParameter } from '../../fhir/search/parameters.ts';
import { SERVED_TYPES } from '../../fhir/types.ts';
import type { ServerFacts } from '../../mapping/openapi/server-facts.ts';
import { operationOutcome } from '../middleware/error-handler.ts';
import { FHIR_EXAMPLES, IN_PATHS } from './fhir-examples.ts';
import { BODIES, FHIR_OPERATIONS, type FhirOperation, HEADERS } from './fhir-operations.ts';
import { fhirSchemas } from './fhir-schemas.ts';

type Json = Record<string, unknown>;

const FHIR_JSON = 'application/fhir+json';
const component = (kind: string, name: string): Json => ({ $ref: `#/components/${kind}/${name}` });
const schema = (name: string): Json => component('schemas', name);
const content = (type: string, name: string): Json => ({ [type]: { schema: schema(name) } });

/** Describes the FHIR API. */
export function fhirOpenApi(registry: Registry, { version, servers, bodyLimit }: ServerFacts): Json {
  return {
    openapi: '3.1.0',
    info: {
      title: 'FHIR R4',
      version,
      description: `A FHIR R4 (4.0.1) REST API. The CapabilityStatement at /metadata is its own description; this is the same for tools that read OpenAPI. Unknown search parameters are refused (400) unless Prefer: handling=lenient. Bodies up to ${Math.floor(bodyLimit / (1024 * 1024))} MiB are taken.`,
    },
    externalDocs: { url: 'https://hl7.org/fhir/R4/http.html', description: 'FHIR R4, RESTful API' },
    servers,
    security: [{ key: [] }],
    tags: [
      { name: 'system' },
      ...SERVED_TYPES.map((name) => ({ name, externalDocs: { url: `https://hl7.org/fhir/R4/${name.toLowerCase()}.html` } })),
    ],
    paths: pathsOf(registry),
    components: {
      securitySchemes: { key: { type: 'http', scheme: 'bearer' } },
      schemas: { ...fhirSchemas(), ...REQUESTS },
      examples: FHIR_EXAMPLES,
      parameters: parametersOf(registry),
      headers: RESPONSE_HEADERS,
      responses: Object.fromEntries((Object.keys(KINDS) as Kind[]).map((kind) => [kind, failure(kind)])),
    },
  };
}

const REQUESTS: Record<string, Json> = {
  SearchForm: { type: 'object', additionalProperties: { type: 'string' } },
  Content: { description: 'What a Binary carries, of any media type.', type: 'string', format: 'binary' },
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
  ETag: { description: 'The version, W/"3".', schema: { type: 'string' } },
  'Last-Modified': { schema: { type: 'string' } },
  Location: { description: 'The version that was written.', schema: { type: 'string' } },
  'X-Request-Id': { schema: { type: 'string' } },
};

function pathsOf(registry: Registry): Json {
  const paths: Record<string, Json> = { '/metadata': { get: METADATA } };
  for (const [name, { path, method }] of Object.entries(INTERACTIONS) as [InteractionName, InteractionFacts][]) {
    for (const type of path.startsWith('/:type') ? SERVED_TYPES : ['']) {
      const at = (type ? path.replace(':type', type) : path).replace(/:(\w+)/g, '{$1}');
      paths[at] = { ...paths[at], [method.toLowerCase()]: operationOf(name, type, registry) };
    }
  }
  return paths;
}

const METADATA: Json = {
  operationId: 'metadata',
  summary: 'What this server serves',
  tags: ['system'],
  security: [],
  responses: {
    200: { description: 'The CapabilityStatement.', content: content(FHIR_JSON, 'CapabilityStatement') },
    304: { description: 'The client has it already.' },
    406: component('responses', 'not-acceptable'),
  },
};

function operationOf(name: InteractionName, type: string, registry: Registry): Json {
  const facts = FHIR_OPERATIONS[name];
  const { path } = INTERACTIONS[name];
  const named = [...path.matchAll(/:(\w+)/g)].map(([, one]) => one!).filter((one) => one !== 'type' || !type);
  return {
    operationId: [name, type].filter(Boolean).join('-'),
    summary: facts.say.replace('{a type}', `${/^[AEIO]/.test(type) ? 'an' : 'a'} ${type}`).replace('{type}', type),
    tags: [type || 'system'],
    parameters: [
      ...named.map((one) => ({ name: one, in: 'path', required: true, schema: { type: 'string' }, example: IN_PATHS[one] })),
      ...queryOf(facts, type, registry),
      ...(facts.headers ?? []).map((header) => component('parameters', header)),
      component('parameters', '_format'),
      component('parameters', '_pretty'),
    ],
    ...(facts.body && { requestBody: { required: true, content: bodyOf(facts.body, type) } }),
    responses: responsesOf(facts, type),
  };
}

const bodyOf = (kind: NonNullable<FhirOperation['body']>, type: string): Json =>
  Object.fromEntries(
    Object.entries(BODIES[kind](type)).map(([media, [name, example]]) => [
      media,
      { schema: schema(name), ...(example && examples(example)) },
    ]),
  );

const examples = (name: string): Json => ({ examples: { [name]: component('examples', name) } });

function responsesOf({ answers, failures }: FhirOperation, type: string): Json {
  const hoped = Object.entries(answers).map(([status, what]) => [status, answer(Number(status), what, type)] as const);
  const kinds: Kind[] = [...failures, 'login', 'forbidden', 'not-acceptable', 'exception', 'unavailable'];
  const byStatus = Map.groupBy([...new Set(kinds)], (kind) => KINDS[kind].status);
  const failed = [...byStatus].map(([status, [kind]]) => [String(status), component('responses', kind!)] as const);
  return Object.fromEntries([...hoped, ...failed]);
}

const SAID: Record<number, string> = { 200: 'Done', 201: 'Created', 204: 'Deleted, or not there', 304: 'Not modified' };

function answer(status: number, what: FhirOperation['answers'][number], type: string): Json {
  const names = { resource: [type], written: [type, 'OperationOutcome'], bundle: ['Bundle'], outcome: ['OperationOutcome'], nothing: [] }[
    what
  ];
  const told =
    what === 'bundle' || what === 'outcome'
      ? ['X-Request-Id']
      : ['ETag', 'Last-Modified', 'X-Request-Id', ...(status === 201 ? ['Location'] : [])];
  const one = names.length > 1 ? { anyOf: names.map(schema) } : schema(names[0] ?? '');
  return {
    description: SAID[status],
    headers: Object.fromEntries(told.map((name) => [name, component('headers', name)])),
    ...(names.length && {
      content: {
        [FHIR_JSON]: { schema: one, ...(what === 'resource' && examples(`${type}.stored`)) },
        ...(what === 'resource' && type === 'Binary' && content('*/*', 'Content')),
      },
    }),
  };
}

function failure(kind: Kind): Json {
  const { status, code } = KINDS[kind];
  const example = operationOutcome([issue(code, 'what is wrong, and what to do instead')]);
  return { description: `${status}: ${kind}`, content: { [FHIR_JSON]: { schema: schema('OperationOutcome'), example } } };
}

const query = (name: string, description: string): Json => ({
  name,
  in: 'query',
  required: false,
  description,
  schema: { type: 'string' },
});

/** Parameters that many operations have. */
const COMMON: Record<string, Json> = {
  ...Object.fromEntries(
    Object.entries(HEADERS).map(([name, description]) => [
      name,
      { name, in: 'header', required: false, description, schema: { type: 'string' } },
    ]),
  ),
  _format: query('_format', 'json, or a media type, in place of Accept.'),
  _pretty: query('_pretty', 'true: indented.'),
  _summary: query('_summary', 'true, text, data, count or false.'),
  _elements: query('_elements', 'Names of the elements that are shown, by comma.'),
  _sort: query('_sort', 'Names of search parameters, by comma; a minus in front: descending.'),
  _count: query('_count', 'How many matches a page has.'),
  _total: query('_total', 'none, estimate or accurate.'),
  _include: query('_include', 'Type:parameter, Type:* or * — what the matches refer to comes with them.'),
  _revinclude: query('_revinclude', 'Type:parameter, Type:* or * — what refers to the matches comes with them.'),
  _type: query('_type', 'The resource types that are searched, by comma; all that may be found, when absent.'),
  profile: query('profile', 'The canonical URL of a profile to validate against.'),
  mode: query('mode', 'create, update or delete: what the resource is meant for.'),
  start: query('start', 'A date: only care from then on.'),
  end: query('end', 'A date: only care until then.'),
  _since: query('_since', 'An instant: only versions from then on.'),
  _at: query('_at', 'A time: only what was current then.'),
};

const SEARCHED = ['_sort', '_count', '_total', '_include', '_revinclude', '_summary', '_elements'];
const QUERIES: Record<NonNullable<FhirOperation['query']>, (keyof typeof COMMON)[]> = {
  search: SEARCHED,
  searchAll: ['_type', ...SEARCHED],
  everything: ['start', 'end', '_since', '_type', '_count'],
  history: ['_since', '_at', '_count'],
  shown: ['_summary', '_elements'],
  validate: ['profile', 'mode'],
};

function queryOf({ query: kind }: FhirOperation, type: string, registry: Registry): Json[] {
  if (!kind) return [];
  const own = kind === 'search' ? ownFirst(registry.list(type)).map(({ code }) => component('parameters', `${type}.${code}`)) : [];
  return [...own, ...QUERIES[kind].map((name) => component('parameters', name))];
}

/** The parameters of the type before those that all types have. */
const ownFirst = (list: readonly SearchParameter[]): SearchParameter[] =>
  list.toSorted((a, b) => Number(a.code.startsWith('_')) - Number(b.code.startsWith('_')));

function parametersOf(registry: Registry): Json {
  const own = SERVED_TYPES.flatMap((type) =>
    registry.list(type).map((parameter) => [`${type}.${parameter.code}`, searchParameter(parameter)]),
  );
  return { ...COMMON, ...Object.fromEntries(own) };
}

/** How values of each kind of parameter are written. https://hl7.org/fhir/R4/search.html#ptypes */
const WRITTEN: Readonly<Record<string, string>> = {
  token: 'A token: `code`, or `system|code`.',
  string: 'A text: how it begins, in any case and with or without accents.',
  date: 'A date: `2026-01`, `ge2026-01-31`.',
  number: 'A number: `5.4`, `gt5`.',
  quantity: 'A quantity: `5.4`, `gt5.4|http://unitsofmeasure.org|mg`.',
  reference: 'A reference: `Type/id`, or an id.',
  uri: 'A URI, as it stands.',
};

const searchParameter = ({ code, type, url, targets }: SearchParameter): Json => ({
  ...query(code, [WRITTEN[type] ?? `Of kind ${type}.`, targets ? `It leads to ${targets.join(', ')}.` : ''].join(' ').trim()),
  ...(url !== undefined && { 'x-definition': url }),
});
