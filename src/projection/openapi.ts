// The OpenAPI document of one surface, from its mappings alone: paths, parameters, bodies, answers, failures. https://spec.openapis.org/oas/v3.1.0
import { envelopeSchema } from './envelope-schema.ts';
import type { LoadedShape, LoadedSurface } from './loaded.ts';
import type { MappingSpec, SearchSpec, SurfaceSpec } from './spec.ts';

type Json = Record<string, unknown>;

/** What fails whatever is asked, and what only when a body is sent. */
const ALWAYS = ['invalid', 'login', 'forbidden', 'not-found', 'throttled', 'exception', 'unavailable'] as const;
const WITH_BODY = ['structure', 'conflict', 'too-long', 'media'] as const;

/** Describes all shapes of a surface. */
export function openApiOf({ surface, source }: LoadedSurface, shapes: LoadedShape[]): Json {
  const { auth, envelope } = source.content;
  const scheme = auth.scheme === 'bearer' ? { type: 'http', scheme: 'bearer' } : { type: 'apiKey', in: 'header', name: auth.header };
  const named = shapes.map((one) => [one.shape.name, bodyOf(one.shape.responseSchema)] as const);
  const requests = shapes.filter(({ shape }) => shape.interactions.includes('create'));
  return {
    openapi: '3.1.0',
    info: { title: surface.name, version: '1' },
    servers: [{ url: '/' }],
    security: [{ key: [] }],
    paths: Object.fromEntries(shapes.flatMap((one) => pathsOf(one, source.content))),
    components: {
      securitySchemes: { key: scheme },
      schemas: {
        ...Object.fromEntries(named),
        ...Object.fromEntries(requests.map(({ shape }) => [`${shape.name}-request`, bodyOf(shape.requestSchema)])),
        failure: envelopeSchema(envelope.error, {}),
      },
    },
  };
}

/** OpenAPI 3.1 speaks the same draft: it need not be said again. */
const bodyOf = (schema: object): Json => {
  const { $schema: _, ...rest } = schema as Json;
  return rest;
};

const ref = (name: string): Json => ({ $ref: `#/components/schemas/${name}` });
const json = (schema: Json): Json => ({ content: { 'application/json': { schema } } });

function pathsOf({ shape, mapping }: LoadedShape, surface: SurfaceSpec): [string, Json][] {
  const { name, path, plural, interactions } = shape;
  const has = (one: MappingSpec['interactions'][number]): boolean => interactions.includes(one);
  const item = envelopeSchema(surface.envelope.item, { body: ref(name) });
  const list = envelopeSchema(surface.envelope.list, { items: { type: 'array', items: ref(name) } }, plural);
  const collection = {
    ...(has('search') && {
      get: {
        operationId: `list-${name}`,
        parameters: listParameters(mapping.content, surface),
        responses: answers(200, list, surface, ALWAYS),
      },
    }),
    ...(has('create') && { post: create(name, mapping.content, answers(201, item, surface, creating(mapping.content))) }),
  };
  const read = {
    operationId: `read-${name}`,
    parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
    responses: answers(200, item, surface, ALWAYS),
  };
  return [
    ...(Object.keys(collection).length ? [[path, collection] as [string, Json]] : []),
    ...(has('read') ? [[`${path}/{id}`, { get: read }] as [string, Json]] : []),
  ];
}

const creating = ({ port }: MappingSpec): (keyof SurfaceSpec['errors'])[] => [
  ...ALWAYS,
  ...WITH_BODY,
  ...(port === undefined ? [] : (['upstream'] as const)),
];

const create = (name: string, { idempotency = 'optional' }: MappingSpec, responses: Json): Json => ({
  operationId: `create-${name}`,
  parameters: [
    {
      name: 'idempotency-key',
      in: 'header',
      required: idempotency === 'required',
      schema: { type: 'string', minLength: 1, maxLength: 255 },
    },
  ],
  requestBody: { required: true, ...json(ref(`${name}-request`)) },
  responses,
});

/** The answer that is hoped for, and each status that a failure is answered with. */
function answers(status: number, schema: Json, { errors }: SurfaceSpec, kinds: readonly (keyof SurfaceSpec['errors'])[]): Json {
  const failures = new Map<number, string[]>();
  for (const kind of kinds) failures.set(errors[kind].status, [...(failures.get(errors[kind].status) ?? []), errors[kind].code]);
  const told = [...failures].map(([code, codes]) => [code, { description: [...new Set(codes)].join(', '), ...json(ref('failure')) }]);
  return { [status]: { description: status === 201 ? 'created' : 'found', ...json(schema) }, ...Object.fromEntries(told) };
}

function listParameters({ search = {} }: MappingSpec, { page }: SurfaceSpec): Json[] {
  const query = (name: string, schema: Json, required = false): Json => ({ name, in: 'query', required, schema });
  return [
    query(page.size, { type: 'integer', minimum: 1, maximum: page.max, default: page.default }),
    ...(page.offset === undefined ? [] : [query(page.offset, { type: 'integer', minimum: 0, maximum: page.maxOffset, default: 0 })]),
    ...(page.cursor === undefined ? [] : [query(page.cursor, { type: 'string' })]),
    ...Object.entries(search).map(([name, spec]) =>
      query(name, parameterOf(spec), typeof spec === 'object' && 'fhir' in spec && spec.required),
    ),
  ];
}

const parameterOf = (spec: SearchSpec): Json =>
  typeof spec === 'object' && 'words' in spec ? { type: 'string', enum: Object.keys(spec.words) } : { type: 'string' };
