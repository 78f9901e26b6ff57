// Conditional writes and patches over HTTP. https://hl7.org/fhir/R4/http.html#cond-update
import request from 'supertest';
import { type Running, startFacet } from './running-server.ts';

let facet: Running;
beforeAll(async () => {
  facet = await startFacet();
});
afterAll(() => facet.close());

type Method = 'get' | 'put' | 'post' | 'patch' | 'delete';
const send = (method: Method, path: string, body?: object | string, headers: Record<string, string> = {}) => {
  const sent = request(facet.app)[method](`/fhir/R4${path}`);
  sent.set({
    Authorization: `Bearer ${facet.demo.fhir}`,
    ...(body !== undefined && { 'Content-Type': 'application/fhir+json' }),
    ...headers,
  });
  return body === undefined ? sent : sent.send(typeof body === 'string' ? body : JSON.stringify(body));
};
const patient = (mrn: string, more: object = {}) => ({ resourceType: 'Patient', identifier: [{ system: 'urn:mrn', value: mrn }], ...more });
const by = (mrn: string) => `/Patient?identifier=urn:mrn|${mrn}`;
const JSON_PATCH = { 'Content-Type': 'application/json-patch+json' };
const ACTIVE = [{ op: 'add', path: '/active', value: true }];

test('a conditional update creates without a match, and replaces the one match', async () => {
  const created = await send('put', by('c1'), patient('c1'));
  expect([created.status, created.headers.etag, created.headers.location]).toEqual([
    201,
    'W/"1"',
    expect.stringContaining(`/Patient/${created.body.id}/_history/1`),
  ]);
  const next = await send('put', by('c1'), patient('c1', { active: true }));
  expect([next.status, next.body.id, next.headers.etag]).toEqual([200, created.body.id, 'W/"2"']);
  const own = await send('put', by('c1'), patient('c1', { id: created.body.id, active: false }));
  expect([own.status, own.headers.etag]).toEqual([200, 'W/"3"']);
  const other = await send('put', by('c1'), patient('c1', { id: 'another' }));
  expect([other.status, other.body.issue[0].expression]).toEqual([400, ['Patient.id']]);
});

test('a conditional update without a match uses the id in the body, unless it exists', async () => {
  expect((await send('put', by('c2'), patient('c2', { id: 'c2' }))).body.id).toBe('c2');
  expect((await send('put', by('c2-other'), patient('c2-other', { id: 'c2' }))).status).toBe(409);
});

test('several matches are refused, and so are empty and unknown criteria', async () => {
  await send('post', '/Patient', patient('c3'));
  await send('post', '/Patient', patient('c3'));
  const writes: [Method, object?, Record<string, string>?][] = [['put', patient('c3')], ['patch', ACTIVE, JSON_PATCH], ['delete']];
  for (const [method, body, headers] of writes) {
    expect((await send(method, by('c3'), body, headers)).status).toBe(412);
    for (const invalid of ['/Patient', '/Patient?identifer=urn:mrn|c3', '/Patient?_count=5', '/Patient?identifier='])
      expect([method, invalid, (await send(method, invalid, body, headers)).status]).toEqual([method, invalid, 400]);
  }
});

test('a conditional delete deletes the one match; no match is no error', async () => {
  const { body } = await send('post', '/Patient', patient('c4'));
  expect((await send('delete', by('c4'))).status).toBe(204);
  expect((await send('get', `/Patient/${body.id}`)).status).toBe(410);
  expect((await send('delete', by('c4'))).status).toBe(204);
});

test('a conditional patch changes the one match; no match is 404', async () => {
  await send('post', '/Patient', patient('c5'));
  const patched = await send('patch', by('c5'), ACTIVE, JSON_PATCH);
  expect([patched.status, patched.body.active, patched.headers.etag]).toEqual([200, true, 'W/"2"']);
  expect((await send('patch', by('c5-none'), ACTIVE, JSON_PATCH)).status).toBe(404);
});

test('If-None-Match: * on an update only creates', async () => {
  const own = patient('c6', { id: 'c6' });
  expect((await send('put', '/Patient/c6', own, { 'If-None-Match': '*' })).status).toBe(201);
  expect((await send('put', '/Patient/c6', own, { 'If-None-Match': '*' })).status).toBe(412);
});

test('JSON Patch and FHIRPath Patch create the next version; the history shows PATCH', async () => {
  const { body } = await send('post', '/Patient', patient('p1'));
  const first = await send('patch', `/Patient/${body.id}`, ACTIVE, JSON_PATCH);
  expect([first.status, first.body.active, first.headers.etag]).toEqual([200, true, 'W/"2"']);
  const part = [
    { name: 'type', valueCode: 'replace' },
    { name: 'path', valueString: 'Patient.active' },
    { name: 'value', valueBoolean: false },
  ];
  const second = await send('patch', `/Patient/${body.id}`, { resourceType: 'Parameters', parameter: [{ name: 'operation', part }] });
  expect([second.status, second.body.active, second.headers.etag]).toEqual([200, false, 'W/"3"']);
  const history = await send('get', `/Patient/${body.id}/_history`);
  expect(history.body.entry.map((entry: { request: { method: string } }) => entry.request.method)).toEqual(['PATCH', 'PATCH', 'POST']);
});

test('a patch keeps digits, respects If-Match, and is validated like an update', async () => {
  const observation = '{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":1.00}}';
  const { body } = await send('post', '/Observation', observation);
  const path = `/Observation/${body.id}`;
  const status = [{ op: 'replace', path: '/status', value: 'amended' }];
  expect((await send('patch', path, status, { ...JSON_PATCH, 'If-Match': 'W/"2"' })).status).toBe(412);
  expect((await send('patch', path, status, { ...JSON_PATCH, 'If-Match': 'W/"1"' })).text).toContain('"value":1.00');
  const invalid = await send('patch', path, [{ op: 'remove', path: '/code' }], JSON_PATCH);
  expect([invalid.status, invalid.body.issue[0].expression]).toEqual([400, ['Observation.code']]);
  expect((await send('patch', path, [{ op: 'test', path: '/status', value: 'x' }], JSON_PATCH)).status).toBe(422);
  expect((await send('patch', path, '{}', JSON_PATCH)).status).toBe(400);
  expect((await send('patch', '/Observation/none', status, JSON_PATCH)).status).toBe(404);
  const media = await send('patch', path, '<diff/>', { 'Content-Type': 'application/xml-patch+xml' });
  expect([media.status, media.headers['accept-patch']]).toEqual([
    415,
    'application/json-patch+json, application/fhir+json, application/fhir+xml',
  ]);
});

test('a transaction patches, also by criteria, and updates by criteria', async () => {
  const { body } = await send('post', '/Patient', patient('p2'));
  const data = Buffer.from(JSON.stringify(ACTIVE)).toString('base64');
  const binary = { resourceType: 'Binary', contentType: 'application/json-patch+json', data };
  const entry = [
    { resource: binary, request: { method: 'PATCH', url: `Patient/${body.id}` } },
    { fullUrl: 'urn:x:p3', resource: patient('p3'), request: { method: 'PUT', url: 'Patient?identifier=urn:mrn|p3' } },
    { resource: { resourceType: 'Condition', subject: { reference: 'urn:x:p3' } }, request: { method: 'POST', url: 'Condition' } },
  ];
  const response = await send('post', '', { resourceType: 'Bundle', type: 'transaction', entry });
  expect(response.body.entry.map((entry: { response: { status: string } }) => entry.response.status)).toEqual([
    '200 OK',
    '201 Created',
    '201 Created',
  ]);
  expect(response.body.entry[0].resource.active).toBe(true);
  expect(response.body.entry[2].resource.subject.reference).toBe(`Patient/${response.body.entry[1].resource.id}`);
  const same = { resource: patient('p4'), request: { method: 'PUT', url: 'Patient?identifier=urn:mrn|p4' } };
  expect((await send('post', '', { resourceType: 'Bundle', type: 'transaction', entry: [same, same] })).status).toBe(400);
});

// some clients send the criteria of a conditional create in the URL: if they were ignored, each request would store another resource
test('search parameters in the URL of a create, and beside an id, are refused, and nothing is written', async () => {
  const { body } = await send('post', '/Patient', patient('c7'));
  const path = `/Patient/${body.id}`;
  const criteria = '?identifier=urn:mrn|c7';
  const created = await send('post', by('c7'), patient('c7'));
  expect([created.status, created.body.issue[0].diagnostics]).toEqual([400, expect.stringContaining('If-None-Exist')]);
  expect((await send('put', path + criteria, patient('c7', { id: body.id, active: true }))).status).toBe(400);
  expect((await send('patch', path + criteria, ACTIVE, JSON_PATCH)).status).toBe(400);
  expect((await send('delete', path + criteria)).status).toBe(400);
  const found = await send('get', by('c7'));
  expect(found.body.entry.map(({ resource }: { resource: object }) => resource)).toEqual([body]);
});

test('the parameters of every interaction are taken in the URL of a write', async () => {
  const general = '?_format=json&_pretty=true&_summary=false';
  const { status, body } = await send('post', `/Patient${general}`, patient('c8'));
  expect(status).toBe(201);
  expect((await send('put', `/Patient/${body.id}${general}`, { ...body, active: true })).status).toBe(200);
  expect((await send('delete', `/Patient/${body.id}${general}`)).status).toBe(204);
});

test.each(['batch', 'transaction'])(
  'search parameters in the URL of a creating entry of a %s are refused, and nothing is written',
  async (type) => {
    await send('post', '/Patient', patient(`c9-${type}`));
    const entry = [{ resource: patient(`c9-${type}`), request: { method: 'POST', url: by(`c9-${type}`) } }];
    const response = await send('post', '', { resourceType: 'Bundle', type, entry });
    const { issue } = type === 'batch' ? response.body.entry[0].response.outcome : response.body;
    expect(issue).toMatchObject([{ code: 'not-supported', diagnostics: expect.stringContaining('ifNoneExist') }]);
    expect((await send('get', `${by(`c9-${type}`)}&_summary=count`)).body.total).toBe(1);
  },
);
