// The OpenAPI documents that the mappings make: what they promise is what is answered.
import { issue } from '../../src/fhir/outcome.ts';
import { loadMappings } from '../../src/projection/load/mapping.ts';
import { pascal } from '../../src/projection/openapi/names.ts';
import { examplesOf, printedOf, profiles, registry, shapes } from './examples.ts';
import { answerSchema, type Document, faultsOf, validator } from './open-api.ts';

const { openApi, surfaces } = loadMappings('mappings', { profiles, registry });
const facts = { version: '1.2.3', servers: [{ url: 'http://facet.test', description: 'here' }], bodyLimit: 1024 * 1024 };
const documents = Object.fromEntries(
  surfaces.map(({ name, rateLimit }) => [name, JSON.parse(JSON.stringify(openApi(name, { ...facts, rateLimit }))) as Document]),
);
const of = (surface: string): Document => documents[surface]!;
const statuses = (surface: string, path: string, method: string): string[] => Object.keys(of(surface).paths[path]![method]!.responses);

test.each(Object.keys(documents))('%s: the document is valid OpenAPI 3.1', async (name) => {
  expect(of(name).openapi).toBe('3.1.0');
  expect(await faultsOf(of(name))).toBeUndefined();
  expect(await faultsOf({ ...of(name), paths: { x: 1 } })).toBeDefined();
});

test('a surface that is not there has no document', () => {
  expect(openApi('nobody', { ...facts, rateLimit: null })).toBeUndefined();
});

test('each documented endpoint has every status that its document lists', () => {
  expect(statuses('loop', '/v1/physicians', 'post')).toEqual(expect.arrayContaining(['201', '400', '409', '502']));
  expect(statuses('loop', '/v1/lab-orders', 'post')).toEqual(expect.arrayContaining(['201', '400', '409', '502']));
  expect(statuses('loop', '/v1/patients', 'post')).toEqual(expect.arrayContaining(['201', '400', '409', '500']));
  expect(statuses('clinik', '/v1/practitioner-roles', 'post')).toEqual(expect.arrayContaining(['201', '400', '401', '422', '429']));
  expect(statuses('jump', '/clinician-profiles', 'get')).toEqual(expect.arrayContaining(['200', '400', '401', '429']));
  expect(statuses('jump', '/clinician-profiles/{id}', 'get')).toEqual(expect.arrayContaining(['200', '401', '404', '429']));
});

test('what a vendor does not limit is not throttled, and where nothing stands behind nothing fails behind', () => {
  expect(statuses('loop', '/v1/patients', 'post')).not.toContain('429');
  expect(statuses('loop', '/v1/patients', 'post')).not.toContain('502');
  expect(of('loop').info['x-rate-limit']).toBeUndefined();
  expect(of('clinik').info['x-rate-limit']).toEqual({ limit: 500, seconds: 3600 });
});

test('parameters of a list: paging with its bounds, filters with their words and an example, required ones', () => {
  const jump = of('jump').paths['/clinician-profiles']!.get!.parameters;
  expect(jump.map(({ name }) => name)).toEqual(['limit', 'offset', 'is_active', 'is_bookable_online', 'location_id', 'search']);
  expect(jump[0]!.schema).toEqual({ type: 'integer', minimum: 1, maximum: 100, default: 20 });
  expect(jump[2]).toMatchObject({
    schema: { type: 'boolean' },
    'x-fhir-search': ['Practitioner?active:not=false', 'Practitioner?active=false'],
  });
  expect(jump[3]!.example).toBe(true);
  const required = of('loop').paths['/v1/patients']!.get!.parameters.filter((one) => one.required);
  expect(required.map(({ name }) => name)).toEqual(['brand_id']);
  expect(of('loop').paths['/v1/lab-orders']!.post!.parameters).toEqual([
    expect.objectContaining({ name: 'idempotency-key', required: true }),
  ]);
});

test('a field says where in FHIR it stands', () => {
  const role = of('clinik').components.schemas.PractitionerRole as { properties: Record<string, Record<string, unknown>> };
  expect(role.properties.phone!['x-fhir-path']).toBe("PractitionerRole.telecom.where(system='phone').value");
});

test('request schemas are those that the vendor prints, but for what is noted beside them', () => {
  for (const loaded of shapes.filter(({ shape }) => shape.surface.name === 'loop' && shape.interactions.includes('create'))) {
    const schema = of('loop').components.schemas[`${pascal(loaded.shape.name)}Request`];
    expect(withoutNotes(schema)).toEqual(printedOf(loaded).request);
  }
});

const withoutNotes = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (key, one) => (key.startsWith('x-fhir') ? undefined : one)));

const answered = { requestId: 'req_12345678', time: '2026-01-01T00:00:00.000Z', status: 200 };
const page = { limit: 20, offset: 0, hasMore: false, nextOffset: null, cursor: null, total: 1 };
const json = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

test.each(shapes.map((loaded) => [loaded.shape.name, loaded] as const))('%s: what is answered is what is promised', (_name, loaded) => {
  const { shape } = loaded;
  const document = of(shape.surface.name);
  const place = shape.interactions.includes('read')
    ? { path: shape.itemPath, method: 'get', status: 200 }
    : { path: shape.path, method: 'post', status: 201 };
  const item = validator(document, answerSchema(document, place));
  for (const { response } of examplesOf(loaded)) {
    if (response) expect([item(json(shape.surface.item(response, answered))), item.errors]).toEqual([true, null]);
    if (!response || !shape.interactions.includes('search')) continue;
    const list = validator(document, answerSchema(document, { path: shape.path, method: 'get', status: 200 }));
    expect([list(json(shape.surface.list([response], page, answered, shape))), list.errors]).toEqual([true, null]);
  }
  const failure = validator(document, document.components.schemas.Failure!);
  const { body } = shape.surface.error('invalid', [issue('invalid', 'x is required', 'x')], answered);
  expect([failure(json(body)), failure.errors]).toEqual([true, null]);
  expect(failure({})).toBe(false);
});

test('every example in a document is one that its schema admits', () => {
  for (const document of Object.values(documents)) {
    const contents = Object.values(document.paths)
      .flatMap((path) => Object.values(path))
      .flatMap(({ requestBody, responses }) => [requestBody?.content, ...Object.values(responses).map(({ content }) => content)])
      .flatMap((content) => Object.values(content ?? {}));
    expect(contents.length).toBeGreaterThan(10);
    for (const { schema, examples = {} } of contents) {
      const admits = validator(document, schema);
      for (const { value } of Object.values(examples)) expect([value, admits(value), admits.errors]).toEqual([value, true, null]);
    }
  }
});

test('a request body of an example is one the document admits', () => {
  for (const loaded of shapes.filter(({ shape }) => shape.interactions.includes('create'))) {
    const document = of(loaded.shape.surface.name);
    const admits = validator(document, document.components.schemas[`${pascal(loaded.shape.name)}Request`]!);
    for (const { request } of examplesOf(loaded)) if (request) expect([admits(request), admits.errors]).toEqual([true, null]);
    expect(admits({})).toBe(false);
  }
});
