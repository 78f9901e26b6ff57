// Absolute links and references by the host that a client used: only a loopback host, or a host from a trusted proxy. https://hl7.org/fhir/R4/http.html#general
import request from 'supertest';
import { BASE_URL, type Running, startFacet } from './running-server.ts';

/** Without FACET_BASE_URL, and behind a proxy on the loopback interface. */
let proxied: Running;
let direct: Running;
let fixed: Running;
beforeAll(async () => {
  proxied = await startFacet({ FACET_BASE_URL: '', TRUST_PROXY: 'loopback' });
  direct = await startFacet({ FACET_BASE_URL: '' });
  fixed = await startFacet({ TRUST_PROXY: 'loopback' });
});
afterAll(() => Promise.all([proxied, direct, fixed].map((facet) => facet.close())));

const locationOf = async (facet: Running, headers: Record<string, string>): Promise<string> => {
  const response = await facet.fhir('post', '/Patient').set(headers).send({ resourceType: 'Patient' });
  expect(response.status).toBe(201);
  return response.headers.location!.replace(/\/fhir\/R4\/Patient\/.*/, '');
};

test.each([
  ['the host of a trusted proxy', { 'X-Forwarded-Host': 'ehr.example', 'X-Forwarded-Proto': 'https' }, 'https://ehr.example'],
  ['its port', { 'X-Forwarded-Host': 'EHR.example:8443', 'X-Forwarded-Proto': 'https' }, 'https://ehr.example:8443'],
  ['its host without a protocol', { 'X-Forwarded-Host': 'ehr.example' }, 'http://ehr.example'],
  ['a loopback host', { Host: 'localhost:8080' }, 'http://localhost:8080'],
  ['a loopback address', { Host: '127.0.0.1:9' }, 'http://127.0.0.1:9'],
])('without FACET_BASE_URL, links have %s', async (_what, headers, expected) => {
  expect(await locationOf(proxied, headers)).toBe(expected);
});

test.each<[string, Record<string, string>]>([
  ['a raw Host', { Host: 'evil.example' }],
  ['a Host that begins like a loopback host', { Host: 'localhost.evil.example' }],
  ['a Host that only looks like a loopback address', { Host: '127.evil.example' }],
  ['several forwarded hosts', { Host: 'evil.example', 'X-Forwarded-Host': 'evil.example, ehr.example' }],
  ['a forwarded host with user information', { Host: 'evil.example', 'X-Forwarded-Host': 'ehr.example@evil.example' }],
  ['a forwarded host with a path', { Host: 'evil.example', 'X-Forwarded-Host': 'evil.example/x' }],
  ['a forwarded protocol that is not HTTP', { Host: 'evil.example', 'X-Forwarded-Host': 'ehr.example', 'X-Forwarded-Proto': 'javascript' }],
])('links never have %s', async (_what, headers) => {
  expect(await locationOf(proxied, headers)).toBe(BASE_URL);
});

test('without TRUST_PROXY a forwarded host is ignored, and with FACET_BASE_URL every host', async () => {
  expect(await locationOf(direct, { Host: 'evil.example', 'X-Forwarded-Host': 'ehr.example' })).toBe(BASE_URL);
  expect(await locationOf(fixed, { Host: 'localhost:8080', 'X-Forwarded-Host': 'ehr.example' })).toBe(BASE_URL);
});

const EHR = { 'X-Forwarded-Host': 'ehr.example', 'X-Forwarded-Proto': 'https' };
const ABSOLUTE = 'https://ehr.example/fhir/R4/Patient/ann';
const fhir = (method: 'get' | 'put' | 'post' | 'patch', path: string) => proxied.fhir(method, path).set(EHR);
const observation = (id: string, reference: string) => ({
  resourceType: 'Observation',
  id,
  status: 'final',
  code: { coding: [{ system: 'https://ehr.example/fhir/R4/codes', code: 'w' }] },
  subject: { reference },
});
const subjectOf = async (id: string) => (await proxied.fhir('get', `/Observation/${id}`)).body.subject.reference;

test('references with the base URL of the request are local, and are stored as relative ones; other URLs stay', async () => {
  await fhir('put', '/Patient/ann').send({ resourceType: 'Patient', id: 'ann' }).expect(201);
  await fhir('put', '/Observation/o1').send(observation('o1', ABSOLUTE)).expect(201);
  await fhir('put', '/Observation/o1').send(observation('o1', ABSOLUTE)).expect(200);
  const stored = (await proxied.fhir('get', '/Observation/o1')).body;
  expect([stored.meta.versionId, stored.subject.reference]).toEqual(['1', 'Patient/ann']);
  expect(stored.code.coding[0].system).toBe('https://ehr.example/fhir/R4/codes');
  const found = async (search: string) => (await fhir('get', search)).body.entry?.map(({ fullUrl }: { fullUrl: string }) => fullUrl);
  expect(await found(`/Observation?subject=${ABSOLUTE}`)).toEqual(['https://ehr.example/fhir/R4/Observation/o1']);
  await fhir('put', '/Observation/o2').send(observation('o2', 'https://other.example/fhir/R4/Patient/ann')).expect(201);
  expect(await subjectOf('o2')).toBe('https://other.example/fhir/R4/Patient/ann');
  const value = 'https://ehr.example/fhir/R4/Patient/ann/_history/1';
  const patch = JSON.stringify([{ op: 'replace', path: '/subject/reference', value }]);
  await fhir('patch', '/Observation/o2').set('Content-Type', 'application/json-patch+json').send(patch).expect(200);
  expect(await subjectOf('o2')).toBe('Patient/ann/_history/1');
});

test('the URL of an attachment below the base URL of the request is local, too: it leads to its Binary from every host', async () => {
  const url = 'https://ehr.example/fhir/R4/Binary/pdf';
  const urls = [url, `${url}/_history/1`, 'https://ehr.example/fhir/R4/', 'https://other.example/fhir/R4/Binary/pdf'];
  const resource = {
    resourceType: 'DocumentReference',
    id: 'd',
    status: 'current',
    subject: { reference: ABSOLUTE },
    content: urls.map((each) => ({ attachment: { url: each } })),
    extension: [{ url: 'https://ehr.example/fhir/R4/Binary/x', valueAttachment: { url } }],
  };
  await fhir('put', '/Binary/pdf').send({ resourceType: 'Binary', id: 'pdf', contentType: 'application/pdf', data: 'AAAA' }).expect(201);
  await fhir('put', '/DocumentReference/d').send(resource).expect(201);
  const stored = (await proxied.fhir('get', '/DocumentReference/d')).body;
  expect(stored.content.map(({ attachment }: { attachment: { url: string } }) => attachment.url)).toEqual([
    'Binary/pdf',
    'Binary/pdf/_history/1',
    ...urls.slice(2),
  ]);
  expect(stored.extension).toEqual([{ url: 'https://ehr.example/fhir/R4/Binary/x', valueAttachment: { url: 'Binary/pdf' } }]);
  const shown = async (path: string) => (await fhir('get', path)).body.entry.map((entry: { resource: object }) => entry.resource);
  for (const path of ['/DocumentReference?_id=d', '/DocumentReference/d/_history', '/DocumentReference?subject=Patient/ann'])
    expect([path, await shown(path)]).toEqual([path, [stored]]);
  for (const base of ['', 'https://ehr.example/fhir/R4/'])
    expect(await shown(`/DocumentReference?location=${base}Binary/pdf`)).toEqual([stored]);
  const { entry } = (await proxied.fhir('get', '/Patient/ann/$everything')).body;
  expect(entry.map(({ fullUrl }: { fullUrl: string }) => fullUrl)).toContainEqual(expect.stringMatching(/\/Binary\/pdf$/));
});

test('vendors’ APIs show the URL of an attachment of this server below its FHIR base URL, at the host of the client', async () => {
  const url = 'https://ehr.example/fhir/R4/Binary/pdf';
  const clinik = (method: 'get' | 'post' | 'patch', path: string, headers: Record<string, string>) =>
    request(proxied.app)[method](`/clinik${path}`).set('x-api-key', proxied.demo.clinik!).set(headers);
  const sent = { firstName: 'Ada', lastName: 'Lovelace', photo: { url, contentType: 'image/png' } };
  const created = await clinik('post', '/v1/patients', EHR).send(sent);
  expect([created.status, created.body.data.photo.url]).toEqual([201, url]);
  const { entry } = (await proxied.fhir('get', '/Patient?family=Lovelace')).body;
  expect(entry[0].resource.photo[0].url).toBe('Binary/pdf');
  const shown = async (headers: Record<string, string>) =>
    (await clinik('get', `/v1/patients/${created.body.data.id}`, headers)).body.data.photo.url;
  expect([await shown(EHR), await shown({ Host: 'localhost:8080' })]).toEqual([url, 'http://localhost:8080/fhir/R4/Binary/pdf']);
});

test('a transaction resolves full URLs and entries below the base URL of the request', async () => {
  const entry = [
    {
      fullUrl: 'urn:uuid:33333333-3333-4333-8333-333333333333',
      resource: observation('o3', 'https://ehr.example/fhir/R4/Patient/new'),
      request: { method: 'PUT', url: 'https://ehr.example/fhir/R4/Observation/o3' },
    },
    {
      fullUrl: 'https://ehr.example/fhir/R4/Patient/new',
      resource: { resourceType: 'Patient' },
      request: { method: 'POST', url: 'Patient' },
    },
    { resource: observation('o4', ABSOLUTE), request: { method: 'PUT', url: 'Observation/o4' } },
  ];
  const { status, body } = await fhir('post', '/').send({ resourceType: 'Bundle', type: 'transaction', entry });
  expect(status).toBe(200);
  expect(body.entry[1].response.location).toMatch(/^https:\/\/ehr\.example\/fhir\/R4\/Patient\//);
  expect([await subjectOf('o3'), await subjectOf('o4')]).toEqual([`Patient/${body.entry[1].resource.id}`, 'Patient/ann']);
});

test('the result of a merge is stored with relative references', async () => {
  const resource = {
    resourceType: 'Patient',
    id: 'kept',
    managingOrganization: { reference: 'https://ehr.example/fhir/R4/Organization/o' },
    link: [{ other: { reference: 'https://ehr.example/fhir/R4/Patient/gone' }, type: 'replaces' }],
  };
  for (const id of ['gone', 'kept']) await fhir('put', `/Patient/${id}`).send({ resourceType: 'Patient', id }).expect(201);
  const parameter = [
    { name: 'source-patient', valueReference: { reference: 'https://ehr.example/fhir/R4/Patient/gone' } },
    { name: 'target-patient', valueReference: { reference: 'Patient/kept' } },
    { name: 'result-patient', resource },
  ];
  await fhir('post', '/Patient/$merge').send({ resourceType: 'Parameters', parameter }).expect(200);
  const stored = (await proxied.fhir('get', '/Patient/kept')).body;
  expect([stored.managingOrganization.reference, stored.link[0].other.reference]).toEqual(['Organization/o', 'Patient/gone']);
});

test('page links have the host, too', async () => {
  const { body } = await fhir('get', '/Observation?_count=1');
  for (const { url } of body.link) expect(url).toMatch(/^https:\/\/ehr\.example\/fhir\/R4\/Observation\?/);
});

test('the statements of /metadata have the host, each with its own ETag, for more hosts than are cached', async () => {
  const read = (mode: string, host: string) =>
    proxied.fhir('get', `/metadata?mode=${mode}`).set({ 'X-Forwarded-Host': host, 'X-Forwarded-Proto': 'https' });
  const tags = new Set<string>();
  for (let n = 0; n < 12; n++) {
    const { body, headers } = await read('full', `h${n}.example`);
    expect(body.implementation.url).toBe(`https://h${n}.example/fhir/R4`);
    tags.add(headers.etag!);
  }
  expect(tags.size).toBe(12);
  expect((await read('full', 'h0.example')).headers.etag).toBe([...tags][0]);
  expect((await read('terminology', 'h0.example')).body.implementation.url).toBe('https://h0.example/fhir/R4');
});
