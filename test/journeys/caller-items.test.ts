// An endpoint without an id for the caller's own item, and `perform` on an item with an id. The vendor exists in this test only (lists/ward).
import request from 'supertest';
import { type Document, faultsOf } from '../mapping/open-api.ts';
import { type Running, startFacet } from './running-server.ts';

let facet: Running;
beforeAll(async () => {
  facet = await startFacet({ FACET_MAPPINGS: 'test/journeys/lists' });
});
afterAll(() => facet.close());

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';
const as = (key: string) => (method: Method, path: string) => request(facet.app)[method](path).set('authorization', `Bearer ${key}`);
const ANN = '0190b3c2-0000-7000-8000-0000000000a1';
const BOB = '0190b3c2-0000-7000-8000-0000000000b1';
const patient = async (id: string) => {
  await facet.put({ resourceType: 'Patient', id, gender: 'female', name: [{ text: 'Ann' }] });
  return as(await facet.keyWith('ward', ['*'], id));
};

test('a patient key reads and changes its own item with If-Match; foreign elements stay', async () => {
  const me = await patient(ANN);
  const read = await me('get', '/v1/me');
  expect([read.status, read.body]).toEqual([200, { id: ANN, name: 'Ann', phone: null }]);
  expect((await me('get', '/v1/me').set('If-None-Match', read.headers.etag!)).status).toBe(304);
  expect((await me('patch', '/v1/me').set('If-Match', read.headers.etag!).send({ phone: '1' })).body).toEqual({
    id: ANN,
    name: 'Ann',
    phone: '1',
  });
  expect((await me('patch', '/v1/me').set('If-Match', read.headers.etag!).send({ phone: '2' })).status).toBe(412);
  expect((await me('put', '/v1/me').send({ name: 'Anne' })).body).toEqual({ id: ANN, name: 'Anne', phone: null });
  expect((await facet.fhir('get', `/Patient/${ANN}`)).body).toMatchObject({ gender: 'female', name: [{ text: 'Anne' }] });
});

test('a patient key deletes its own item; afterwards it is 404', async () => {
  const me = await patient(BOB);
  expect((await me('delete', '/v1/me')).status).toBe(204);
  expect((await facet.fhir('get', `/Patient/${BOB}`)).status).toBe(410);
  for (const method of ['get', 'delete'] as const) expect((await me(method, '/v1/me')).status).toBe(404);
  expect((await me('patch', '/v1/me').send({ phone: '1' })).status).toBe(404);
});

test('the own item cannot be created by POST, and has no items below it', async () => {
  const me = await patient(ANN);
  const created = await me('post', '/v1/me').send({});
  expect([created.status, created.headers.allow]).toEqual([405, 'GET, HEAD, PATCH, PUT, DELETE']);
  expect((await me('get', `/v1/me/${ANN}`)).status).toBe(404);
});

test('perform on an item with an id changes that item, once for one idempotency-key, and is closed to patient keys', async () => {
  const me = await patient(ANN);
  await patient(BOB);
  const take = (id: string, call = as(facet.demo.ward!)) => call('post', `/v1/patients/${id}/photograph`);
  const first = await take(ANN).set('idempotency-key', 'x').send({ title: 'Portrait' });
  expect([first.status, first.body]).toEqual([200, { title: 'Portrait', taken_at: expect.stringMatching(/^\d{4}-.*Z$/) }]);
  expect((await take(ANN).set('idempotency-key', 'x').send({ title: 'Portrait' })).body).toEqual(first.body);
  expect((await take(BOB).set('idempotency-key', 'x').send({ title: 'Portrait' })).status).toBe(409);
  expect((await facet.fhir('get', `/Patient/${BOB}`)).body.photo).toBeUndefined();
  expect((await take('0190b3c2-0000-7000-8000-0000000000ff').send({ title: 'Portrait' })).status).toBe(404);
  expect((await take(ANN).send({})).status).toBe(422);
  expect((await take(ANN, me).send({ title: 'Portrait' })).status).toBe(403);
});

test('two operations on one item with one idempotency-key are both performed', async () => {
  await patient(ANN);
  const done = (what: string) =>
    as(facet.demo.ward!)('post', `/v1/patients/${ANN}/${what}`).set('idempotency-key', 'two').send({ title: 'Dr' });
  expect((await done('photograph')).body).toEqual({ title: 'Dr', taken_at: expect.any(String) });
  expect((await done('greeting')).body).toEqual({ title: 'Dr' });
  expect((await facet.fhir('get', `/Patient/${ANN}`)).body.name[0].prefix).toEqual(['Dr']);
});

test('the document describes these operations', async () => {
  const { body } = await request(facet.app).get('/openapi/ward.json');
  expect(await faultsOf(body as Document)).toBeUndefined();
  expect(Object.keys(body.paths['/v1/me'])).toEqual(['get', 'patch', 'put', 'delete']);
  expect(body.paths['/v1/me'].get.parameters.map(({ name }: { name: string }) => name)).toEqual(['if-none-match']);
  expect(body.paths['/v1/patients/{id}/photograph'].post).not.toHaveProperty('security');
});
