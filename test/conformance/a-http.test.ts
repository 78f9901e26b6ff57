// A. General HTTP: the requirements of the R4 RESTful API that hold for every request, by their numbers. https://hl7.org/fhir/R4/http.html
import { expectRefusal, server } from './asking.ts';

const { ask, facet, base } = server();
const PATIENT = { resourceType: 'Patient', name: [{ family: 'Lovelace', given: ['Ada'] }] };
const made = async (more: object = {}) => (await ask('POST', '/Patient', { body: { ...PATIENT, ...more } })).body as { id: string };

test('A1 the CapabilityStatement declares FHIR 4.0.1, and a request with its ETag is 304', async () => {
  const { status, body, headers } = await ask('GET', '/metadata');
  expect([status, body.resourceType, body.fhirVersion]).toEqual([200, 'CapabilityStatement', '4.0.1']);
  expect(body.rest[0].resource.map(({ type }: { type: string }) => type)).toContain('ServiceRequest');
  expect((await ask('GET', '/metadata', { headers: { 'If-None-Match': headers.get('etag')! } })).status).toBe(304);
});

test('A2 the CapabilityStatement is read without a key, resources are not', async () => {
  expect((await ask('GET', '/metadata', { key: null })).status).toBe(200);
  const refused = await ask('GET', '/Patient', { key: null });
  expectRefusal(refused, 401, 'login');
  expect(refused.headers.get('www-authenticate')).toMatch(/^Bearer/);
});

test.each(['xml', 'application/xml', 'text/xml', 'application/fhir%2Bxml'])(
  'A4 _format=%s returns XML and overrides Accept',
  async (format) => {
    const { id } = await made();
    const answer = await ask('GET', `/Patient/${id}?_format=${format}`, { headers: { Accept: 'application/fhir+json' } });
    expect([answer.status, answer.text.includes('<Patient xmlns="http://hl7.org/fhir">')]).toEqual([200, true]);
  },
);

test('A3 responses are application/fhir+json in UTF-8, or application/json if the client accepts that', async () => {
  const { id } = await made();
  expect((await ask('GET', `/Patient/${id}`)).headers.get('content-type')).toBe('application/fhir+json; charset=utf-8');
  const plain = await ask('GET', `/Patient/${id}`, { headers: { Accept: 'application/json' } });
  expect(plain.headers.get('content-type')).toMatch(/^application\/json/);
});

test.each(['json', 'application/json', 'application/fhir%2Bjson'])('A4 _format=%s overrides Accept', async (format) => {
  const { id } = await made();
  expect((await ask('GET', `/Patient/${id}?_format=${format}`, { headers: { Accept: 'application/fhir+xml' } })).status).toBe(200);
});

test.each(['ttl', 'text/turtle', 'nonsense'])('A4 _format=%s is not served: 406', async (format) => {
  const { id } = await made();
  expectRefusal(await ask('GET', `/Patient/${id}?_format=${format}`), 406);
});

test('A5 an Accept of other types only is 406, a body of another type 415', async () => {
  expectRefusal(await ask('GET', '/Patient', { headers: { Accept: 'text/turtle' } }), 406);
  for (const [method, path] of [
    ['POST', '/Patient'],
    ['PUT', '/Patient/x'],
    ['PATCH', '/Patient/x'],
  ] as const)
    expectRefusal(await ask(method, path, { headers: { 'Content-Type': 'text/turtle' }, body: '[]' }), 415);
});

test('A6 fhirVersion=4.0 is accepted; another version is 406 of an Accept and 415 of a body', async () => {
  expect((await ask('GET', '/Patient', { headers: { Accept: 'application/fhir+json; fhirVersion=4.0' } })).status).toBe(200);
  expectRefusal(await ask('GET', '/Patient', { headers: { Accept: 'application/fhir+json; fhirVersion=3.0' } }), 406);
  const body = { headers: { 'Content-Type': 'application/fhir+json; fhirVersion=3.0' }, body: PATIENT };
  expectRefusal(await ask('POST', '/Patient', body), 415);
});

test('A7 every refusal is an OperationOutcome with a code and a text, and without internals of the server', async () => {
  const refusals = await Promise.all([
    ask('GET', '/Patient/nobody'),
    ask('GET', '/Nothing'),
    ask('POST', '/Patient', { body: '{' }),
    ask('GET', '/Patient?colour=blue'),
    ask('DELETE', '/metadata'),
    ask('GET', '/Patient', { key: 'wrong' }),
  ]);
  for (const refusal of refusals) {
    expectRefusal(refusal, [400, 401, 404, 405]);
    expect(refusal.body.issue[0].diagnostics ?? refusal.body.issue[0].details?.text).toEqual(expect.stringMatching(/\w/));
    expect(refusal.text).not.toMatch(/\bat .*\.ts|node_modules|select |stack/);
  }
});

test('A8 a type that is not served and an unknown path are 404', async () => {
  expectRefusal(await ask('GET', '/Parameters/1'), 404, 'not-supported');
  expectRefusal(await ask('GET', '/Patient/1/2/3/4'), 404);
});

test('A9 a method that a path does not support is 405, and Allow lists the supported ones', async () => {
  const refused = await ask('PUT', '/Patient/x/_history/1', { body: PATIENT });
  expectRefusal(refused, 405);
  expect(refused.headers.get('allow')).toMatch(/\bGET\b/);
});

test('A10 HEAD has the headers of GET and no body', async () => {
  const { id } = await made();
  const [get, head] = [await ask('GET', `/Patient/${id}`), await ask('HEAD', `/Patient/${id}`)];
  expect([head.status, head.text]).toEqual([200, '']);
  for (const name of ['etag', 'last-modified', 'content-type', 'content-length'])
    expect([name, head.headers.get(name)]).toEqual([name, get.headers.get(name)]);
});

test.each([
  ['no JSON', '{"resourceType":"Patient",', 'structure'],
  ['a key twice', '{"resourceType":"Patient","gender":"male","gender":"female"}', 'structure'],
  ['an empty object', '{"resourceType":"Patient","name":[{}]}', undefined],
  ['an empty list', '{"resourceType":"Patient","name":[]}', undefined],
  ['an empty string', '{"resourceType":"Patient","gender":""}', undefined],
  ['a null', '{"resourceType":"Patient","gender":null}', undefined],
  ['a null in a list without a counterpart', '{"resourceType":"Patient","name":[{"given":[null]}]}', undefined],
])('A11 a body with %s is 400', async (_title, body, code) => {
  expectRefusal(await ask('POST', '/Patient', { body }), 400, code);
});

test('A12 ids and paths are case-sensitive; a query is decoded once, and a plus in it is a space', async () => {
  const { id } = await made({ id: 'x', name: [{ family: 'Van Dyke 100%25' }], identifier: [{ system: 'urn:Case', value: 'AbC' }] });
  expect((await ask('GET', `/patient/${id}`)).status).toBe(404);
  const total = async (query: string) => (await ask('GET', `/Patient?_id=${id}&${query}&_total=accurate`)).body.total;
  expect(await total('family=van+dyke')).toBe(1);
  expect(await total('family=van%20dyke%20100%2525')).toBe(1);
  expect([await total('identifier=urn:Case%7CAbC'), await total('identifier=urn:Case%7Cabc')]).toEqual([1, 0]);
});

test('A13 Prefer: return is followed; without it the response is the resource', async () => {
  const create = (prefer?: string) => ask('POST', '/Patient', { headers: prefer ? { Prefer: `return=${prefer}` } : {}, body: PATIENT });
  expect((await create()).body.resourceType).toBe('Patient');
  expect((await create('representation')).body.resourceType).toBe('Patient');
  expect((await create('OperationOutcome')).body.resourceType).toBe('OperationOutcome');
  expect([(await create('minimal')).status, (await create('minimal')).text]).toEqual([201, '']);
});

test('A14 Prefer: handling=lenient ignores an unknown parameter with a warning; strict refuses it', async () => {
  const search = (handling: string) => ask('GET', '/Patient?colour=blue', { headers: { Prefer: `handling=${handling}` } });
  expectRefusal(await search('strict'), 400);
  const { body } = await search('lenient');
  expect(body.link.find(({ relation }: { relation: string }) => relation === 'self').url).not.toContain('colour');
  expect(JSON.stringify(body.entry.filter(({ search }: { search: { mode: string } }) => search.mode === 'outcome'))).toContain('colour');
});

test('A15 a browser app of another origin may send requests, and can read the headers of FHIR', async () => {
  const origin = { Origin: 'https://app.example', 'Access-Control-Request-Method': 'PUT' };
  const preflight = await ask('OPTIONS', '/Patient/x', { key: null, headers: origin });
  expect(preflight.status).toBe(204);
  expect(preflight.headers.get('access-control-allow-methods')).toMatch(/PUT/);
  const exposed = (await ask('GET', '/Patient', { headers: { Origin: 'https://app.example' } })).headers.get(
    'access-control-expose-headers',
  );
  for (const name of ['ETag', 'Location', 'Content-Location', 'Last-Modified']) expect(exposed).toContain(name);
});

test('A16 every response has a date and a request id, which is the client’s if it sent one', async () => {
  const given = await ask('GET', '/Patient/nobody', { headers: { 'X-Request-Id': 'call-7' } });
  expect(given.headers.get('x-request-id')).toBe('call-7');
  const own = await ask('GET', '/Patient');
  expect(own.headers.get('x-request-id')).toMatch(/./);
  expect(Date.parse(own.headers.get('date')!)).toBeGreaterThan(0);
});

test('A17 a body over the limit is 413', async () => {
  const statement = (await ask('GET', '/metadata')).body;
  expect(JSON.stringify(statement)).toMatch(/MiB|bytes/);
  const body = JSON.stringify({
    ...PATIENT,
    text: { status: 'generated', div: `<div xmlns="http://www.w3.org/1999/xhtml">${'x'.repeat(70_000_000)}</div>` },
  });
  const answer = await fetch(`${base()}/Patient`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${facet().demo.fhir}`, 'Content-Type': 'application/fhir+json' },
    body,
  });
  expect(answer.status).toBe(413);
  expect(await answer.json()).toMatchObject({ resourceType: 'OperationOutcome', issue: [{ code: 'too-long' }] });
});
