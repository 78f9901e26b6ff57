// Repeated and concurrent requests with one idempotency-key count as one request.
import request from 'supertest';
import { orderable } from './people.ts';
import { type Running, startFacet } from './running-server.ts';

let facet: Running;
beforeAll(async () => {
  facet = await startFacet();
  await facet.put(orderable(PATIENT));
});
afterAll(() => facet.close());

const PATIENT = '01936b00-0000-7000-8000-0000000000aa';
const post = (path: string, key: string, body: object) =>
  request(facet.app).post(path).set('x-api-key', facet.demo.loop!).set('idempotency-key', key).send(body);
const count = async (search: string) => (await facet.fhir('get', `/${search}`)).body.total as number;

test('17: eight concurrent requests for one lab order create one order, and all get the same response', async () => {
  const body = { brand_id: 'loop', patient_id: PATIENT, panel_id: 'pcos' };
  const responses = await Promise.all(Array.from({ length: 8 }, () => post('/v1/lab-orders', 'at-once', body)));
  expect(responses.map((answer) => answer.status)).toEqual(Array(8).fill(201));
  expect(new Set(responses.map((answer) => answer.text)).size).toBe(1);
  expect(await count(`ServiceRequest?subject=Patient/${PATIENT}&_summary=count`)).toBe(1);
});

test('a repeated patient with one key is one patient with the same response, not a duplicate', async () => {
  const body = { brand_id: 'loop', first_name: 'Once', last_name: 'Only', email: 'once@example.com' };
  const responses = await Promise.all([1, 2, 3].map(() => post('/v1/patients', 'patient-once', body)));
  expect(responses.map((answer) => answer.status)).toEqual([201, 201, 201]);
  expect(new Set(responses.map((answer) => answer.body.id)).size).toBe(1);
  expect((await post('/v1/patients', 'patient-once', { ...body, last_name: 'Other' })).status).toBe(409);
});

test('a lab order that is repeated with a rotated API key is the same order', async () => {
  const body = { brand_id: 'loop', patient_id: PATIENT, panel_id: 'pcos' };
  const first = await post('/v1/lab-orders', 'rotated', body);
  const next = await facet.keyWith('loop', ['*']);
  const repeated = await request(facet.app).post('/v1/lab-orders').set('x-api-key', next).set('idempotency-key', 'rotated').send(body);
  expect([first.status, repeated.status, repeated.body]).toEqual([201, 201, first.body]);
});

test('a replayed response has the request id of the new request and the same content', async () => {
  const create = () =>
    request(facet.app)
      .post('/v1/locations')
      .set('x-api-key', facet.demo.clinik!)
      .set('idempotency-key', 'told-again')
      .send({
        name: 'A',
        position: { longitude: 1.5, latitude: -2.25 },
      });
  const [first, repeated] = [await create(), await create()];
  expect([repeated.status, repeated.body.data, repeated.headers.etag]).toEqual([201, first.body.data, first.headers.etag]);
  expect([first, repeated].map(({ body }) => body.meta.requestId)).toEqual([first, repeated].map(({ headers }) => headers['x-request-id']));
  expect(repeated.body.meta.requestId).not.toBe(first.body.meta.requestId);
});

test('a refused request is not stored: the corrected request may use the same key', async () => {
  expect((await post('/v1/patients', 'mended', { brand_id: 'loop', first_name: 'No', last_name: '' })).status).toBe(400);
  expect((await post('/v1/patients', 'mended', { brand_id: 'loop', first_name: 'No', last_name: 'Longer' })).status).toBe(201);
});

test('18: the same key with another body is 409, and nothing is ordered', async () => {
  const body = { brand_id: 'loop', patient_id: PATIENT, panel_id: 'pcos' };
  expect((await post('/v1/lab-orders', 'eighteen', body)).status).toBe(201);
  const before = await count(`ServiceRequest?subject=Patient/${PATIENT}&_summary=count`);
  expect((await post('/v1/lab-orders', 'eighteen', { ...body, panel_id: 'fertility' })).status).toBe(409);
  expect(await count(`ServiceRequest?subject=Patient/${PATIENT}&_summary=count`)).toBe(before);
});

test('19: a lab order without a key is 400, and nothing is ordered', async () => {
  const before = await count(`ServiceRequest?subject=Patient/${PATIENT}&_summary=count`);
  const body = { brand_id: 'loop', patient_id: PATIENT, panel_id: 'pcos' };
  const refused = await request(facet.app).post('/v1/lab-orders').set('x-api-key', facet.demo.loop!).send(body);
  expect([refused.status, refused.body.error]).toEqual([400, 'validation_error']);
  expect(await count(`ServiceRequest?subject=Patient/${PATIENT}&_summary=count`)).toBe(before);
});
