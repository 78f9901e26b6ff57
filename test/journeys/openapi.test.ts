// The OpenAPI documents over HTTP: an index, one valid OpenAPI 3.1 document per surface, and one for the FHIR API.
import request from 'supertest';
import { INTERACTIONS } from '../../src/fhir/interactions.ts';
import { SERVED_TYPES } from '../../src/fhir/types.ts';
import { readDemo } from '../../src/server/development/demo.ts';
import { type Document, faultsOf, validator } from '../mapping/open-api.ts';
import { BASE_URL, type Running, startFacet } from './running-server.ts';

let facet: Running;
beforeAll(async () => {
  facet = await startFacet({ FACET_RATE_LIMITS: '{"clinik":{"limit":7,"seconds":60},"jump":null}' });
});
afterAll(() => facet.close());

const get = (path: string) => request(facet.app).get(path);
const document = async (name: string): Promise<Document> => (await get(`/openapi/${name}.json`)).body;

test('the index lists every document, and each is valid OpenAPI 3.1, without a key', async () => {
  const { body } = await get('/openapi');
  expect(body.documents.map(({ url }: { url: string }) => url)).toEqual([
    '/openapi/fhir.json',
    '/openapi/loop.json',
    '/openapi/clinik.json',
    '/openapi/jump.json',
    '/openapi/admin.json',
    '/openapi/console.json',
  ]);
  for (const { url } of body.documents) {
    const response = await get(url);
    expect([response.status, response.headers['content-type']]).toEqual([200, 'application/json; charset=utf-8']);
    expect([url, await faultsOf(response.body)]).toEqual([url, undefined]);
  }
});

test('the JSON Schemas of mapping files are served without a key, under their own names', async () => {
  const { body } = await get('/schemas');
  expect(body.documents.map(({ url }: { url: string }) => url)).toEqual(['/schemas/mapping.json', '/schemas/surface.json']);
  for (const { url, title } of body.documents) {
    const response = await get(url);
    expect([response.status, response.body.$id, response.body.title]).toEqual([200, BASE_URL + url, title]);
    expect((await get(url).set('If-None-Match', response.headers.etag!)).status).toBe(304);
  }
  expect((await get('/schemas/field.json')).status).toBe(404);
  expect((await request(facet.app).post('/schemas/mapping.json')).status).toBe(405);
});

test('the patients in the examples of orders, values and flags exist after a first start', async () => {
  const { resources } = readDemo('mappings');
  const { paths } = await document('loop');
  for (const path of ['/v1/lab-orders', '/v1/biomarkers/parse']) {
    const [visible] = Object.values(paths[path]!.post!.requestBody!.content['application/json']!.examples!);
    const { patient_id } = visible!.value as { patient_id: string };
    expect([path, resources.filter(({ id }) => id === patient_id).map(({ resourceType }) => resourceType)]).toEqual([path, ['Patient']]);
  }
});

test('a known document is 304, an unknown one 404, and writes are refused', async () => {
  const { etag } = (await get('/openapi/loop.json')).headers;
  expect((await get('/openapi/loop.json').set('If-None-Match', etag!)).status).toBe(304);
  for (const path of ['/openapi/nobody.json', '/openapi/constructor.json', '/openapi/loop', '/openapi/loop.json/x'])
    expect([path, (await get(path)).status]).toEqual([path, 404]);
  const post = await request(facet.app).post('/openapi/loop.json');
  expect([post.status, post.headers.allow]).toEqual([405, 'GET, HEAD']);
});

test('documents name the URLs and limits of this installation', async () => {
  const [clinik, jump] = [await document('clinik'), await document('jump')];
  expect(clinik.info['x-rate-limit']).toEqual({ limit: 7, seconds: 60 });
  expect(jump.info['x-rate-limit']).toBeUndefined();
  expect(jump.servers.map(({ url }) => url)).toEqual(
    ['', '/jump', '/api-v1', '/v1', '/functions/v1/api-v1'].map((mount) => BASE_URL + mount),
  );
  expect(clinik.components.securitySchemes).toEqual({ key: { type: 'apiKey', in: 'header', name: 'x-api-key' } });
});

test('the FHIR document has every interaction of every type, and every search parameter of the CapabilityStatement', async () => {
  const fhir = await document('fhir');
  const types = Object.values(INTERACTIONS).filter(({ path }) => path.startsWith('/:type'));
  const operations = Object.values(fhir.paths).flatMap((path) => Object.values(path));
  // /metadata, the SMART configuration, and three operations of AuditEvent
  expect(operations).toHaveLength(types.length * SERVED_TYPES.length + (Object.keys(INTERACTIONS).length - types.length) + 5);
  expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
  const { body } = await get('/fhir/R4/metadata');
  for (const { type, searchParam } of body.rest[0].resource) {
    const listed = (fhir.paths[`/${type}`]!.get!.parameters as unknown as { $ref?: string; name?: string }[]).map(
      ({ $ref, name }) => $ref?.split('/').at(-1) ?? `${type}.${name}`,
    );
    expect(listed).toEqual(expect.arrayContaining(searchParam.map(({ name }: { name: string }) => `${type}.${name}`)));
  }
});

test('the schema of a resource accepts stored resources and refuses unknown elements', async () => {
  const fhir = await document('fhir');
  const admits = validator(fhir, fhir.components.schemas.Patient!);
  const patient = {
    resourceType: 'Patient',
    name: [{ family: 'Lovelace' }],
    birthDate: '1985-12-10',
    _birthDate: { extension: [{ url: 'urn:x', valueString: 'about noon' }] },
  };
  expect([admits(patient), admits.errors]).toEqual([true, null]);
  expect([{ ...patient, shoeSize: 42 }, { ...patient, name: 'Ada' }, { resourceType: 'Group' }].map((body) => admits(body))).toEqual([
    false,
    false,
    false,
  ]);
});
