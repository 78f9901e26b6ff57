// The OpenAPI documents that the mappings make: what they promise is what is answered.
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { issue } from '../../src/fhir/outcome.ts';
import { loadMappings } from '../../src/projection/mapping.ts';
import { examplesOf, profiles, registry, shapes } from './examples.ts';

interface Document {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object>; securitySchemes: object };
}

interface Operation {
  parameters: { name: string; required: boolean; schema: Record<string, unknown> }[];
  responses: Record<string, { content: { 'application/json': { schema: object } } }>;
}

const { openApi } = loadMappings('mappings', { profiles, registry });
const of = (surface: string): Document => openApi.get(surface) as Document;

/** A schema of a document, its references resolved by the document's own components. */
function validator(document: Document, schema: object) {
  const ajv = new Ajv2020({ allowUnionTypes: true, strict: false });
  (addFormats as unknown as (ajv: Ajv2020) => void)(ajv);
  return ajv.compile({ ...schema, components: document.components });
}

const answer = (document: Document, { path, method, status }: { path: string; method: string; status: number }): object =>
  document.paths[path]![method]!.responses[status]!.content['application/json'].schema;

test('each surface has the documented paths, with the statuses of its documents', () => {
  expect(Object.keys(of('loop').paths).sort()).toEqual([
    '/v1/lab-orders',
    '/v1/lab-orders/{id}',
    '/v1/patients',
    '/v1/patients/{id}',
    '/v1/physicians',
    '/v1/physicians/{id}',
  ]);
  expect(Object.keys(of('loop').paths['/v1/lab-orders']!.post!.responses)).toEqual(expect.arrayContaining(['201', '400', '409', '502']));
  expect(Object.keys(of('loop').paths['/v1/patients']!.post!.responses)).toEqual(expect.arrayContaining(['201', '400', '409', '500']));
  expect(Object.keys(of('clinik').paths['/v1/practitioner-roles']!.post!.responses)).toEqual(
    expect.arrayContaining(['201', '400', '422', '429']),
  );
  expect(Object.keys(of('jump').paths)).toEqual(['/clinician-profiles', '/clinician-profiles/{id}']);
});

test('parameters of a list: paging with its bounds, filters with their words, required ones', () => {
  const jump = of('jump').paths['/clinician-profiles']!.get!.parameters;
  expect(jump.map(({ name }) => name)).toEqual(['limit', 'offset', 'is_active', 'is_bookable_online', 'location_id', 'search']);
  expect(jump[0]!.schema).toEqual({ type: 'integer', minimum: 1, maximum: 100, default: 20 });
  expect(jump[2]!.schema).toEqual({ type: 'string', enum: ['true', 'false'] });
  expect(
    of('loop')
      .paths['/v1/patients']!.get!.parameters.filter(({ required }) => required)
      .map(({ name }) => name),
  ).toEqual(['brand_id']);
  expect(of('loop').paths['/v1/lab-orders']!.post!.parameters).toEqual([
    expect.objectContaining({ name: 'idempotency-key', required: true }),
  ]);
});

const facts = { requestId: 'req_12345678', time: '2026-01-01T00:00:00.000Z', status: 200 };
const page = { limit: 20, offset: 0, hasMore: false, nextOffset: null, cursor: null, total: 1 };

test.each(shapes.map((loaded) => [loaded.shape.name, loaded] as const))('%s: what is answered is what is promised', (_name, loaded) => {
  const { shape } = loaded;
  const document = of(shape.surface.name);
  const item = validator(document, answer(document, { path: `${shape.path}/{id}`, method: 'get', status: 200 }));
  for (const { response } of examplesOf(loaded)) {
    if (response) expect([item(JSON.parse(JSON.stringify(shape.surface.item(response, facts)))), item.errors]).toEqual([true, null]);
    if (!response || !shape.interactions.includes('search')) continue;
    const list = validator(document, answer(document, { path: shape.path, method: 'get', status: 200 }));
    expect([list(JSON.parse(JSON.stringify(shape.surface.list([response], page, facts, shape)))), list.errors]).toEqual([true, null]);
  }
  const failure = validator(document, document.components.schemas.failure!);
  const { body } = shape.surface.error('invalid', [issue('invalid', 'x is required', 'x')], facts);
  expect([failure(JSON.parse(JSON.stringify(body))), failure.errors]).toEqual([true, null]);
  expect(failure({})).toBe(false);
});

test('a request body of an example is one the document admits', () => {
  for (const loaded of shapes.filter(({ shape }) => shape.interactions.includes('create'))) {
    const document = of(loaded.shape.surface.name);
    const admits = validator(document, document.components.schemas[`${loaded.shape.name}-request`]!);
    for (const { request } of examplesOf(loaded)) if (request) expect([admits(request), admits.errors]).toEqual([true, null]);
    expect(admits({})).toBe(false);
  }
});
