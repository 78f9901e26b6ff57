// The console's API over HTTP: a resource and all its faces, for two tenants.
import request from 'supertest';
import { until } from '../until.ts';
import { BASE_URL, type Running, startFacet } from './running-server.ts';

const NPI = 'http://hl7.org/fhir/sid/us-npi';
const PATIENT = {
  resourceType: 'Patient',
  id: '0190b3c2-0000-7000-8000-00000000000a',
  name: [{ use: 'official', family: 'Lovelace', given: ['Ada', 'Augusta'] }],
  telecom: [
    { system: 'phone', value: '+12125550001', use: 'mobile' },
    { system: 'fax', value: '+12125550002' },
  ],
  gender: 'female',
  birthDate: '1985-12-10',
  maritalStatus: { text: 'married' },
};
const PRACTITIONER = {
  resourceType: 'Practitioner',
  id: '0190b3c2-0000-7000-8000-00000000000b',
  name: [{ text: 'Dr. Grace Hopper', family: 'Hopper', given: ['Grace'], prefix: ['Dr.'] }],
  identifier: [{ system: NPI, value: '1234567893' }],
};
const ROLE = {
  resourceType: 'PractitionerRole',
  id: '0190b3c2-0000-7000-8000-00000000000c',
  practitioner: { reference: `Practitioner/${PRACTITIONER.id}` },
  code: [{ text: 'Chief of staff' }],
};

interface Element {
  path: string;
  resource?: string;
}
interface Face {
  shape: string;
  view: Record<string, unknown>;
  needs?: string[];
  change?: string;
  fields: { name: string; fhir: string[]; mapping: string; elements: Element[]; conditions: Element[] }[];
}

let facet: Running;
beforeAll(async () => {
  facet = await startFacet();
  for (const resource of [PATIENT, PRACTITIONER, ROLE]) await facet.put(resource).expect(201);
});
afterAll(() => facet.close());

const read = (path: string, key: string | undefined = facet.demo.fhir) =>
  request(facet.app)
    .get(`/console/api/faces/${path}`)
    .set(key === undefined ? {} : { Authorization: `Bearer ${key}` });
const faceOf = (body: { faces: Record<string, Face[]> }, surface: string, shape: string): Face =>
  body.faces[surface]!.find((face) => face.shape === shape)!;
const fieldOf = (face: Face, name: string) => face.fields.find((field) => field.name === name)!;

test('a patient is shown with a view for each surface, which equals what the vendor’s API shows', async () => {
  const { body } = await read(`Patient/${PATIENT.id}`).expect(200);
  expect([body.version, body.resource.id, Object.keys(body.faces)]).toEqual(['1', PATIENT.id, ['loop', 'clinik', 'jump']]);
  const paths = {
    loop: ['patient', '/loop/v1/patients', 'data'],
    clinik: ['patient', '/clinik/v1/patients', 'data'],
    jump: ['patient', '/jump/patients', 'data'],
  };
  for (const [surface, [shape, path]] of Object.entries(paths)) {
    const { view } = faceOf(body, surface, shape!);
    const own = await request(facet.app)
      .get(`${path}/${view.id}`)
      .set('Authorization', `Bearer ${facet.demo[surface]}`)
      .set('x-api-key', facet.demo[surface]!);
    expect([surface, own.status, own.body.data ?? own.body]).toEqual([surface, 200, view]);
  }
});

test('a field names the elements that it shows, the elements that decide, its FHIRPath and its line', async () => {
  const { body } = await read(`Patient/${PATIENT.id}`).expect(200);
  const field = fieldOf(faceOf(body, 'jump', 'patient'), 'first_name');
  expect(field.elements).toEqual([{ path: 'name[0].given[0]' }]);
  expect(field.conditions).toContainEqual({ path: 'name[0].use' });
  expect(field.fhir[0]).toContain('given.first()');
  expect(field.mapping).toMatch(/^jump\/patient\.yaml:\d+$/);
});

test('a face that the vendor’s API can change says how', async () => {
  const { faces } = (await read(`Patient/${PATIENT.id}`).expect(200)).body as { faces: Record<string, Face[]> };
  const changes = Object.entries(faces).flatMap(([surface, list]) => list.map(({ shape, change }) => [surface, shape, change]));
  expect(changes).toEqual([
    ['loop', 'patient-safe', undefined],
    ['loop', 'patient', undefined],
    ['clinik', 'patient', 'PATCH'],
    ['jump', 'patient', 'PATCH'],
  ]);
});

test('elements that no face shows are listed, of a whole one its own path only', async () => {
  const { body } = await read(`Patient/${PATIENT.id}`).expect(200);
  expect(body.unshown).toEqual(['meta.versionId', 'telecom[1]']);
});

test('a face that shows other resources names them, and needs their search scope', async () => {
  const face = faceOf((await read(`Practitioner/${PRACTITIONER.id}`).expect(200)).body, 'jump', 'clinician-profile');
  expect(face.view.role).toBe('Chief of staff');
  expect(fieldOf(face, 'role').elements).toEqual([{ path: 'code[0].text', resource: `PractitionerRole/${ROLE.id}` }]);
  const key = await facet.keyWith('fhir', ['system/Practitioner.r']);
  const withheld = faceOf((await read(`Practitioner/${PRACTITIONER.id}`, key).expect(200)).body, 'jump', 'clinician-profile');
  expect(withheld).toEqual({ shape: 'clinician-profile', path: '/clinician-profiles/{id}', needs: ['system/PractitionerRole.s'] });
});

test('the read scope of the type is needed, and a credential of the FHIR API', async () => {
  const path = `Patient/${PATIENT.id}`;
  await request(facet.app).get(`/console/api/faces/${path}`).expect(401);
  await read(path, 'nobody').expect(401);
  await read(path, facet.demo.loop).expect(403);
  for (const scope of ['system/Practitioner.r', 'system/Patient.su']) await read(path, await facet.keyWith('fhir', [scope])).expect(403);
  await read(path, await facet.keyWith('fhir', ['system/Patient.r'])).expect(200);
  await request(facet.app).post(`/console/api/faces/${path}`).set('Authorization', `Bearer ${facet.demo.fhir}`).expect(405);
});

test('a resource of another tenant does not exist, like one that was never stored', async () => {
  const [other, missing] = await Promise.all([read(`Patient/${PATIENT.id}`, facet.other.fhir), read('Patient/nobody', facet.other.fhir)]);
  expect([other.status, other.text]).toEqual([404, missing.text]);
  await read('Patience/1').expect(404);
  await facet.put({ ...ROLE, id: 'gone', practitioner: undefined } as never).expect(201);
  await facet.fhir('delete', '/PractitionerRole/gone').expect(204);
  await read('PractitionerRole/gone').expect(410);
});

test('a request is in the audit as a read of what it shows', async () => {
  const key = await facet.keyWith('fhir', ['system/AuditEvent.rs']);
  await read(`Practitioner/${PRACTITIONER.id}`).expect(200);
  const search = `/AuditEvent?entity=PractitionerRole/${ROLE.id}&subtype=read`;
  const event = await until(async () => (await facet.fhir('get', search, key)).body.entry?.[0]?.resource);
  expect(event.entity.map(({ what }: { what?: { reference: string } }) => what?.reference)).toEqual(
    expect.arrayContaining([`Practitioner/${PRACTITIONER.id}`, `PractitionerRole/${ROLE.id}`]),
  );
});

test('FACET_CONSOLE=off: nothing is served below /console', async () => {
  const without = await startFacet({ FACET_CONSOLE: 'off' }, BASE_URL, { withoutContract: true });
  for (const path of ['/console', '/console/api/faces/Patient/1']) {
    await request(without.app).get(path).expect(404);
    await request(without.app).get(path).set('Authorization', `Bearer ${without.demo.fhir}`).expect(404);
  }
  await request(without.app).get('/openapi/console.json').expect(404);
  await without.close();
});
