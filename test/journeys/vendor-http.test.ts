// HTTP features that the vendors' APIs share: Location, ETag, parameters of lists, and error formats.
import request from 'supertest';
import { orderable, registration } from './people.ts';
import { BASE_URL, type Running, startFacet } from './running-server.ts';

let facet: Running;
beforeAll(async () => {
  facet = await startFacet();
  await facet.put(orderable(PATIENT));
  await facet.put({ resourceType: 'Practitioner', id: PRACTITIONER, name: [{ family: 'Lee' }] });
});
afterAll(() => facet.close());

const PATIENT = '01936b00-0000-7000-8000-0000000000aa';
const PRACTITIONER = '01936b00-0000-7000-8000-0000000000bb';

type Method = 'get' | 'post' | 'put' | 'head';
const call = (method: Method, path: string, surface = 'loop') => request(facet.app)[method](path).set('x-api-key', facet.demo[surface]!);

let count = 0;
const patient = () => ({ brand_id: 'conduct', first_name: `P${count++}`, last_name: 'Conduct' });
const order = { brand_id: 'loop', patient_id: PATIENT, panel_id: 'pcos' };
const physician = registration('1555555551');

test.each([
  ['loop', '/v1/patients', patient],
  ['loop', '/loop/v1/patients', patient],
  ['loop', '/v1/lab-orders', () => order],
  ['loop', '/loop/v1/physicians', () => physician],
  ['clinik', '/v1/practitioner-roles', () => ({ practitionerId: PRACTITIONER, role: 'doctor' })],
  ['clinik', '/clinik/v1/practitioner-roles', () => ({ practitionerId: PRACTITIONER, role: 'nurse' })],
] as const)('%s POST %s: Location is absolute with the caller’s host; the ETag is that of a read', async (surface, path, body) => {
  const response = await call('post', path, surface).set('idempotency-key', `conduct-${count++}`).send(body());
  expect(response.status).toBe(201);
  const { id } = response.body.data ?? response.body;
  expect(response.headers.location).toBe(`${BASE_URL}${path}/${id}`);
  const read = await call('get', response.headers.location!.slice(BASE_URL.length), surface);
  expect([read.status, read.headers.etag, read.body.data ?? read.body]).toEqual([
    200,
    response.headers.etag,
    response.body.data ?? response.body,
  ]);
});

test('a known version is 304 without a body', async () => {
  const { body, headers } = await call('post', '/v1/patients').send(patient());
  const repeat = (tag: string) => call('get', `/v1/patients/${body.id}`).set('If-None-Match', tag);
  const known = await repeat(`"x", ${headers.etag}`);
  expect([known.status, known.text, known.headers.etag]).toEqual([304, '', headers.etag]);
  expect((await repeat('W/"7"')).status).toBe(200);
});

test('the ETag of a view with joined resources changes with them', async () => {
  // one without a role: of several the oldest is shown, and another one would change no more than a time in seconds
  const practitionerId = '0190b3c2-0000-7000-8000-0000000000c9';
  await facet.put({ resourceType: 'Practitioner', id: practitionerId, name: [{ family: 'Poe' }] });
  const path = `/clinician-profiles/${practitionerId}`;
  const before = await call('get', path, 'jump');
  expect((await call('get', path, 'jump').set('If-None-Match', before.headers.etag!)).status).toBe(304);
  await call('post', '/v1/practitioner-roles', 'clinik').send({ practitionerId, role: 'consultant' });
  const after = await call('get', path, 'jump').set('If-None-Match', before.headers.etag!);
  expect([after.status, after.headers.etag === before.headers.etag]).toEqual([200, false]);
});

test('a create with If-Match is refused, and creates nothing', async () => {
  for (const tag of ['*', 'W/"1"']) {
    const body = patient();
    expect((await call('post', '/v1/patients').set('If-Match', tag).send(body)).status).toBe(409);
    expect((await call('post', '/v1/patients').send({ ...body, external_ids: { if: tag } })).status).toBe(201);
  }
});

const SHAPES: Record<string, (body: { error: { code: string } & string; code: string }) => unknown> = {
  loop: ({ error }) => error === 'validation_error',
  clinik: ({ code }) => code === 'VALIDATION_ERROR',
  jump: ({ error }) => error.code === 'VALIDATION_ERROR',
};

test.each([
  ['loop', '/v1/patients?brand_id=a&status=active', 'status'],
  ['loop', '/v1/patients?brand_id=a&brand_id=b', 'brand_id'],
  ['loop', '/v1/patients?brand_id=a&limit=1&limit=2', 'limit'],
  ['loop', '/v1/patients?brand_id=a&limit=0', 'limit'],
  ['loop', '/v1/patients', 'brand_id'],
  ['loop', `/v1/patients/${PATIENT}?brand_id=a`, 'brand_id'],
  ['clinik', '/v1/practitioner-roles?state=active', 'state'],
  ['clinik', '/v1/practitioner-roles?status=asleep', 'status'],
  ['clinik', '/v1/practitioner-roles?active=yes', 'active'],
  ['clinik', '/v1/practitioner-roles?practitionerId=nobody', 'practitionerId'],
  ['clinik', '/v1/practitioner-roles?status=active&status=inactive', 'status'],
  ['jump', '/clinician-profiles?updated_at_gte=2026-01-01', 'updated_at_gte'],
  ['jump', '/clinician-profiles?is_active=true&is_active=false', 'is_active'],
  ['jump', '/clinician-profiles?cursor=abc', 'cursor'],
  ['jump', `/clinician-profiles/${PRACTITIONER}?limit=1`, 'limit'],
])('%s GET %s is 400 in the vendor’s format, naming the parameter', async (surface, path, name) => {
  const response = await call('get', path, surface);
  expect([response.status, SHAPES[surface]!(response.body), response.text.includes(name)]).toEqual([400, true, true]);
});

test('an unusual parameter name is not repeated in the error', async () => {
  const { status, text } = await call('get', '/v1/patients?brand_id=a&ada%40example.com=1');
  expect([status, text.includes('ada')]).toEqual([400, false]);
});

test('a create with query parameters is refused', async () => {
  expect((await call('post', '/v1/patients?brand_id=a').send(patient())).status).toBe(400);
});

test('an unknown path is 404 in the format of its prefix, with its key, another key and no key', async () => {
  const shape = (code: string) => ({ data: null, meta: { request_id: expect.any(String) }, error: { code, message: expect.any(String) } });
  for (const path of ['/api-v1', '/api-v1/nothing', '/api-v1/episodes', '/functions/v1/api-v1/nothing', '/jump/nothing']) {
    expect((await request(facet.app).get(path)).body).toEqual(shape('UNAUTHORIZED'));
    expect((await call('get', path, 'jump')).body).toEqual(shape('NOT_FOUND'));
    expect((await call('get', path, 'loop')).body).toEqual(shape('FORBIDDEN'));
  }
  expect((await request(facet.app).get('/v1/nothing')).body).toEqual({ error: 'not-found', message: expect.any(String) });
});

test('a path of three vendors responds in the format of the key, and without a key in that of the first', async () => {
  const keysOf = async (path: string, surface: string) => Object.keys((await call('get', path, surface)).body);
  expect(await keysOf('/v1/patients?brand_id=a', 'loop')).toEqual(['patients', 'total']);
  expect(await keysOf('/v1/patients?name=a', 'clinik')).toEqual(['data', 'meta']);
  expect((await call('get', '/v1/patients?search=a', 'jump')).body.meta).toMatchObject({ limit: 20, has_more: expect.any(Boolean) });
  expect((await request(facet.app).get('/v1/patients')).body).toEqual({ error: 'unauthenticated', message: expect.any(String) });
});

test('a badly encoded id is an error in the vendor’s format', async () => {
  const response = await call('get', '/v1/practitioner-roles/%ZZ', 'clinik');
  expect([response.status, response.body.code]).toEqual([404, 'NOT_FOUND']);
});

test('two different keys in one request are refused in the vendor’s format', async () => {
  const twice = (surface: string) => call('get', '/v1/practitioner-roles', 'clinik').set('Authorization', `Bearer ${facet.demo[surface]!}`);
  expect((await twice('clinik')).status).toBe(200);
  const refused = await twice('loop');
  expect([refused.status, refused.body.code]).toEqual([401, 'UNAUTHORIZED']);
});

test.each([
  ['jump', '/clinician-profiles', 200],
  ['loop', `/v1/patients/${PATIENT}`, 200],
  ['loop', '/v1/patients/none', 404],
  ['fhir', `/fhir/R4/Patient/${PATIENT}`, 200],
  ['fhir', '/fhir/R4/Patient?_id=none', 200],
])('%s %s: responses have Cache-Control and nosniff headers', async (surface, path, status) => {
  const response = await call('get', path, surface);
  expect([response.status, response.headers['cache-control'], response.headers['x-content-type-options']]).toEqual([
    status,
    'private, no-cache',
    'nosniff',
  ]);
});
