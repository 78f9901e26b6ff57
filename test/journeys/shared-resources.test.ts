// One store, several APIs: a resource that one API creates is visible in all others, and a write keeps elements that only another API shows.
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import request from 'supertest';
import { printedOf, shapes } from '../mapping/examples.ts';
import { registration } from './people.ts';
import { BASE_URL, type Running, startFacet } from './running-server.ts';

let facet: Running;
beforeAll(async () => {
  facet = await startFacet();
});
afterAll(() => facet.close());

const call = (method: 'get' | 'post' | 'put', path: string, key: string) =>
  request(facet.app)[method](path).set('Authorization', `Bearer ${key}`);
const profile = async (id: string) => (await call('get', `/clinician-profiles/${id}`, facet.demo.jump!)).body.data;

test('a physician registered through Loop is a Practitioner in FHIR and a clinician in Jump; a Clinik role gives it its role and its location', async () => {
  const physician = {
    name: 'Dr. Maria de la Cruz, MD',
    email: 'maria@example.com',
    npi: '1999999984',
    license_state: 'NY',
    state_license: '298123',
  };
  const created = await call('post', '/v1/physicians', facet.demo.loop!).send(physician);
  expect(created.status).toBe(201);

  const practitioner = await facet.fhir('get', `/Practitioner/${created.body.id}`);
  expect(practitioner.body).toMatchObject({
    active: true,
    name: [{ given: ['Maria'], family: 'de la Cruz' }],
    identifier: [{ value: '1999999984' }],
  });
  expect(await profile(created.body.id)).toMatchObject({
    name: physician.name,
    first_name: 'Maria',
    last_name: 'de la Cruz',
    title: 'Dr.',
    email: physician.email,
    role: null,
    is_active: true,
  });

  await facet.put({
    resourceType: 'Location',
    id: '0190b3c2-0000-7000-8000-0000000000bb',
    name: 'Main Campus',
  });
  const role = await call('post', '/v1/practitioner-roles', facet.demo.clinik!).send({
    practitionerId: created.body.id,
    role: 'consultant',
    locationName: 'Main Campus',
  });
  expect(role.status).toBe(201);
  expect(await profile(created.body.id)).toMatchObject({ role: 'consultant' });
  const there = await call('get', '/clinician-profiles?location_id=0190b3c2-0000-7000-8000-0000000000bb', facet.demo.jump!);
  expect(there.body.data.map((item: { id: string }) => item.id)).toEqual([created.body.id]);
});

const printed = (name: string) => printedOf(shapes.find(({ shape }) => shape.name === name)!).response;
const LOOP_PATIENT = printed('patient');
const LOOP_ORDER = printed('lab-order');
const admits = (schema: object, body: unknown) => {
  const ajv = new Ajv2020({ allowUnionTypes: true });
  (addFormats as unknown as (ajv: Ajv2020) => void)(ajv);
  const accepts = ajv.compile(schema);
  return accepts(body) ? [] : accepts.errors;
};

test('a Patient from FHIR is shown in Loop with all documented keys, even if it lacks elements', async () => {
  const id = '0190b3c2-0000-7000-8000-0000000000c1';
  for (const more of [{}, { name: [{ text: 'Sukarno' }] }, { name: [{ family: 'Sukarno' }], gender: 'male', birthDate: '1901' }]) {
    await facet.put({ resourceType: 'Patient', id, ...more });
    const { status, body } = await call('get', `/v1/patients/${id}`, facet.demo.loop!);
    expect([status, admits(LOOP_PATIENT, body)]).toEqual([200, []]);
    expect(body).toMatchObject({ id, brand_id: 'demo', first_name: '', email: null, external_ids: {} });
  }
});

test('a draft order from FHIR is shown in Loop with all documented keys; other requests are 404', async () => {
  const id = '0190b3c2-0000-7000-8000-0000000000c2';
  const panel = (code?: string) => ({ coding: [{ system: 'https://loop.health/fhir/CodeSystem/lab-panel', ...(code && { code }) }] });
  const draft = {
    resourceType: 'ServiceRequest',
    id,
    status: 'draft',
    intent: 'order',
    code: panel('pcos'),
    subject: { reference: 'Patient/p1' },
  };
  const readViews = async (more: object) => {
    await facet.put({ ...draft, ...more });
    return call('get', `/v1/lab-orders/${id}`, facet.demo.loop!);
  };
  for (const subject of ['Patient/p1', `${BASE_URL}/fhir/R4/Patient/p1`]) {
    const { status, body } = await readViews({ subject: { reference: subject } });
    expect([status, admits(LOOP_ORDER, body)]).toEqual([200, []]);
    expect(body).toMatchObject({ id, brand_id: '', junction_order_id: '', panel_id: 'pcos', status: 'draft' });
  }
  for (const other of [{ subject: { reference: 'Group/g1' } }, { subject: { display: 'somebody' } }, { code: panel() }])
    expect((await readViews(other)).status).toBe(404);
});

test('a FHIR PUT changes what /v1 shows, and a /v1 write keeps foreign elements', async () => {
  const npi = '1888888884';
  const first = await call('post', '/v1/physicians', facet.demo.loop!).send(registration(npi));
  const { body } = await facet.fhir('get', `/Practitioner/${first.body.id}`);
  const changed = {
    ...body,
    gender: 'female',
    name: [{ given: ['Ann'], family: 'Jones' }],
    photo: [{ url: 'https://example.com/ann.jpg' }],
  };
  expect((await facet.put(changed)).status).toBe(200);
  expect((await call('get', `/v1/physicians/${first.body.id}`, facet.demo.loop!)).body.name).toBe('Ann Jones');
  await call('post', '/v1/physicians', facet.demo.loop!).send({
    name: 'Ann Jones',
    email: 'ann@example.com',
    npi,
    license_state: 'CA',
    state_license: '2',
  });
  expect((await facet.fhir('get', `/Practitioner/${first.body.id}`)).body).toMatchObject({ gender: 'female', photo: changed.photo });
  expect((await profile(first.body.id)).photo_url).toBe('https://example.com/ann.jpg');
});
