// $validate over HTTP lists all errors and stores nothing. https://hl7.org/fhir/R4/resource-operation-validate.html
import request from 'supertest';
import { type Running, startFacet } from './running-server.ts';

let facet: Running;
beforeAll(async () => {
  facet = await startFacet();
});
afterAll(() => facet.close());

const FHIR = 'application/fhir+json';
const good = { resourceType: 'Patient', name: [{ family: 'Lovelace' }], gender: 'female' };
const bad = { resourceType: 'Patient', gender: 'F', birthDate: '2026-02-30', shoe: 1 };
const order = { resourceType: 'ServiceRequest', status: 'draft', intent: 'order', subject: { reference: 'Patient/p' } };

const api = (method: 'get' | 'post' | 'put' | 'delete', path: string, key = facet.demo.fhir) =>
  request(facet.app)[method](`/fhir/R4${path}`).set('Authorization', `Bearer ${key}`);
const post = (path: string, body: unknown, key?: string) => api('post', path, key).set('Content-Type', FHIR).send(JSON.stringify(body));
const parameters = (...parameter: object[]) => ({ resourceType: 'Parameters', parameter });
const listIssues = ({ body }: { body: { issue: { severity: string; code: string; expression?: string[] }[] } }): string[] =>
  body.issue.map(({ severity, code, expression }) => [severity, code, ...(expression ?? [])].join(' '));
const NOTHING_WRONG = ['information informational'];

test('a valid resource has no errors, as the body and as a parameter', async () => {
  const alone = await post('/Patient/$validate', good);
  expect([alone.status, alone.headers['content-type']]).toEqual([200, 'application/fhir+json; charset=utf-8']);
  expect(alone.body).toEqual({
    resourceType: 'OperationOutcome',
    issue: [
      {
        severity: 'information',
        code: 'informational',
        details: { text: 'no issues were found' },
        diagnostics: 'no issues were found',
      },
    ],
  });
  expect(listIssues(await post('/Patient/$validate', parameters({ name: 'resource', resource: good })))).toEqual(NOTHING_WRONG);
});

test('all errors are listed with their elements, and the status is 200', async () => {
  const response = await post('/Patient/$validate', bad);
  expect(response.status).toBe(200);
  expect(listIssues(response).sort()).toEqual([
    'error code-invalid Patient.gender',
    'error structure Patient.shoe',
    'error value Patient.birthDate',
  ]);
  expect(listIssues(await post('/Patient/$validate', order))).toEqual(['error invalid Patient']);
});

test('more errors than a write lists are all listed', async () => {
  const names = Array.from({ length: 60 }, () => ({ use: 'nickname?' }));
  expect(listIssues(await post('/Patient/$validate', { resourceType: 'Patient', name: names }))).toHaveLength(60);
});

test('nothing is stored', async () => {
  await post('/Patient/$validate?mode=create', { ...good, name: [{ family: 'Unstored' }] });
  await post('/Patient/kept-out/$validate?mode=update', { ...good, id: 'kept-out' });
  expect((await api('get', '/Patient?family=Unstored')).body.entry).toBeUndefined();
  expect((await api('get', '/Patient/kept-out')).status).toBe(404);
});

describe('of a stored resource', () => {
  beforeAll(async () => {
    await api('put', '/Patient/p')
      .set('Content-Type', FHIR)
      .send(JSON.stringify({ ...good, id: 'p' }));
    await api('put', '/Patient/gone')
      .set('Content-Type', FHIR)
      .send(JSON.stringify({ ...good, id: 'gone' }));
    await api('delete', '/Patient/gone');
  });

  test('the stored content is validated, by GET and by POST without a resource', async () => {
    expect(listIssues(await api('get', '/Patient/p/$validate'))).toEqual(NOTHING_WRONG);
    expect(listIssues(await post('/Patient/p/$validate', parameters()))).toEqual(NOTHING_WRONG);
    expect(listIssues(await api('get', '/Patient/p/$validate?mode=delete'))).toEqual(NOTHING_WRONG);
    const profile = 'http://hl7.org/fhir/StructureDefinition/Patient';
    expect(listIssues(await api('get', `/Patient/p/$validate?mode=profile&profile=${profile}`))).toEqual(NOTHING_WRONG);
    expect(listIssues(await api('get', '/Patient/p/$validate?profile=http://hl7.org/fhir/StructureDefinition/Observation'))).toEqual([
      'error structure Patient',
    ]);
  });

  test('an unknown one is 404, a deleted one 410, another tenant’s 404', async () => {
    expect((await api('get', '/Patient/nobody/$validate')).status).toBe(404);
    expect((await api('get', '/Patient/gone/$validate')).status).toBe(410);
    expect((await api('get', '/Patient/p/$validate', facet.other.fhir)).status).toBe(404);
  });

  test('mode update requires the id of the resource', async () => {
    expect(listIssues(await post('/Patient/p/$validate?mode=update', { ...good, id: 'p' }))).toEqual(NOTHING_WRONG);
    expect(listIssues(await post('/Patient/p/$validate?mode=update', { ...good, id: 'q' }))).toEqual(['error value Patient.id']);
    expect(listIssues(await post('/Patient/$validate?mode=update', good))).toEqual(['error required Patient.id']);
    expect(listIssues(await post('/Patient/$validate', { ...good, id: 'q' }))).toEqual(NOTHING_WRONG);
  });
});

test('mode create reports why a create would be refused, also for a valid resource', async () => {
  const laboratory = { coding: [{ system: 'http://snomed.info/sct', code: '108252007' }] };
  const panel = { coding: [{ system: 'https://loop.health/fhir/CodeSystem/lab-panel', code: 'pcos' }] };
  const sendable = { ...order, status: 'active', category: [laboratory], code: panel, subject: { reference: 'Patient/nobody' } };
  const created = await post('/ServiceRequest', sendable);
  expect(created.status).toBe(422);
  expect(listIssues(await post('/ServiceRequest/$validate', sendable))).toEqual(NOTHING_WRONG);
  expect((await post('/ServiceRequest/$validate?mode=create', sendable)).body).toEqual(created.body);
});

test.each<[string, string, unknown, number]>([
  ['no resource', '/Patient/$validate', parameters(), 400],
  ['a mode that is none', '/Patient/$validate?mode=upsert', good, 400],
  ['a profile that is not loaded', '/Patient/$validate?profile=https://example.org/p', good, 400],
  ['mode delete without an id', '/Patient/$validate?mode=delete', good, 400],
  ['mode profile without an id', '/Patient/$validate?mode=profile&profile=http://hl7.org/fhir/StructureDefinition/Patient', good, 400],
  ['a parameter that is none', '/Patient/$validate', parameters({ name: 'usageContext', valueCode: 'x' }), 400],
  ['a parameter without a value', '/Patient/$validate', parameters({ name: 'mode' }), 400],
  ['a parameter given twice', '/Patient/$validate?mode=create', parameters({ name: 'mode', valueCode: 'create' }), 400],
  ['a search parameter', '/Patient/$validate?name=x', good, 400],
  ['a body that is a list', '/Patient/$validate', [good], 400],
  ['a type that is not served', '/Parameters/$validate', { resourceType: 'Parameters' }, 404],
])('%s cannot be validated', async (_what, path, body, status) => {
  const response = await post(path, body);
  expect([response.status, response.body.resourceType]).toEqual([status, 'OperationOutcome']);
});

test('a read-only key may validate, but not with the modes of writes', async () => {
  const key = await facet.keyWith('fhir', ['system/Patient.r']);
  expect((await post('/Patient/$validate', good, key)).status).toBe(200);
  expect((await post('/Patient/$validate?mode=create', good, key)).status).toBe(403);
  expect((await post('/Observation/$validate', good, key)).status).toBe(403);
});

test.each(['batch', 'transaction'])('an entry of a %s can validate: the outcome is its resource', async (type) => {
  const entry = [{ resource: bad, request: { method: 'POST', url: 'Patient/$validate' } }];
  const { body } = await post('', { resourceType: 'Bundle', type, entry });
  expect(body.entry).toEqual([{ resource: (await post('/Patient/$validate', bad)).body, response: { status: '200 OK' } }]);
});
