// The FHIR REST API over HTTP. https://hl7.org/fhir/R4/http.html
import request from 'supertest';
import { BASE_URL, type Running, startFacet } from './running-server.ts';

let facet: Running;
beforeAll(async () => {
  facet = await startFacet();
});
afterAll(() => facet.close());

const FHIR = 'application/fhir+json';
const ada = { resourceType: 'Patient', name: [{ family: 'Lovelace', given: ['Ada'] }], birthDate: '1985-12-10' };

const api = (method: 'get' | 'post' | 'put' | 'delete' | 'head', path: string) =>
  request(facet.app)[method](`/fhir/R4${path}`).set('Authorization', `Bearer ${facet.demo.fhir}`);
const send = (method: 'post' | 'put', path: string, body: string | object) =>
  api(method, path)
    .set('Content-Type', FHIR)
    .send(typeof body === 'string' ? body : JSON.stringify(body));

test('create returns 201 with Location, ETag, Last-Modified and the stored resource', async () => {
  const created = await send('post', '/Patient', { ...ada, id: 'mine', meta: { versionId: '9', tag: [{ code: 'x' }] } });
  expect(created.status).toBe(201);
  expect(created.headers['content-type']).toBe('application/fhir+json; charset=utf-8');
  expect(created.body.id).not.toBe('mine');
  expect(created.body.meta).toEqual({ versionId: '1', lastUpdated: expect.stringMatching(/^\d{4}-.*Z$/), tag: [{ code: 'x' }] });
  expect(created.headers.location).toBe(`${BASE_URL}/fhir/R4/Patient/${created.body.id}/_history/1`);
  expect(created.headers.etag).toBe('W/"1"');
  expect(new Date(created.headers['last-modified']!).toISOString().slice(0, 19)).toBe(created.body.meta.lastUpdated.slice(0, 19));
  const read = await api('get', `/Patient/${created.body.id}`);
  expect(read.text).toBe(created.text);
});

test('digits stay as written through create, read, update and search', async () => {
  const observation = (value: string) =>
    `{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":${value},"unit":"g"},"referenceRange":[{"low":{"value":1e-3}}]}`;
  const created = await send('post', '/Observation', observation('1.00'));
  expect(created.status).toBe(201);
  const { id } = created.body;
  expect((await api('get', `/Observation/${id}`)).text).toContain('"value":1.00,');
  const updated = await send('put', `/Observation/${id}`, observation('72.50').replace('{', `{"id":"${id}",`));
  expect(updated.status).toBe(200);
  expect((await api('get', `/Observation?_id=${id}`)).text).toMatch(/"value":72\.50,.*"value":1e-3/);
  expect((await api('get', `/Observation/${id}/_history/1`)).text).toContain('"value":1.00,');
});

test('a version is read by number; the history lists all versions, newest first, including deletions', async () => {
  const { body } = await send('post', '/Patient', ada);
  await send('put', `/Patient/${body.id}`, { ...ada, id: body.id, active: true });
  expect((await api('delete', `/Patient/${body.id}`)).status).toBe(204);
  expect((await api('get', `/Patient/${body.id}`)).status).toBe(410);
  expect((await api('get', `/Patient/${body.id}/_history/1`)).body.active).toBeUndefined();
  expect((await api('get', `/Patient/${body.id}/_history/3`)).status).toBe(410);
  expect((await api('get', `/Patient/${body.id}/_history/4`)).status).toBe(404);
  const history = await api('get', `/Patient/${body.id}/_history`);
  expect(history.body.type).toBe('history');
  expect(history.body.entry.map((entry: { request: { method: string } }) => entry.request.method)).toEqual(['DELETE', 'PUT', 'POST']);
  expect(history.body.entry[0].resource).toBeUndefined();
  const revived = await send('put', `/Patient/${body.id}`, { ...ada, id: body.id });
  expect([revived.status, revived.headers.etag]).toEqual([201, 'W/"4"']);
});

test('update creates a missing resource, and creates no version without a change', async () => {
  const own = { ...ada, id: 'chosen.by-client' };
  expect((await send('put', '/Patient/chosen.by-client', own)).status).toBe(201);
  const same = await send('put', '/Patient/chosen.by-client', own);
  expect([same.status, same.headers.etag]).toEqual([200, 'W/"1"']);
  const other = await send('put', '/Patient/another', own);
  expect([other.status, other.body.issue[0].expression]).toEqual([400, ['Patient.id']]);
});

test('If-Match with an outdated version is 412 and writes nothing', async () => {
  const { body } = await send('post', '/Patient', ada);
  const next = { ...ada, id: body.id, active: false };
  expect((await send('put', `/Patient/${body.id}`, next).set('If-Match', 'W/"7"')).status).toBe(412);
  expect((await send('put', `/Patient/${body.id}`, next).set('If-Match', 'garbage')).status).toBe(400);
  expect((await send('put', `/Patient/${body.id}`, next).set('If-Match', 'W/"1"')).headers.etag).toBe('W/"2"');
});

test('If-Match: * requires that the resource exists', async () => {
  const body = { ...ada, id: 'any-version' };
  expect((await send('put', '/Patient/any-version', body).set('If-Match', '*')).status).toBe(412);
  expect((await send('put', '/Patient/any-version', body)).status).toBe(201);
  expect((await send('put', '/Patient/any-version', { ...body, active: false }).set('If-Match', '*')).headers.etag).toBe('W/"2"');
  expect((await api('delete', '/Patient/any-version').set('If-Match', '*')).status).toBe(204);
  expect((await send('put', '/Patient/any-version', body).set('If-Match', '*')).status).toBe(412);
});

test('a deleted resource is 410 with the version and time of its deletion', async () => {
  const { body } = await send('post', '/Patient', ada);
  const deletion = await api('delete', `/Patient/${body.id}`);
  for (const path of [`/Patient/${body.id}`, `/Patient/${body.id}/_history/2`]) {
    const { status, headers } = await api('get', path);
    expect([status, headers.etag, Number.isNaN(Date.parse(headers['last-modified']!))]).toEqual([410, deletion.headers.etag, false]);
  }
});

test('a body of another FHIR version is 415', async () => {
  const typed = (type: string) => api('post', '/Patient').set('Content-Type', type).send(JSON.stringify(ada));
  const types = [
    'application/fhir+json; fhirVersion=4.0',
    'application/fhir+json; fhirVersion=3.0',
    'application/fhir+json; charset=utf-8; FHIRVersion="5.0"',
  ];
  expect(await Promise.all(types.map(async (type) => (await typed(type)).status))).toEqual([201, 415, 415]);
});

test('control characters and lone surrogates are refused with the element; all others are stored', async () => {
  const named = (family: string) => send('post', '/Patient', { ...ada, name: [{ family }] });
  for (const family of ['Love\x01lace', 'Love\x1blace', 'Love\ud800lace']) {
    const { status, body } = await named(family);
    expect([status, body.issue[0].expression]).toEqual([400, ['Patient.name[0].family']]);
  }
  expect((await named('Love\tlace\n\u{1F9EA}')).body.name[0].family).toBe('Love\tlace\n\u{1F9EA}');
});

test('two different keys in one request are refused; the same key twice is accepted', async () => {
  const twice = (key: string) =>
    request(facet.app).get('/fhir/R4/Patient').set('Authorization', `Bearer ${facet.demo.fhir}`).set('x-api-key', key);
  expect((await twice(facet.demo.fhir!)).status).toBe(200);
  for (const key of [facet.other.fhir!, facet.demo.loop!, 'nobody']) expect((await twice(key)).status).toBe(401);
});

test('If-None-Exist creates once, returns the one match, and refuses several matches', async () => {
  const criteria = 'identifier=urn:mrn|77';
  const known = { ...ada, identifier: [{ system: 'urn:mrn', value: '77' }] };
  const first = await send('post', '/Patient', known).set('If-None-Exist', criteria);
  const second = await send('post', '/Patient', known).set('If-None-Exist', criteria);
  expect([first.status, second.status, second.body.id]).toEqual([201, 200, first.body.id]);
  await send('post', '/Patient', known);
  expect((await send('post', '/Patient', known).set('If-None-Exist', criteria)).status).toBe(412);
  expect((await send('post', '/Patient', known).set('If-None-Exist', 'identifer=urn:mrn|77')).status).toBe(400);
});

test('a conditional read of a known version is 304', async () => {
  const { body } = await send('post', '/Patient', ada);
  expect((await api('get', `/Patient/${body.id}`).set('If-None-Match', 'W/"1"')).status).toBe(304);
  expect((await api('get', `/Patient/${body.id}`).set('If-None-Match', 'W/"2"')).status).toBe(200);
});

test('validation errors name the element, never its value', async () => {
  const invalid = await send('post', '/Patient', { ...ada, gender: 'SECRET', birthDate: '2026-02-30' });
  expect(invalid.status).toBe(400);
  expect(invalid.body.resourceType).toBe('OperationOutcome');
  expect(invalid.body.issue.flatMap((issue: { expression: string[] }) => issue.expression).sort()).toEqual([
    'Patient.birthDate',
    'Patient.gender',
  ]);
  expect(invalid.text).not.toContain('SECRET');
});

test.each([
  ['malformed JSON', '{"resourceType":"Patient",', 400],
  ['a repeated key', '{"resourceType":"Patient","active":true,"active":false}', 400],
  ['another type than the URL says', '{"resourceType":"Observation"}', 400],
  ['an unknown element', '{"resourceType":"Patient","shoeSize":42}', 400],
  ['nothing', '', 400],
  ['a list', '[]', 400],
])('%s is refused with an OperationOutcome', async (_what, body, status) => {
  const response = await send('post', '/Patient', body);
  expect([response.status, response.body.resourceType]).toEqual([status, 'OperationOutcome']);
});

test('unknown types and paths are 404, methods 405, media types 406 and 415', async () => {
  expect((await api('get', '/Medication/1')).status).toBe(404);
  expect((await api('get', '/Patient/1/2/3/4')).status).toBe(404);
  const patch = await request(facet.app).patch('/fhir/R4/Patient/1/_history').set('Authorization', `Bearer ${facet.demo.fhir}`);
  expect([patch.status, patch.headers.allow]).toEqual([405, 'GET, HEAD']);
  expect((await api('get', '/Patient').set('Accept', 'text/turtle')).status).toBe(406);
  expect((await api('get', '/Patient?_format=ttl')).status).toBe(406);
  expect((await api('post', '/Patient').set('Content-Type', 'text/plain').send('{}')).status).toBe(415);
  expect((await api('get', '/%E0%A4%A')).status).toBe(400);
});

test('Accept: application/json returns that type; HEAD returns headers only; Prefer: return=minimal returns no body', async () => {
  const { body } = await send('post', '/Patient', ada);
  expect((await api('get', `/Patient/${body.id}`).set('Accept', 'application/json')).headers['content-type']).toMatch(/^application\/json/);
  const head = await api('head', `/Patient/${body.id}`);
  expect([head.status, head.headers.etag, head.text]).toEqual([200, 'W/"1"', undefined]);
  const minimal = await send('post', '/Patient', ada).set('Prefer', 'return=minimal');
  expect([minimal.status, minimal.text]).toEqual([201, '']);
});

test('only metadata, health and readiness need no key', async () => {
  const metadata = await request(facet.app).get('/fhir/R4/metadata');
  expect([metadata.status, metadata.body.fhirVersion]).toEqual([200, '4.0.1']);
  expect((await request(facet.app).get('/healthz')).status).toBe(200);
  expect((await request(facet.app).get('/readyz')).status).toBe(200);
  const without = await request(facet.app).get('/fhir/R4/Patient');
  expect([without.status, without.body.issue[0].code]).toEqual([401, 'login']);
  expect(without.headers['www-authenticate']).toBe('Bearer realm="fhir"');
  expect((await request(facet.app).get('/fhir/R4/Patient').set('x-api-key', 'fhir_test_wrong')).status).toBe(401);
  expect((await request(facet.app).get('/fhir/R4/Patient').set('x-api-key', facet.demo.loop!)).status).toBe(403);
});

test('scopes limit a key to the named types and interactions', async () => {
  const key = await facet.keyWith('fhir', ['system/Patient.rs']);
  const as = (method: 'get' | 'post', path: string) => request(facet.app)[method](`/fhir/R4${path}`).set('x-api-key', key);
  expect((await as('get', '/Patient')).status).toBe(200);
  expect((await as('get', '/Observation')).status).toBe(403);
  expect((await as('post', '/Patient').set('Content-Type', FHIR).send(JSON.stringify(ada))).status).toBe(403);
});

test('scopes apply to includes, chains and conditions, too', async () => {
  const { body } = await send('post', '/Patient', ada);
  await send('post', '/Observation', {
    resourceType: 'Observation',
    status: 'final',
    code: { text: 'x' },
    subject: { reference: `Patient/${body.id}` },
  });
  const key = await facet.keyWith('fhir', ['system/Patient.crs']);
  const as = (path: string) => request(facet.app).get(`/fhir/R4${path}`).set('x-api-key', key);
  const included = await as(`/Patient?_id=${body.id}&_revinclude=Observation:subject`);
  expect([included.status, included.body.entry.length]).toEqual([200, 1]);
  expect((await as('/Patient?_has:Observation:subject:status=final')).status).toBe(403);
  expect((await as('/Patient?general-practitioner.name=x')).status).toBe(403);
  const writer = await facet.keyWith('fhir', ['system/Patient.c']);
  const conditional = request(facet.app)
    .post('/fhir/R4/Patient')
    .set('x-api-key', writer)
    .set('Content-Type', FHIR)
    .set('If-None-Exist', 'family=love');
  expect((await conditional.send(JSON.stringify(ada))).status).toBe(403);
});

test('invalid ids, broken compression, invalid UTF-8 and endless searches are 4xx', async () => {
  for (const path of ['/Patient/%00', '/Patient/%00/_history', '/Patient/a%20b']) expect((await api('get', path)).status).toBe(404);
  expect((await api('delete', '/Patient/%00')).status).toBe(404);
  const post = () => api('post', '/Patient').set('Content-Type', FHIR);
  expect((await post().set('Content-Encoding', 'gzip').send(JSON.stringify(ada))).status).toBe(400);
  const bytes = Buffer.from('{"resourceType":"Patient","name":[{"family":"\xff"}]}', 'latin1');
  expect(
    (
      await post()
        .serialize((raw: unknown) => raw as string)
        .send(bytes)
    ).status,
  ).toBe(400);
  expect((await api('post', '/Patient').set('Content-Type', `${FHIR}; charset=iso-8859-1`).send(JSON.stringify(ada))).status).toBe(415);
  expect((await api('get', `/Patient?${'name=a&'.repeat(200)}`)).status).toBe(400);
  const words = await request(facet.app)
    .get(`/clinician-profiles?search=${Array.from({ length: 30 }, (_, n) => `w${n}`).join('+')}`)
    .set('x-api-key', facet.demo.jump!);
  expect([words.status, words.body.error.message]).toEqual([400, 'search takes at most 16 words']);
  const repeated = await request(facet.app)
    .get(`/clinician-profiles?search=${'a+'.repeat(200)}`)
    .set('x-api-key', facet.demo.jump!);
  expect(repeated.status).toBe(200);
});
