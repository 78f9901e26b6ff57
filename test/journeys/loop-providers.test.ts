// Loop's links between patients and providers over HTTP: POST and GET /v1/patients/{patient_id}/providers.
import request from 'supertest';
import { type Running, startFacet } from './running-server.ts';

let facet: Running;
let patient: string;
let provider: string;
beforeAll(async () => {
  facet = await startFacet();
  patient = (await loop('post', '/v1/patients', { brand_id: 'loop', first_name: 'Ada', last_name: 'King' })).body.id;
  provider = await newProvider('Dr Lee');
});
afterAll(() => facet.close());

const loop = (method: 'get' | 'post', path: string, body?: object, key = facet.demo.loop!) =>
  request(facet.app)[method](path).set('Authorization', `Bearer ${key}`).send(body);
const newProvider = async (name: string, brand = 'loop'): Promise<string> =>
  (await loop('post', '/v1/providers', { brand_id: brand, name })).body.id;
const links = (of = patient) => `/v1/patients/${of}/providers`;
const teams = async () => (await facet.fhir('get', `/CareTeam?patient=${patient}`)).body.entry ?? [];

test('a patient without a provider has an empty list', async () => {
  const { status, body } = await loop('get', links());
  expect([status, body]).toEqual([200, { patient_id: patient, providers: [] }]);
});

test('linking returns 200 with the link, which is in the list and a CareTeam in FHIR', async () => {
  const { status, body, headers } = await loop('post', links(), { provider_id: provider });
  expect([status, headers.location]).toEqual([200, undefined]);
  expect(body).toEqual({
    id: expect.any(String),
    patient_id: patient,
    provider_id: provider,
    relationship: 'primary',
    status: 'active',
    started_at: expect.stringMatching(/^\d{4}-.*Z$/),
    ended_at: null,
  });
  expect((await loop('get', links())).body).toEqual({ patient_id: patient, providers: [body] });
  expect((await facet.fhir('get', `/CareTeam/${body.id}`)).body).toMatchObject({
    subject: { reference: `Patient/${patient}` },
    participant: [{ member: { reference: `Practitioner/${provider}` } }],
  });
});

test('linking the same two again updates the relationship and creates no second link', async () => {
  const [before] = (await loop('get', links())).body.providers;
  const { status, body } = await loop('post', links(), { provider_id: provider, relationship: 'specialist' });
  expect([status, body]).toEqual([200, { ...before, relationship: 'specialist' }]);
  expect((await loop('post', links(), { provider_id: provider })).body).toEqual({ ...before, relationship: 'primary' });
  expect(await teams()).toHaveLength(1);
});

test('ids in upper case are the same ids: no second link is created', async () => {
  const [before] = (await loop('get', links())).body.providers;
  const { status, body } = await loop('post', links(patient.toUpperCase()), { provider_id: provider.toUpperCase() });
  expect([status, body]).toEqual([200, before]);
  expect(await teams()).toHaveLength(1);
});

test('concurrent requests create one link', async () => {
  const other = await newProvider('Lab');
  const responses = await Promise.all([1, 2, 3, 4].map(() => loop('post', links(), { provider_id: other, relationship: 'lab' })));
  expect(responses.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  expect(new Set(responses.map(({ body }) => body.id)).size).toBe(1);
  expect(await teams()).toHaveLength(2);
});

test('an ended link stays in the list, and the two can be linked again', async () => {
  const third = await newProvider('Pharmacy');
  const { body: first } = await loop('post', links(), { provider_id: third, relationship: 'pharmacy' });
  const { body: team } = await facet.fhir('get', `/CareTeam/${first.id}`);
  await facet.put({ ...team, status: 'inactive', period: { ...team.period, end: '2030-01-01' } }).expect(200);
  const { body: second } = await loop('post', links(), { provider_id: third, relationship: 'pharmacy' });
  expect(second.id).not.toBe(first.id);
  const { providers } = (await loop('get', links())).body;
  expect(providers.filter((provider: { provider_id: string }) => provider.provider_id === third)).toEqual([
    { ...first, status: 'inactive', ended_at: '2030-01-01' },
    second,
  ]);
});

test('a CareTeam of FHIR clients is not a link', async () => {
  await facet.put({
    resourceType: 'CareTeam',
    status: 'active',
    id: 'kidney',
    subject: { reference: `Patient/${patient}` },
  });
  expect((await loop('get', links())).body.providers.map(({ id }: { id: string }) => id)).not.toContain('kidney');
});

test('a patient whose FHIR id is not a UUID is linked once by its UUID alias', async () => {
  await facet.put({
    resourceType: 'Patient',
    id: 'ada',
    meta: { tag: [{ system: 'https://loop.health/fhir/NamingSystem/brand', code: 'short' }] },
  });
  const { id } = (await loop('get', '/v1/patients?brand_id=short')).body.patients[0];
  const theirs = { provider_id: await newProvider('Dr Near', 'short') };
  const [one, two] = [await loop('post', links(id), theirs), await loop('post', links(id), theirs)];
  expect([one.status, two.body.id]).toEqual([200, one.body.id]);
  expect((await loop('get', links(id))).body).toEqual({ patient_id: id, providers: [one.body] });
  expect((await facet.fhir('get', `/CareTeam/${one.body.id}`)).body.subject.reference).toBe('Patient/ada');
});

test.each<[string, () => Promise<[string, object]>]>([
  ['a patient that is not there', async () => [links('0190b3c2-0000-7000-8000-0000000000ff'), { provider_id: provider }]],
  ['a provider that is not there', async () => [links(), { provider_id: '0190b3c2-0000-7000-8000-0000000000ff' }]],
  ['a provider of another brand', async () => [links(), { provider_id: await newProvider('Dr Far', 'loopbio') }]],
  ['a practitioner who is no provider', async () => [links(), { provider_id: await plainPractitioner() }]],
])('%s is 404, and nothing is created', async (_what, sendRequest) => {
  const [path, body] = await sendRequest();
  const before = (await teams()).length;
  const response = await loop('post', path, body);
  expect([response.status, response.body.error]).toEqual([404, 'not_found']);
  expect(await teams()).toHaveLength(before);
});

async function plainPractitioner(): Promise<string> {
  const id = '0190b3c2-0000-7000-8000-0000000000ee';
  await facet.put({ resourceType: 'Practitioner', id });
  return id;
}

test('another tenant sees neither the patient nor the links', async () => {
  expect((await loop('get', links(), undefined, facet.other.loop)).status).toBe(404);
  expect((await loop('post', links(), { provider_id: provider }, facet.other.loop)).status).toBe(404);
});

test('an invalid relationship is refused with the allowed values', async () => {
  const { status, body } = await loop('post', links(), { provider_id: provider, relationship: 'friend' });
  expect([status, body.error, body.message]).toEqual([400, 'validation_error', expect.any(String)]);
});
