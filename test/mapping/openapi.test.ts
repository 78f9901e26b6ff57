// The OpenAPI documents of the mappings match the responses.

import { issue } from '../../src/fhir/outcome.ts';
import { loadMappings } from '../../src/mapping/load-mappings.ts';
import { toPascalCase } from '../../src/mapping/openapi/schema-names.ts';
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

test('an unknown surface has no document', () => {
  expect(openApi('nobody', { ...facts, rateLimit: null })).toBeUndefined();
});

test('operations list their success and error statuses', () => {
  expect(statuses('loop', '/v1/physicians', 'post')).toEqual(expect.arrayContaining(['201', '400', '409', '502']));
  expect(statuses('loop', '/v1/lab-orders', 'post')).toEqual(expect.arrayContaining(['201', '400', '409', '502']));
  expect(statuses('loop', '/v1/patients', 'post')).toEqual(expect.arrayContaining(['201', '400', '409', '500']));
  expect(statuses('clinik', '/v1/practitioner-roles', 'post')).toEqual(expect.arrayContaining(['201', '400', '401', '422', '429']));
  expect(statuses('jump', '/clinician-profiles', 'get')).toEqual(expect.arrayContaining(['200', '400', '401', '429']));
  expect(statuses('jump', '/clinician-profiles/{id}', 'get')).toEqual(expect.arrayContaining(['200', '401', '404', '429']));
});

test('a body is required when it has a required field', () => {
  const body = (path: string): unknown =>
    (of('loop').paths[path]!.post as unknown as { requestBody: { required: boolean } }).requestBody.required;
  expect(body('/v1/patients/me/ruo-acknowledgement')).toBe(false);
  expect(body('/v1/patients/me/age-verification')).toBe(true);
  expect(body('/v1/patients')).toBe(true);
});

test('429 is listed only for a vendor with a rate limit, and 502 only for operations with an external step', () => {
  expect(statuses('loop', '/v1/patients', 'post')).not.toContain('429');
  expect(statuses('loop', '/v1/patients', 'post')).not.toContain('502');
  expect(of('loop').info['x-rate-limit']).toBeUndefined();
  expect(of('clinik').info['x-rate-limit']).toEqual({ limit: 500, seconds: 3600, per: 'tenant' });
});

test('the parameters of a list have paging bounds, and filters have their values and an example', () => {
  const jump = of('jump').paths['/clinician-profiles']!.get!.parameters;
  expect(jump.map(({ name }) => name)).toEqual(['limit', 'offset', 'is_active', 'is_bookable_online', 'location_id', 'search']);
  expect(jump[0]!.schema).toEqual({ type: 'integer', minimum: 1, maximum: 100, default: 20 });
  expect(jump[2]).toMatchObject({
    schema: { type: 'boolean' },
    'x-fhir-search': ['Practitioner?active:not=false', 'Practitioner?active=false'],
  });
  expect(jump[3]!.example).toBe(true);
  const required = of('loop').paths['/v1/patients']!.get!.parameters.filter((parameter) => parameter.required);
  expect(required.map(({ name }) => name)).toEqual(['brand_id']);
  expect(of('loop').paths['/v1/lab-orders']!.post!.parameters).toEqual([
    expect.objectContaining({ name: 'idempotency-key', required: true }),
  ]);
});

test('each field names its FHIR path', () => {
  const role = of('clinik').components.schemas.PractitionerRole as { properties: Record<string, Record<string, unknown>> };
  expect(role.properties.phone!['x-fhir-path']).toBe("PractitionerRole.telecom.where(system='phone').value");
});

test('request schemas of Loop equal the printed ones, apart from descriptions and x-fhir annotations', () => {
  for (const loaded of shapes.filter(
    ({ shape }) =>
      shape.surface.name === 'loop' && shape.interactions.some((interaction) => interaction === 'create' || interaction === 'perform'),
  )) {
    const schema = of('loop').components.schemas[`${toPascalCase(loaded.shape.name)}Request`];
    expect(withoutNotes(schema)).toEqual(printedOf(loaded).request);
  }
});

const withoutNotes = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (key, member) =>
      key.startsWith('x-fhir') || (key === 'description' && typeof member === 'string') ? undefined : member,
    ),
  );

test('the summary of an operation names its action and items, by title: where the name of the shape is not enough', () => {
  const summary = (path: string, method: string) => (of('loop').paths[path]![method] as unknown as { summary: string }).summary;
  expect(summary('/v1/patients/me/ruo-acknowledgement', 'post')).toBe('Acknowledge that what is ordered is for research use only');
  expect(summary('/v1/biomarkers/parse', 'post')).toBe('Send laboratory values of a patient');
  expect(summary('/v1/patients/{id}', 'get')).toBe('Read a patient');
});

test('the FHIR search of a parameter names systems by their URIs', () => {
  const { parameters } = of('loop').paths['/v1/lab-catalog/markers']!.get!;
  expect(parameters.find(({ name }) => name === 'tag')).toMatchObject({
    'x-fhir-search': ['ActivityDefinition?topic=https://loop.health/fhir/NamingSystem/marker-tag|{}'],
  });
  const searches = Object.values(documents).flatMap(({ paths }) => JSON.stringify(paths).match(/"x-fhir-search":\[[^\]]*\]/g) ?? []);
  expect(searches.length).toBeGreaterThan(10);
  expect(searches.filter((text) => text.includes('%'))).toEqual([]);
});

test('the example of each filter is a realistic value, not a boundary value', () => {
  const example = (surface: string, path: string, name: string) =>
    of(surface).paths[path]!.get!.parameters.find((parameter) => parameter.name === name)!.example;
  expect(example('loop', '/v1/patients', 'brand_id')).toBe('loop');
  expect(example('clinik', '/v1/patients', 'name')).toBe('Jane');
  expect(example('clinik', '/v1/practitioner-roles', 'specialty')).toBe('Cardiology');
  expect(example('jump', '/locations', 'search')).toBe('harley');
  expect(example('jump', '/clinician-profiles', 'location_id')).toBe('0190b3c2-0000-7000-8000-0000000000bb');
  const filters = Object.values(documents)
    .flatMap(({ paths }) => Object.values(paths).flatMap(({ get }) => get?.parameters ?? []))
    .filter((parameter) => 'x-fhir-search' in parameter);
  expect(filters.length).toBeGreaterThan(50);
  expect(filters.filter(({ example: text }) => text === undefined || /^\s|\s$|[,|\\$]/.test(String(text)))).toEqual([]);
});

test('the description of a filter names the items and their fields', () => {
  const says = (surface: string, path: string, name: string) =>
    (of(surface).paths[path]!.get!.parameters.find((parameter) => parameter.name === name) as unknown as { description: string })
      .description;
  expect(says('loop', '/v1/patients', 'brand_id')).toBe('Only patients whose `brand_id` is this.');
  expect(says('clinik', '/v1/patients', 'name')).toBe('Only patients with every one of these words in their name.');
  expect(says('clinik', '/v1/locations', 'name')).toBe('Only locations with this anywhere in their `name`.');
  expect(says('clinik', '/v1/organizations', 'type')).toBe('Only organizations with this anywhere in their `type`.');
  expect(says('clinik', '/v1/schedules', 'specialty')).toBe('Only schedules with this in the words of their `specialty`.');
  expect(says('clinik', '/v1/service-requests', 'dateTo')).toBe(
    'Only service requests whose authored date is on this day or earlier, written as YYYY-MM-DD.',
  );
  expect(says('clinik', '/v1/service-requests', 'sort')).toBe('The order of the list.');
  expect(says('clinik', '/v1/labs', 'patientId')).toBe('Only labs whose `patientId` is this.');
  expect(says('clinik', '/v1/schedules', 'actorId')).toBe('Only schedules with this among their `actorIds`.');
  expect(says('loop', '/v1/lab-catalog/availability', 'marker_ids')).toBe(
    'Only items whose `marker_id` is one of these, separated by commas.',
  );
  expect(says('loop', '/v1/lab-catalog/markers', 'q')).toBe(
    'Only markers with every one of these words in their name, description or slug.',
  );
  expect(says('jump', '/clinician-profiles', 'location_id')).toBe('Only clinician profiles of the location with this id.');
  expect(says('jump', '/clinician-profiles', 'search')).toBe(
    'Only clinician profiles with every one of these words in their name, display name or e-mail address.',
  );
});

test('a change may be sent as a merge or as JSON Patch, each under its media type and with an example', () => {
  for (const [path, { patch }] of Object.entries({ ...of('clinik').paths, ...of('jump').paths })) {
    if (!patch) continue;
    const { content } = patch.requestBody!;
    expect([path, Object.keys(content)]).toEqual([path, ['application/json', 'application/json-patch+json']]);
    const [[, example] = []] = Object.entries(content['application/json-patch+json']!.examples ?? {});
    expect([path, example?.value]).toEqual([
      path,
      expect.arrayContaining([expect.objectContaining({ path: expect.stringMatching(/^\//) })]),
    ]);
  }
});

test('the schemas of requests have required companion fields and patterns in words', () => {
  const { PatientRequest, PatientChange, Patient } = of('jump').components.schemas as Record<string, Record<string, unknown>>;
  const accepts = validator(of('jump'), PatientRequest!);
  const ada = { first_name: 'Ada', last_name: 'Lovelace', date_of_birth: '1985-12-10' };
  expect(accepts({ ...ada, address_line_1: '1 Main St', address_line_2: 'Flat 2' })).toBe(true);
  expect(accepts({ ...ada, address_line_2: 'Flat 2' })).toBe(false);
  const noted = (schema: Record<string, unknown>, name: string) =>
    (schema.properties as Record<string, { description?: string }>)[name]!.description;
  expect(noted(PatientRequest!, 'address_line_2')).toBe('Must not be set without address_line_1.');
  expect(noted(PatientChange!, 'nhs_number')).toBe('Must be ten digits without spaces.');
  expect([PatientChange!.dependentSchemas, noted(Patient!, 'address_line_2')]).toEqual([undefined, undefined]);
});

test('the document and the server agree on required companion fields: null, blank and false count as missing', () => {
  const { PatientRequest } = of('jump').components.schemas;
  const accepts = validator(of('jump'), PatientRequest!);
  const { shape } = shapes.find(({ shape: { surface, name } }) => surface.name === 'jump' && name === 'patient')!;
  const ada = { first_name: 'Ada', last_name: 'Lovelace', date_of_birth: '1985-12-10' };
  const TEXTS = [undefined, null, '', ' ', 'Flat 2'];
  const lines = TEXTS.flatMap((one) => TEXTS.flatMap((two) => TEXTS.map((three) => [one, two, three])));
  const addresses = lines.map(([address_line_1, address_line_2, address_line_3]) => ({ address_line_1, address_line_2, address_line_3 }));
  const deaths = [undefined, null, false, true].flatMap((is_deceased) =>
    [undefined, null, '2020-01-01'].map((date_of_death) => ({ is_deceased, date_of_death })),
  );
  const bodies = [...addresses, ...deaths].map((more) => json({ ...ada, ...more }) as object);
  const verdicts = bodies.map((body) => ({
    body,
    document: accepts(body),
    accepted: shape.checkRequest(body, '2026-01-01T00:00:00Z').length === 0,
  }));
  expect(verdicts.filter(({ document, accepted }) => document !== accepted)).toEqual([]);
  expect(new Set(verdicts.map(({ accepted }) => accepted))).toEqual(new Set([true, false]));
});

const answered = { requestId: 'req_12345678', time: '2026-01-01T00:00:00.000Z', status: 200 };
const page = { limit: 20, offset: 0, hasMore: false, nextOffset: null, cursor: null, total: 1 };
const json = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

test.each(shapes.map((loaded) => [loaded.shape.name, loaded] as const))('%s: the responses match the document', (_name, loaded) => {
  const { shape } = loaded;
  const document = of(shape.surface.name);
  const place = shape.interactions.includes('read')
    ? { path: shape.itemPath, method: 'get', status: 200 }
    : { path: shape.path, method: 'post', status: shape.createdStatus };
  const visible = shape.interactions.some((interaction) => interaction === 'read' || interaction === 'create');
  const item = visible ? validator(document, answerSchema(document, place)) : undefined;
  const inPath = Object.fromEntries(shape.pathParameters.map((name) => [name, 'x']));
  for (const { response, search } of examplesOf(loaded)) {
    const httpResponse = response && (shape.batch ? shape.wrapList([response], page, answered, {}) : shape.wrapItem(response, answered));
    if (httpResponse && item) expect([item(json(httpResponse)), item.errors]).toEqual([true, null]);
    if (!response || !shape.interactions.includes('search')) continue;
    const list = validator(document, answerSchema(document, { path: shape.path, method: 'get', status: 200 }));
    expect([list(json(shape.wrapList([response], page, answered, { ...inPath, ...search }))), list.errors]).toEqual([true, null]);
  }
  const failure = validator(document, document.components.schemas.Failure!);
  const { body } = shape.surface.wrapError('invalid', [issue('invalid', 'x is required', 'x')], answered);
  expect([failure(json(body)), failure.errors]).toEqual([true, null]);
  expect(failure({})).toBe(false);
});

test('an operation about "me" names the keys that may use it, has no id, and returns the patient', () => {
  const document = of('loop');
  const { post } = document.paths['/v1/patients/me/age-verification'] as unknown as { post: Record<string, unknown> };
  expect(post.security).toEqual([{ person: [] }]);
  expect(document.components.securitySchemes.person).toMatchObject({ type: 'http', scheme: 'bearer' });
  expect((post.parameters as { name: string }[]).map(({ name }) => name)).toEqual(['idempotency-key', 'if-match']);
  expect(Object.keys(post.responses as object)).toEqual(expect.arrayContaining(['200', '400', '401', '403', '404', '409']));
  expect(answerSchema(document, { path: '/v1/patients/me/age-verification', method: 'post', status: 200 })).toEqual({
    anyOf: [
      { $ref: '#/components/schemas/Patient' },
      expect.objectContaining({ properties: { date_of_birth: {}, id: { type: 'string' } }, required: ['id'], additionalProperties: false }),
    ],
  });
});

test('every example in a document is valid by its schema', () => {
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

test('the request body of every example is valid by the document', () => {
  for (const loaded of shapes.filter(({ shape }) => shape.interactions.includes('create'))) {
    const document = of(loaded.shape.surface.name);
    const admits = validator(document, document.components.schemas[`${toPascalCase(loaded.shape.name)}Request`]!);
    for (const { request } of examplesOf(loaded)) if (request) expect([admits(request), admits.errors]).toEqual([true, null]);
    expect(admits({})).toBe(false);
  }
});
