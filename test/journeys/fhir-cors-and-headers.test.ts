// Subsets of resources, indentation, request ids, CORS, HEAD and OPTIONS of the FHIR API. https://hl7.org/fhir/R4/http.html,
// https://hl7.org/fhir/R4/search.html#summary
import request from 'supertest';
import { type Running, startFacet } from './running-server.ts';

let facet: Running;
beforeAll(async () => {
  facet = await startFacet();
  await api('put', '/Observation/o').set('Content-Type', 'application/fhir+json').send(OBSERVATION).expect(201);
});
afterAll(() => facet.close());

const OBSERVATION = `{"resourceType":"Observation","id":"o","meta":{"tag":[{"code":"mine"}]},"text":{"status":"generated","div":"<div xmlns=\\"http://www.w3.org/1999/xhtml\\">x</div>"},
  "status":"final","code":{"text":"x"},"subject":{"reference":"Patient/a"},"valueQuantity":{"value":1.00},"note":[{"text":"n"}],
  "component":[{"code":{"text":"c"},"valueString":"v","interpretation":[{"text":"i"}]}]}`;
const SUBSETTED = {
  system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue',
  code: 'SUBSETTED',
  display: 'Resource encoded in summary mode',
};
const api = (method: 'get' | 'head' | 'put' | 'options' | 'post' | 'patch' | 'delete', path: string) =>
  request(facet.app)[method](`/fhir/R4${path}`).set('Authorization', `Bearer ${facet.demo.fhir}`);
const namesOf = (resource: object) => Object.keys(resource).filter((name) => !['resourceType', 'id', 'meta'].includes(name));

test.each([
  ['_summary=true', ['status', 'code', 'subject', 'valueQuantity', 'component']],
  ['_summary=text', ['text', 'status', 'code']],
  ['_summary=data', ['status', 'code', 'subject', 'valueQuantity', 'note', 'component']],
  ['_elements=subject,value', ['status', 'code', 'subject', 'valueQuantity']],
])('%s returns a subset, tagged SUBSETTED, on read, search and history; digits stay', async (parameter, names) => {
  const read = await api('get', `/Observation/o?${parameter}`).expect(200);
  expect(namesOf(read.body)).toEqual(names);
  expect(read.body.meta).toMatchObject({ versionId: '1', tag: [{ code: 'mine' }, SUBSETTED] });
  expect(read.text.includes('"value":1.00')).toBe(names.includes('valueQuantity'));
  expect((await api('get', `/Observation/o/_history/1?${parameter}`)).text).toBe(read.text);
  const search = await api('get', `/Observation?_id=o&${parameter}`).expect(200);
  expect(search.text).toContain(read.text);
  expect(decodeURIComponent(search.body.link[0].url)).toContain(parameter);
  expect((await api('get', `/Observation/o/_history?${parameter}`)).text).toContain(read.text);
  expect((await api('get', `/Observation/_history?${parameter}`)).text).toContain(read.text);
});

test('a summary applies to all pages', async () => {
  await api('put', '/Observation/o2').set('Content-Type', 'application/fhir+json').send(OBSERVATION.replace('"o"', '"o2"')).expect(201);
  for (const path of ['/Observation?_summary=data&_count=1', '/Observation/_history?_summary=data&_count=1']) {
    const { body } = await api('get', path).expect(200);
    const next = await api('get', new URL(body.link[1].url).pathname.slice('/fhir/R4'.length) + new URL(body.link[1].url).search).expect(
      200,
    );
    expect(next.body.entry[0].resource.meta.tag).toContainEqual(SUBSETTED);
  }
});

test.each([
  '/Observation/o?_summary=count',
  '/Observation/o?_summary=some',
  '/Observation/o?_elements=shoe',
  '/Observation/o?_elements=',
  '/Observation/o?_elements=status&_summary=true',
  '/Observation/o?_summary=true&_summary=data',
  '/Observation/o?status=final',
  '/Observation?_summary=text&_include=Observation:subject',
])('%s is refused', async (path) => {
  expect((await api('get', path)).status).toBe(400);
});

test('_summary=count returns a count; _summary=false returns everything, untagged', async () => {
  expect((await api('get', '/Observation?_summary=count')).body).toMatchObject({ type: 'searchset', total: 2 });
  expect((await api('get', '/Observation/o?_summary=false')).body.meta.tag).toEqual([{ code: 'mine' }]);
});

test('_pretty=true indents and changes nothing else', async () => {
  const plain = await api('get', '/Observation/o');
  const pretty = await api('get', '/Observation/o?_pretty=true');
  expect(pretty.text).toContain('\n  "status": "final"');
  expect(pretty.text).toContain('"value": 1.00');
  expect(pretty.body).toEqual(plain.body);
});

test('If-Modified-Since and lists of ETags lead to 304', async () => {
  const { headers } = await api('get', '/Observation/o');
  const status = async (name: string, value: string) => (await api('get', '/Observation/o').set(name, value)).status;
  expect(await status('If-Modified-Since', headers['last-modified']!)).toBe(304);
  expect(await status('If-Modified-Since', 'Mon, 01 Jan 2001 00:00:00 GMT')).toBe(200);
  expect(await status('If-Modified-Since', 'not a date')).toBe(200);
  expect(await status('If-None-Match', 'W/"7", "1"')).toBe(304);
  const both = await api('get', '/Observation/o').set({ 'If-None-Match': 'W/"7"', 'If-Modified-Since': headers['last-modified']! });
  expect(both.status).toBe(200);
});

test('HEAD returns the headers of GET without a body', async () => {
  for (const path of [
    '/Observation/o',
    '/Observation',
    '/Observation/o/_history',
    '/Observation/_history',
    '/_history',
    '/Observation/o/_history/1',
    '/metadata',
  ]) {
    const [whole, head] = [await api('get', path), await api('head', path)];
    expect([path, head.status, head.headers['content-type'], head.headers.etag]).toEqual([
      path,
      200,
      whole.headers['content-type'],
      whole.headers.etag,
    ]);
    expect(head.text).toBeUndefined();
  }
});

test('a request id from the client is returned, also with an error; an unsafe one is replaced', async () => {
  expect((await api('get', '/Observation/o').set('X-Request-Id', 'my-1.a')).headers['x-request-id']).toBe('my-1.a');
  expect((await api('get', '/Observation/none').set('X-Request-Id', 'my-2')).headers['x-request-id']).toBe('my-2');
  expect((await api('get', '/Observation/o').set('X-Request-Id', '<script>')).headers['x-request-id']).toMatch(/^req_/);
});

test('CORS: an app of another origin may send requests and read the needed headers', async () => {
  const preflight = await request(facet.app)
    .options('/fhir/R4/Observation/o')
    .set({ Origin: 'https://app.test', 'Access-Control-Request-Method': 'PUT', 'Access-Control-Request-Headers': 'if-match' });
  expect([preflight.status, preflight.headers['access-control-allow-origin']]).toEqual([204, '*']);
  expect(preflight.headers['access-control-allow-methods']).toContain('PUT');
  expect(preflight.headers['access-control-allow-headers']).toContain('If-Match');
  const read = await api('get', '/Observation/o').set('Origin', 'https://app.test');
  expect(read.headers['access-control-allow-origin']).toBe('*');
  for (const name of ['ETag', 'Location', 'Content-Location', 'Last-Modified'])
    expect(read.headers['access-control-expose-headers']).toContain(name);
  expect((await request(facet.app).get('/fhir/R4/Observation')).headers['access-control-allow-origin']).toBe('*');
});

test('OPTIONS lists the methods of a path', async () => {
  expect((await request(facet.app).options('/fhir/R4/Observation/o')).headers.allow).toBe('GET, HEAD, PUT, PATCH, DELETE, OPTIONS');
  expect((await request(facet.app).options('/fhir/R4')).headers.allow).toBe('POST, GET, HEAD, OPTIONS');
  expect((await request(facet.app).options('/fhir/R4/Parameters')).status).toBe(404);
});

test.each([
  ['return=minimal', ''],
  ['return=OperationOutcome', 'OperationOutcome'],
  ['return=representation', 'Patient'],
])('Prefer: %s applies to create, update, patch and their conditional kinds', async (prefer, type) => {
  const patient = (more: object = {}) => JSON.stringify({ resourceType: 'Patient', identifier: [{ value: prefer }], ...more });
  const headers = { Prefer: prefer, 'Content-Type': 'application/fhir+json' };
  const patch = { Prefer: prefer, 'Content-Type': 'application/json-patch+json' };
  const by = `/Patient?identifier=${encodeURIComponent(prefer)}`;
  const id = prefer.replaceAll(/[^a-z]/gi, '-');
  const responses = [
    await api('put', `/Patient/${id}`).set(headers).send(patient({ id })),
    await api('post', '/Patient')
      .set({ ...headers, 'If-None-Exist': by.slice(1) })
      .send(patient()),
    await api('put', by)
      .set(headers)
      .send(patient({ active: true })),
    await api('patch', by).set(patch).send('[{"op":"add","path":"/gender","value":"other"}]'),
    await api('patch', `/Patient/${id}`).set(patch).send('[{"op":"remove","path":"/gender"}]'),
    await api('post', '/Patient').set(headers).send(patient()),
  ];
  expect(responses.map(({ status, text }) => [status, text && JSON.parse(text).resourceType])).toEqual(
    [201, 200, 200, 200, 200, 201].map((status) => [status, type]),
  );
});
