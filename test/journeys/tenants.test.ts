// Another tenant's data does not exist: every route is called with a key of one tenant for the data of another.
import request from 'supertest';
import { registration } from './people.ts';
import { nextOf, type Running, startFacet } from './running-server.ts';

let facet: Running;
let ids: Record<string, string>;
beforeAll(async () => {
  facet = await startFacet();
  await facet.put({
    resourceType: 'Patient',
    id: PATIENT,
    active: true,
    name: [{ family: 'Lovelace' }],
    meta: { tag: [{ system: 'https://loop.health/fhir/NamingSystem/brand', code: 'loop' }] },
  });
  await facet.put({ resourceType: 'Practitioner', id: PRACTITIONER, name: [{ family: 'Johnson' }] });
  await facet.put({
    resourceType: 'Observation',
    id: 'obs',
    status: 'final',
    code: { text: 'x' },
    subject: { reference: `Patient/${PATIENT}` },
  });
  const role = await request(facet.app)
    .post('/v1/practitioner-roles')
    .set('x-api-key', facet.demo.clinik!)
    .send({ practitionerId: PRACTITIONER, role: 'nurse' });
  const physician = await request(facet.app).post('/v1/physicians').set('x-api-key', facet.demo.loop!).send(registration('1777777777'));
  ids = { role: role.body.data.id, physician: physician.body.id };
});
afterAll(() => facet.close());

const PATIENT = '0190b3c2-0000-7000-8000-000000000001';
const PRACTITIONER = '0190b3c2-0000-7000-8000-000000000002';
const asOther = (surface: string, path: string) => request(facet.app).get(path).set('x-api-key', facet.other[surface]!);

test('another tenant’s id is 404 in every API', async () => {
  const responses = await Promise.all([
    asOther('fhir', `/fhir/R4/Patient/${PATIENT}`),
    asOther('fhir', `/fhir/R4/Patient/${PATIENT}/_history`),
    asOther('fhir', `/fhir/R4/Patient/${PATIENT}/_history/1`),
    asOther('loop', `/v1/patients/${PATIENT}`),
    asOther('loop', `/v1/physicians/${ids.physician}`),
    asOther('clinik', `/v1/practitioner-roles/${ids.role}`),
    asOther('jump', `/clinician-profiles/${PRACTITIONER}`),
  ]);
  expect(responses.map((answer) => answer.status)).toEqual(responses.map(() => 404));
});

test('search, count, chain, include and list find nothing of another tenant', async () => {
  const searches = [
    '/Patient',
    '/Patient?family=lovelace',
    '/Observation?subject:Patient.family=lovelace',
    '/Patient?_has:Observation:subject:status=final',
    '/Observation?_include=Observation:subject',
    `/Observation?subject=Patient/${PATIENT}`,
  ];
  for (const path of searches) {
    const mine = await facet.fhir('get', path);
    const theirs = await asOther('fhir', `/fhir/R4${path}`);
    expect([path, mine.body.entry?.length > 0, theirs.body.entry]).toEqual([path, true, undefined]);
  }
  expect((await asOther('fhir', '/fhir/R4/Patient?_summary=count')).body.total).toBe(0);
  expect((await asOther('loop', '/v1/patients?brand_id=loop')).body).toEqual({ patients: [], total: 0 });
  expect((await asOther('clinik', '/v1/practitioner-roles')).body.data.data).toEqual([]);
  expect((await asOther('jump', '/clinician-profiles')).body.data).toEqual([]);
});

test('a PUT to another tenant’s id creates the caller’s own resource, and keeps the other', async () => {
  const own = { resourceType: 'Patient', id: PATIENT, name: [{ family: 'Own' }] };
  const put = await facet.put(own, facet.other.fhir!);
  expect([put.status, put.body.meta.versionId]).toEqual([201, '1']);
  const first = await facet.fhir('get', `/Patient/${PATIENT}`);
  expect(first.body.name[0].family).toBe('Lovelace');
});

test('a page link does not work for another tenant, or with changes', async () => {
  for (const n of [1, 2]) await facet.put({ resourceType: 'List', id: `l${n}`, status: 'current', mode: 'working' });
  const next = nextOf((await facet.fhir('get', '/List?_count=1')).body)!;
  expect((await facet.fhir('get', next)).body.entry).toHaveLength(1);
  expect((await facet.fhir('get', next, facet.other.fhir!)).status).toBe(400);
  expect((await facet.fhir('get', `${next}x`)).status).toBe(400);
});
