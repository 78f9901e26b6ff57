// Compartments of a patient, an encounter, a practitioner and a related person. https://hl7.org/fhir/R4/compartmentdefinition.html
import request from 'supertest';
import { named, nextOf, type Running, startFacet } from './running-server.ts';

let facet: Running;
beforeAll(async () => {
  facet = await startFacet();
  const subject = { subject: { reference: 'Patient/ann' } };
  const code = { code: { text: 'x' } };
  await put('Practitioner/lee', {});
  await put('Patient/ann', { generalPractitioner: [{ reference: 'Practitioner/lee' }] });
  await put('Patient/twin', { link: [{ other: { reference: 'Patient/ann' }, type: 'seealso' }] });
  await put('Patient/bob', {});
  await put('Encounter/visit', { status: 'finished', class: { code: 'AMB' }, ...subject });
  await put('Observation/one', {
    status: 'final',
    code: { coding: [{ code: 'a' }] },
    ...subject,
    encounter: { reference: 'Encounter/visit' },
  });
  await put('Observation/two', {
    status: 'final',
    code: { coding: [{ code: 'b' }] },
    subject: { reference: 'Patient/bob' },
    performer: [{ reference: 'Patient/ann' }],
  });
  await put('Observation/three', { status: 'final', ...code, subject: { reference: 'Patient/bob' } });
  await put('Coverage/cover', { status: 'active', beneficiary: { reference: 'Patient/ann' }, payor: [{ reference: 'Patient/bob' }] });
  await put('Organization/clinic', { name: 'x' });
});
afterAll(() => facet.close());

const put = (path: string, resource: object) => facet.put({ ...named(path), ...resource }).expect(201);
const get = (path: string, key?: string) => facet.fhir('get', `/${path}`, key);
const found = ({ entry = [] }: { entry?: { resource: { resourceType: string; id: string } }[] }): string[] =>
  entry.map(({ resource }) => `${resource.resourceType}/${resource.id}`);

test.each<[string, string[]]>([
  ['Patient/ann/Observation?_sort=_id', ['Observation/one', 'Observation/two']],
  ['Patient/ann/Observation?code=b', ['Observation/two']],
  ['Patient/ann/Observation?code=b&_include=Observation:subject', ['Observation/two', 'Patient/bob']],
  ['Patient/ann/Coverage', ['Coverage/cover']],
  ['Patient/bob/Coverage', ['Coverage/cover']],
  ['Patient/ann/Patient?_sort=_id', ['Patient/ann', 'Patient/twin']],
  ['Patient/ann/*?_sort=_id', ['Patient/ann', 'Coverage/cover', 'Observation/one', 'Patient/twin', 'Observation/two', 'Encounter/visit']],
  ['Patient/ann/*?_type=Observation,Coverage&_sort=_id', ['Coverage/cover', 'Observation/one', 'Observation/two']],
  ['Encounter/visit/*?_sort=_id', ['Observation/one', 'Encounter/visit']],
  ['Practitioner/lee/Patient', ['Patient/ann']],
  ['Practitioner/lee/*?_sort=_id', ['Patient/ann', 'Practitioner/lee']],
  ['Patient/nobody/Observation', []],
  ['Patient/nobody/*', []],
])('GET %s', async (path, expected) => {
  const { status, body } = await get(path);
  expect([status, found(body)]).toEqual([200, expected]);
});

test('POST with a form restricts the compartment search', async () => {
  const post = (path: string) => request(facet.app).post(`/fhir/R4/${path}`).set('x-api-key', facet.demo.fhir!).type('form');
  expect(found((await post('Patient/ann/Observation/_search').send({ code: 'b' })).body)).toEqual(['Observation/two']);
  expect(found((await post('Patient/ann/_search').send({ _type: 'Coverage' })).body)).toEqual(['Coverage/cover']);
});

test('the pages contain the whole compartment and nothing else', async () => {
  const whole = found((await get('Patient/ann/*?_sort=-_lastUpdated')).body);
  const seen: string[] = [];
  let path: string | undefined = 'Patient/ann/*?_sort=-_lastUpdated&_count=2';
  while (path && seen.length < 20) {
    const { body } = await get(path);
    seen.push(...found(body));
    path = nextOf(body)?.slice(1);
    if (path) expect((await get(path.replace('Patient/ann', 'Patient/bob'))).status).toBe(400);
  }
  expect(seen).toEqual(whole);
});

test('a type outside the compartment definition is refused', async () => {
  const { status, body } = await get('Patient/ann/Organization');
  expect([status, body.issue[0].diagnostics]).toEqual([400, 'Organization resources never belong to a Patient compartment']);
  expect((await get('Patient/ann/*?_type=Organization')).status).toBe(400);
});

test('the scopes of the caller apply in a compartment', async () => {
  const key = await facet.keyWith('fhir', ['system/Observation.rs']);
  expect(found((await get('Patient/ann/*?_sort=_id', key)).body)).toEqual(['Observation/one', 'Observation/two']);
  expect((await get('Patient/ann/Coverage', key)).status).toBe(403);
  expect((await get('Patient/ann/*?_type=Coverage', key)).status).toBe(403);
});

test('the compartment of another tenant’s patient is empty', async () => {
  expect(found((await get('Patient/ann/*', facet.other.fhir!)).body)).toEqual([]);
});
