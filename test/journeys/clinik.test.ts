// ClinikEHR's documented endpoint over HTTP: POST /v1/practitioner-roles, and reads.
import request from 'supertest';
import { type Running, startFacet } from './running-server.ts';

let facet: Running;
beforeAll(async () => {
  facet = await startFacet({ FACET_RATE_LIMITS: '{}' });
  await facet.put({ resourceType: 'Practitioner', id: PRACTITIONER, name: [{ text: 'Dr Sarah Johnson' }] });
});
afterAll(() => facet.close());

/** What the documented prc_03kz6m1o4p5r7s9t0u stands for. */
const PRACTITIONER = '00000000-0017-95f9-2914-0eaadd36032e';
const documented = {
  practitionerId: 'prc_03kz6m1o4p5r7s9t0u',
  role: 'doctor',
  organizationName: 'Springfield Cardiology Group',
  specialty: ['Cardiology', 'Interventional Cardiology'],
  locationName: 'Main Campus',
  email: '[email protected]',
  availableDays: ['mon', 'tue', 'wed', 'thu', 'fri'],
  availableStartTime: '08:00',
  availableEndTime: '17:00',
};

const clinik = (method: 'get' | 'post', path: string) => request(facet.app)[method](path).set('x-api-key', facet.demo.clinik!);

test('the documented request gives the documented response, envelope, limits and headers', async () => {
  const response = await clinik('post', '/v1/practitioner-roles').send(documented);
  expect(response.status).toBe(201);
  expect(response.body).toEqual({
    data: {
      id: expect.stringMatching(/^prr_[0-9a-z]{18,}$/),
      ...documented,
      phone: null,
      createdAt: expect.stringMatching(/^\d{4}-.*\.\d{3}Z$/),
    },
    meta: {
      requestId: expect.stringMatching(/^req_[a-z0-9]{8}$/),
      timestamp: expect.stringMatching(/Z$/),
      status: 201,
      rateLimitTotal: 500,
      rateLimitRemaining: expect.any(Number),
      rateLimitReset: expect.any(Number),
    },
  });
  expect(Object.keys(response.body.data)).toEqual([
    'id',
    'practitionerId',
    'role',
    'organizationName',
    'specialty',
    'locationName',
    'phone',
    'email',
    'availableDays',
    'availableStartTime',
    'availableEndTime',
    'createdAt',
  ]);
  expect(response.headers).toMatchObject({
    'x-request-id': response.body.meta.requestId,
    'x-ratelimit-limit': '500',
    'x-ratelimit-remaining': String(response.body.meta.rateLimitRemaining),
  });
  const read = await clinik('get', `/v1/practitioner-roles/${response.body.data.id}`);
  expect([read.status, read.body.data]).toEqual([200, response.body.data]);
});

test('application/fhir+json is accepted as Content-Type and in Accept', async () => {
  const response = await clinik('post', '/v1/practitioner-roles')
    .set('Content-Type', 'application/fhir+json')
    .set('Accept', 'application/fhir+json')
    .send(JSON.stringify(documented));
  expect(response.status).toBe(201);
});

test('the two required fields are enough; a practitioner may be named by a UUID without prefix', async () => {
  const response = await clinik('post', '/v1/practitioner-roles').send({ practitionerId: PRACTITIONER, role: 'admin' });
  expect(response.body.data).toMatchObject({
    practitionerId: documented.practitionerId,
    role: 'admin',
    specialty: [],
    availableDays: [],
    phone: null,
    locationName: null,
  });
});

test.each([
  ['role', { role: 'wizard' }],
  ['role', { role: undefined }],
  ['practitionerId', { practitionerId: 'prc_000000000000000001' }],
  ['practitionerId', { practitionerId: 'nonsense' }],
  ['organizationName', { organizationName: 'o'.repeat(201) }],
  ['availableDays', { availableDays: ['someday'] }],
  ['availableStartTime', { availableStartTime: '25:00' }],
])('an invalid %s is 422 with issues that name the field and not its value', async (field, invalid) => {
  const response = await clinik('post', '/v1/practitioner-roles').send({ ...documented, ...invalid });
  expect(response.status).toBe(422);
  expect(response.body).toMatchObject({
    code: 'VALIDATION_ERROR',
    error: expect.any(String),
    message: expect.any(String),
    requestId: expect.stringMatching(/^req_/),
  });
  expect(response.body.issues[0].diagnostics).toContain(field);
  expect(response.body.issue).toEqual(response.body.issues);
});

test('malformed JSON is 400 INVALID_JSON, no key 401, an unknown id 404, an unknown path 404', async () => {
  const malformed = await clinik('post', '/v1/practitioner-roles').set('Content-Type', 'application/json').send('{"role":');
  expect([malformed.status, malformed.body.code]).toEqual([400, 'INVALID_JSON']);
  expect((await request(facet.app).post('/v1/practitioner-roles').send(documented)).body.code).toBe('UNAUTHORIZED');
  expect((await clinik('get', '/v1/practitioner-roles/prr_000000000000000001')).body.code).toBe('NOT_FOUND');
  expect((await clinik('get', '/v1/nothing')).body.code).toBe('NOT_FOUND');
});

test('a request over the limit is 429 with Retry-After; the limit applies to this surface only', async () => {
  const small = await startFacet({ FACET_RATE_LIMITS: `{"clinik":{"limit":2,"seconds":${100 * 365 * 86_400}}}` });
  const statuses = [];
  for (let i = 0; i < 3; i++) statuses.push(await request(small.app).get('/v1/practitioner-roles').set('x-api-key', small.demo.clinik!));
  expect(statuses.map((response) => response.status)).toEqual([200, 200, 429]);
  expect(statuses[2]!.body.code).toBe('RATE_LIMITED');
  expect(Number(statuses[2]!.headers['retry-after'])).toBeGreaterThan(0);
  await small.close();
});

test('the limit applies to all keys of one organisation together', async () => {
  const small = await startFacet({ FACET_RATE_LIMITS: '{"clinik":{"limit":2,"seconds":3600}}' });
  const second = await small.keyWith('clinik', ['system/*.cruds']);
  const send = (key: string) => request(small.app).get('/v1/practitioner-roles').set('x-api-key', key);
  const statuses = [];
  for (const key of [small.demo.clinik!, second, second, small.other.clinik!]) statuses.push((await send(key)).status);
  expect(statuses).toEqual([200, 200, 429, 200]);
  await small.close();
});

test('without an organisation the limit applies to each key', async () => {
  const small = await startFacet({ FACET_RATE_LIMITS: '{"jump":{"limit":1,"seconds":3600}}' });
  const second = await small.keyWith('jump', ['system/*.cruds']);
  const send = (key: string) => request(small.app).get('/locations').set('Authorization', `Bearer ${key}`);
  const statuses = [];
  for (const key of [small.demo.jump!, small.demo.jump!, second]) statuses.push((await send(key)).status);
  expect(statuses).toEqual([200, 429, 200]);
  await small.close();
});

test.each(['x-http-method-override', 'x-http-method', 'x-method-override'])('a method override is refused (%s)', async (header) => {
  const { status, body } = await clinik('post', '/v1/organizations').set(header, 'DELETE').send({ name: 'A' });
  expect([status, body.code]).toEqual([400, 'METHOD_OVERRIDE_REJECTED']);
});

test('a cursor of another list, or a page link of the FHIR API, leads to the first page', async () => {
  await facet.put({ resourceType: 'Practitioner', name: [{ text: 'Another' }], id: '00000000-0017-95f9-2914-0eaadd360000' });
  const { body } = await facet.fhir('get', '/Practitioner?_count=1');
  const link = body.link.find(({ relation }: { relation: string }) => relation === 'next').url;
  const cursor = new URL(link).searchParams.get('_page')!;
  const response = await clinik('get', `/v1/practitioner-roles?count=1&cursor=${encodeURIComponent(cursor)}`);
  const first = await clinik('get', '/v1/practitioner-roles?count=1');
  expect([response.status, response.body.data.data]).toEqual([200, first.body.data.data]);
});

test('the list pages by cursor and filters by practitioner', async () => {
  const page = await clinik('get', `/v1/practitioner-roles?practitionerId=${documented.practitionerId}&count=1`);
  expect(page.body.data).toMatchObject({ total: expect.any(Number), hasMore: true, cursor: expect.any(String) });
  const next = await clinik(
    'get',
    `/v1/practitioner-roles?practitionerId=${documented.practitionerId}&count=1&cursor=${encodeURIComponent(page.body.data.cursor)}`,
  );
  expect(next.body.data.data[0].id).not.toBe(page.body.data.data[0].id);
});
