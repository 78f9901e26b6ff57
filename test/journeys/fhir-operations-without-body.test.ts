// Operations that can be called without parameters, by POST without a body, as client libraries call them. https://hl7.org/fhir/R4/operations.html#request
import request from 'supertest';
import { type Running, startFacet } from './running-server.ts';

let facet: Running;
beforeAll(async () => {
  facet = await startFacet();
  await facet.put({ resourceType: 'Patient', id: 'ada', meta: { tag: [{ system: 'urn:tags', code: 'a' }] } }).expect(201);
  const code = { coding: [{ system: 'http://loinc.org', code: '8302-2' }] };
  const observation = { resourceType: 'Observation', id: 'height', status: 'final', code, subject: { reference: 'Patient/ada' } };
  await facet.put(observation).expect(201);
});
afterAll(() => facet.close());

const GENDERS = 'http://hl7.org/fhir/administrative-gender';

describe.each([
  '/Patient/ada/$meta',
  '/Patient/ada/$everything',
  '/Observation/$lastn?patient=ada&code=http://loinc.org|8302-2',
  `/CodeSystem/$validate-code?url=${GENDERS}&code=female`,
  `/CodeSystem/$lookup?system=${GENDERS}&code=female`,
])('POST %s', (path) => {
  test('without a body, and with an empty Parameters resource, has the response of GET', async () => {
    const got = await facet.fhir('get', path).expect(200);
    expect((await facet.fhir('post', path)).body).toEqual(got.body);
    expect((await facet.fhir('post', path).unset('Content-Type')).body).toEqual(got.body);
    expect((await facet.fhir('post', path).send({ resourceType: 'Parameters' })).body).toEqual(got.body);
  });

  test('with another resource, or in another format, is refused', async () => {
    expect((await facet.fhir('post', path).send({ resourceType: 'Patient' })).status).toBe(400);
    expect((await facet.fhir('post', path).set('Content-Type', 'text/plain').send('x')).status).toBe(415);
  });

  test('works as an entry of a batch without a resource', async () => {
    const entry = [{ request: { method: 'POST', url: path.slice(1) } }];
    const { body } = await facet.fhir('post', '/').send({ resourceType: 'Bundle', type: 'batch', entry });
    expect(body.entry).toMatchObject([
      { resource: (await facet.fhir('get', path)).body, response: { status: expect.stringMatching(/^200/) } },
    ]);
  });
});

test.each(['/Patient/ada/$meta-add', '/Patient/$match', '/Patient/$merge', '/Patient/$validate', '/Patient'])(
  'POST %s needs a body, also as an entry of a batch',
  async (path) => {
    const { status, body } = await facet.fhir('post', path);
    expect([status, body.issue[0].code]).toEqual([400, 'structure']);
    const entry = [{ request: { method: 'POST', url: path.slice(1) } }];
    const batch = await facet.fhir('post', '/').send({ resourceType: 'Bundle', type: 'batch', entry });
    expect(batch.body.entry[0].response).toMatchObject({ status: '400 Bad Request', outcome: { issue: [{ code: 'structure' }] } });
  },
);

test('the OpenAPI document of the FHIR API states which operations need a body', async () => {
  const { paths } = (await request(facet.app).get('/openapi/fhir.json')).body;
  const isRequired = (path: string): boolean => paths[path].post.requestBody.required;
  expect([isRequired('/Patient/{id}/$everything'), isRequired('/Patient/$merge')]).toEqual([false, true]);
});
