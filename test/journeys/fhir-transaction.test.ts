// Transactions over HTTP: all or nothing, in the specified order, with resolved references. https://hl7.org/fhir/R4/http.html#trules
import request from 'supertest';
import { type Running, startFacet } from './running-server.ts';

let facet: Running;
beforeAll(async () => {
  facet = await startFacet();
});
afterAll(() => facet.close());

const FHIR = 'application/fhir+json';
const auth = () => `Bearer ${facet.demo.fhir}`;
const get = (path: string) => request(facet.app).get(`/fhir/R4${path}`).set('Authorization', auth());
const post = (path: string, body: string | object, headers: Record<string, string> = {}) =>
  request(facet.app)
    .post(`/fhir/R4${path}`)
    .set({ Authorization: auth(), 'Content-Type': FHIR, ...headers })
    .send(typeof body === 'string' ? body : JSON.stringify(body));

interface Entry {
  fullUrl?: string;
  resource?: object;
  request?: Record<string, string>;
}
const transaction = (entry: Entry[], headers: Record<string, string> = {}) =>
  post('', { resourceType: 'Bundle', type: 'transaction', entry }, headers);
const patient = (mrn: string, more: object = {}) => ({
  resourceType: 'Patient',
  identifier: [{ system: 'urn:mrn', value: mrn }],
  ...more,
});
const put = (url: string, resource: object, more: object = {}): Entry => ({ resource, request: { method: 'PUT', url, ...more } });
const statuses = (answer: { body: { entry: { response: { status: string } }[] } }) =>
  answer.body.entry.map((entry) => Number(entry.response.status.slice(0, 3)));
const count = async (search: string) => (await get(`/${search}&_summary=count`)).body.total;

const P = 'urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a';
const O = 'urn:uuid:88f151c0-a954-468a-88bd-5ae15c08e059';
const NARRATIVE = `<div xmlns="http://www.w3.org/1999/xhtml"><a href="${P}">the patient</a></div>`;

test('references between entries are rewritten everywhere, also circular ones, and digits stay as written', async () => {
  const observation = `{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"${P}"},
    "text":{"status":"generated","div":${JSON.stringify(NARRATIVE)}},"meta":{"profile":["${P}"]},
    "extension":[{"url":"http://x.test/e","valueUri":"${P}"},{"url":"http://x.test/f","valueString":"${P}"}],"valueQuantity":{"value":1.00}}`;
  const first = JSON.stringify({
    fullUrl: P,
    resource: { ...patient('t1'), extension: [{ url: 'http://x.test/circle', valueReference: { reference: O } }] },
    request: { method: 'POST', url: 'Patient' },
  });
  const body = `{"resourceType":"Bundle","type":"transaction","entry":[
    {"fullUrl":"${O}","resource":${observation},"request":{"method":"POST","url":"/Observation"}},${first}]}`;
  const response = await post('', body);
  expect([response.status, response.body.type, statuses(response)]).toEqual([200, 'transaction-response', [201, 201]]);
  const [created, owner] = response.body.entry;
  expect(created.response.location).toMatch(/\/fhir\/R4\/Observation\/[^/]+\/_history\/1$/);
  expect([created.response.etag, created.response.lastModified]).toEqual(['W/"1"', created.resource.meta.lastUpdated]);
  const name = `Patient/${owner.resource.id}`;
  expect(created.resource.subject.reference).toBe(name);
  expect(created.resource.text.div).toContain(`href="${name}"`);
  expect(created.resource.extension.map((extension: object) => Object.values(extension)[1])).toEqual([name, P]);
  expect(created.resource.meta.profile).toEqual([P]);
  expect(owner.resource.extension[0].valueReference.reference).toBe(`Observation/${created.resource.id}`);
  expect((await get(`/Observation/${created.resource.id}`)).text).toContain('"value":1.00');
  expect((await get(`/Observation?subject=${name}`)).body.entry).toHaveLength(1);
});

test('the order of effect is DELETE, POST, PUT, GET, whatever the order of the entries', async () => {
  await request(facet.app)
    .put('/fhir/R4/Patient/gone')
    .set({ Authorization: auth(), 'Content-Type': FHIR })
    .send({ ...patient('t2'), id: 'gone' });
  const response = await transaction([
    { request: { method: 'GET', url: 'Patient?identifier=urn:mrn|t2' } },
    { request: { method: 'GET', url: '/Patient/kept' } },
    put('Patient/kept', { ...patient('t2b'), id: 'kept' }),
    { resource: patient('t2'), request: { method: 'POST', url: 'Patient', ifNoneExist: 'identifier=urn:mrn|t2' } },
    { request: { method: 'DELETE', url: 'Patient/gone' } },
  ]);
  expect(statuses(response)).toEqual([200, 200, 201, 201, 204]);
  const [found, unchanged, , created] = response.body.entry;
  expect(found.resource.entry.map((entry: { resource: { id: string } }) => entry.resource.id)).toEqual([created.resource.id]);
  expect(unchanged.resource.id).toBe('kept');
});

test('a failed transaction writes nothing, and names the entry', async () => {
  const refused = await transaction([
    { resource: patient('t3'), request: { method: 'POST', url: 'Patient' } },
    put('Patient/t3-put', { ...patient('t3'), id: 't3-put' }),
    { resource: { resourceType: 'Patient', gender: 'SECRET' }, request: { method: 'POST', url: 'Patient' } },
  ]);
  expect([refused.status, refused.body.resourceType]).toEqual([400, 'OperationOutcome']);
  expect(refused.body.issue[0].expression).toEqual(['Bundle.entry[2].resource.gender']);
  expect(await count('Patient?identifier=urn:mrn|t3')).toBe(0);
  expect((await get('/Patient/t3-put/_history')).status).toBe(404);
});

test('unsupported types are refused by name, all at once', async () => {
  const refused = await transaction([
    { resource: patient('t4'), request: { method: 'POST', url: 'Patient' } },
    { resource: { resourceType: 'AuditEvent' }, request: { method: 'POST', url: 'AuditEvent' } },
    { resource: { resourceType: 'Parameters' }, request: { method: 'POST', url: 'Parameters' } },
  ]);
  expect(refused.status).toBe(400);
  expect(
    refused.body.issue.map((issue: { expression: string[]; details: { text: string } }) => [issue.expression[0], issue.details.text]),
  ).toEqual([
    ['Bundle.entry[1]', 'this server does not serve the resource type AuditEvent'],
    ['Bundle.entry[2]', 'this server does not serve the resource type Parameters'],
  ]);
});

test('a conditional reference becomes the one match, also a resource of this transaction; no or several matches fail the transaction', async () => {
  const observation = (reference: string) => ({
    resourceType: 'Observation',
    status: 'final',
    code: { text: 'x' },
    subject: { reference },
  });
  const response = await transaction([
    { resource: observation('Patient?identifier=urn:mrn|t5'), request: { method: 'POST', url: 'Observation' } },
    { resource: patient('t5'), request: { method: 'POST', url: 'Patient' } },
  ]);
  const [created, owner] = response.body.entry;
  expect(created.resource.subject.reference).toBe(`Patient/${owner.resource.id}`);
  const repeated = await transaction([
    { resource: observation('Patient?identifier=urn:mrn|t5'), request: { method: 'POST', url: 'Observation' } },
  ]);
  expect(repeated.body.entry[0].resource.subject.reference).toBe(`Patient/${owner.resource.id}`);
  const none = await transaction([
    { resource: observation('Patient?identifier=urn:mrn|nobody'), request: { method: 'POST', url: 'Observation' } },
  ]);
  expect([none.status, none.body.issue[0].code, none.body.issue[0].expression]).toEqual([422, 'not-found', ['Bundle.entry[0]']]);
  await post('/Patient', patient('t5'));
  const several = await transaction([
    { resource: observation('Patient?identifier=urn:mrn|t5'), request: { method: 'POST', url: 'Observation' } },
  ]);
  expect([several.status, several.body.issue[0].expression]).toEqual([412, ['Bundle.entry[0]']]);
  const unknown = await transaction([
    { resource: observation('Patient?identifer=urn:mrn|t5'), request: { method: 'POST', url: 'Observation' } },
  ]);
  expect(unknown.status).toBe(400);
});

test('a second match that the transaction itself creates makes a conditional reference ambiguous', async () => {
  await post('/Patient', patient('t5b'));
  const response = await transaction([
    {
      resource: {
        resourceType: 'Observation',
        status: 'final',
        code: { text: 'x' },
        subject: { reference: 'Patient?identifier=urn:mrn|t5b' },
      },
      request: { method: 'POST', url: 'Observation' },
    },
    { resource: patient('t5b'), request: { method: 'POST', url: 'Patient' } },
  ]);
  expect([response.status, await count('Patient?identifier=urn:mrn|t5b')]).toEqual([412, 1]);
});

test('ifNoneExist returns the existing match, and links lead to it', async () => {
  const { body: there } = await post('/Patient', patient('t6'));
  const response = await transaction([
    { fullUrl: P, resource: patient('t6'), request: { method: 'POST', url: 'Patient', ifNoneExist: 'identifier=urn:mrn|t6' } },
    {
      resource: { resourceType: 'Condition', subject: { reference: P } },
      request: { method: 'POST', url: 'Condition' },
    },
  ]);
  expect(statuses(response)).toEqual([200, 201]);
  expect(response.body.entry[1].resource.subject.reference).toBe(`Patient/${there.id}`);
  expect(await count('Patient?identifier=urn:mrn|t6')).toBe(1);
});

test('an outdated ifMatch fails the transaction with 412', async () => {
  const { body } = await post('/Patient', patient('t7'));
  const next = { ...patient('t7'), id: body.id, active: true };
  const invalid = await transaction([put(`Patient/${body.id}`, next, { ifMatch: 'W/"4"' })]);
  expect([invalid.status, invalid.body.issue[0].expression]).toEqual([412, ['Bundle.entry[0]']]);
  expect(statuses(await transaction([put(`Patient/${body.id}`, next, { ifMatch: 'W/"1"' })]))).toEqual([200]);
  expect((await transaction([put(`Patient/${body.id}`, next, { ifNoneMatch: '*' })])).status).toBe(412);
});

test('two entries that write one resource are refused', async () => {
  const twice = { ...patient('t8'), id: 't8' };
  expect((await transaction([put('Patient/t8', twice), put('Patient/t8', { ...twice, active: true })])).status).toBe(400);
  expect((await transaction([put('Patient/t8', twice), { request: { method: 'DELETE', url: 'Patient/t8' } }])).status).toBe(400);
  const created = { resource: patient('t8'), request: { method: 'POST', url: 'Patient', ifNoneExist: 'identifier=urn:mrn|t8' } };
  expect((await transaction([created, created])).status).toBe(400);
  expect(await count('Patient?identifier=urn:mrn|t8')).toBe(0);
});

test('a full URL of another server stands for the resource in relative and versioned references too', async () => {
  const response = await transaction([
    { fullUrl: 'http://old.test/fhir/Patient/77', resource: patient('t9'), request: { method: 'POST', url: 'Patient' } },
    {
      fullUrl: 'http://old.test/fhir/Condition/1',
      resource: {
        resourceType: 'Condition',
        subject: { reference: 'Patient/77' },
        recorder: { reference: 'http://old.test/fhir/Patient/77/_history/9' },
      },
      request: { method: 'POST', url: 'Condition' },
    },
  ]);
  const [owner, created] = response.body.entry;
  const name = `Patient/${owner.resource.id}`;
  expect([created.resource.subject.reference, created.resource.recorder.reference]).toEqual([name, `${name}/_history/1`]);
});

test('Prefer: return=minimal omits the resources from the response', async () => {
  const response = await transaction([{ resource: patient('t10'), request: { method: 'POST', url: 'Patient' } }], {
    Prefer: 'return=minimal',
  });
  expect([statuses(response), response.body.entry[0].resource]).toEqual([[201], undefined]);
});

test('a write without a change creates no version; an empty transaction returns an empty Bundle', async () => {
  const own = { ...patient('t11'), id: 't11' };
  expect(statuses(await transaction([put('Patient/t11', own)]))).toEqual([201]);
  const same = await transaction([put('Patient/t11', own)]);
  expect([statuses(same), same.body.entry[0].response.etag]).toEqual([[200], 'W/"1"']);
  const empty = await transaction([]);
  expect([empty.status, empty.body]).toEqual([200, { resourceType: 'Bundle', type: 'transaction-response' }]);
});

test.each([
  ['another type of Bundle', { resourceType: 'Bundle', type: 'collection' }, 400],
  ['no Bundle', { resourceType: 'Patient' }, 400],
  ['an entry without a request', { resourceType: 'Bundle', type: 'transaction', entry: [{ resource: patient('x') }] }, 400],
  [
    'a POST without a resource',
    { resourceType: 'Bundle', type: 'transaction', entry: [{ request: { method: 'POST', url: 'Patient' } }] },
    400,
  ],
  ['a method there is not', { resourceType: 'Bundle', type: 'transaction', entry: [{ request: { method: 'COPY', url: 'Patient' } }] }, 400],
  ['an element R4 does not define', { resourceType: 'Bundle', type: 'batch', entries: [] }, 400],
  ['a path there is not', { resourceType: 'Bundle', type: 'transaction', entry: [{ request: { method: 'GET', url: 'a/b/c/d/e' } }] }, 400],
  [
    'another server',
    { resourceType: 'Bundle', type: 'transaction', entry: [{ request: { method: 'GET', url: 'http://x.test/Patient/1' } }] },
    400,
  ],
  [
    'a read of what is not there',
    { resourceType: 'Bundle', type: 'transaction', entry: [{ request: { method: 'GET', url: 'Patient/none' } }] },
    404,
  ],
])('%s is refused', async (_what, body, status) => {
  const response = await post('', body);
  expect([response.status, response.body.resourceType]).toEqual([status, 'OperationOutcome']);
});

test('more entries than the declared limit are refused as too costly', async () => {
  const entry = Array.from({ length: 5001 }, () => ({ request: { method: 'GET', url: 'Patient/x' } }));
  const response = await transaction(entry);
  expect([response.status, response.body.issue[0].code]).toEqual([413, 'too-costly']);
  const { body } = await get('/metadata');
  expect(body.rest[0].documentation).toContain('at most 5000 entries');
  expect(body.rest[0].interaction).toEqual(expect.arrayContaining([{ code: 'transaction' }, { code: 'batch' }]));
});

test('a transaction writes only what the scopes of its key allow', async () => {
  const key = await facet.keyWith('fhir', ['system/Patient.cruds']);
  const body = {
    resourceType: 'Bundle',
    type: 'transaction',
    entry: [
      { resource: patient('t12'), request: { method: 'POST', url: 'Patient' } },
      { resource: { resourceType: 'Location' }, request: { method: 'POST', url: 'Location' } },
    ],
  };
  const response = await post('', body, { Authorization: `Bearer ${key}` });
  expect([response.status, response.body.issue[0].expression]).toEqual([403, ['Bundle.entry[1]']]);
  expect(await count('Patient?identifier=urn:mrn|t12')).toBe(0);
});

test('a batch processes each entry independently: a failed entry has its own outcome', async () => {
  const entry = [
    { resource: patient('b1'), request: { method: 'POST', url: '/Patient' } },
    { resource: { resourceType: 'Patient', gender: 'x' }, request: { method: 'POST', url: 'Patient' } },
    { request: { method: 'GET', url: '/Patient?identifier=urn:mrn|b1' } },
    { request: { method: 'GET', url: 'http://facet.test/fhir/R4/Patient/none' } },
    { request: { method: 'DELETE', url: 'Patient/none' } },
    {},
    { request: { method: 'GET', url: 'Claim/1' } },
  ];
  const response = await post('', { resourceType: 'Bundle', type: 'batch', entry });
  expect([response.status, response.body.type, statuses(response)]).toEqual([200, 'batch-response', [201, 400, 200, 404, 204, 400, 404]]);
  expect(response.body.entry[1].response.outcome.issue[0].expression).toEqual(['Bundle.entry[1].resource.gender']);
  expect(response.body.entry[2].resource.entry).toHaveLength(1);
});

test('entries of a batch cannot refer to each other', async () => {
  const entry = [
    { fullUrl: P, resource: patient('b2'), request: { method: 'POST', url: 'Patient' } },
    { resource: { resourceType: 'Condition', subject: { reference: P } }, request: { method: 'POST', url: 'Condition' } },
  ];
  expect(statuses(await post('', { resourceType: 'Bundle', type: 'batch', entry }))).toEqual([201, 400]);
});

test.each(['batch', 'transaction'])('the response to a HEAD entry of a %s has the facts of GET and no resource', async (type) => {
  const { body } = await post('/Patient', patient(`h1-${type}`));
  const entry = ['HEAD', 'GET'].map((method) => ({ request: { method, url: `Patient/${body.id}` } }));
  const response = await post('', { resourceType: 'Bundle', type, entry });
  const [head, read] = response.body.entry;
  expect(read.resource).toEqual(body);
  expect(head).toEqual({ response: read.response });
  expect(head.response).toMatchObject({ status: '200 OK', etag: 'W/"1"' });
});
