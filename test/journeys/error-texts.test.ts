// Error texts that name the remedy: the URL of the API, the type, the needed scope, the maximum body size.
import request from 'supertest';
import { type Running, startFacet } from './running-server.ts';

const KIB = 1024;
let facet: Running;
beforeAll(async () => {
  facet = await startFacet({}, undefined, { bodyLimit: 1536 * KIB });
});
afterAll(() => facet.close());

const toError = ({ status, body }: request.Response): [number, string] => [status, body.issue[0].diagnostics];

test.each(['/fhir', '/fhir/', '/fhir/Patient', '/fhir/R3/Patient', '/fhir/R5/Patient/1', '/fhir/r4b/metadata'])(
  'a request for FHIR at %s gets the right URL, with a key or without',
  async (path) => {
    const responses = await Promise.all([
      request(facet.app).get(path),
      request(facet.app).get(path).set('x-api-key', facet.demo.fhir!),
      request(facet.app).post(path).set('x-api-key', facet.demo.loop!).send({}),
      request(facet.app).get(path).set('x-api-key', 'nobody'),
    ]);
    for (const answer of responses) expect(toError(answer)).toEqual([404, 'there is nothing here: the FHIR API is at /fhir/R4']);
  },
);

test.each([
  ['/Pateint', 'this server does not serve the resource type Pateint (did you mean Patient?)'],
  ['/Pateint/1', 'this server does not serve the resource type Pateint (did you mean Patient?)'],
  ['/patient/1', 'there is nothing at this path of the FHIR API (did you mean Patient?); /metadata lists what is served'],
])('GET %s: 404, %s', async (path, says) => {
  expect(toError(await facet.fhir('get', path))).toEqual([404, says]);
});

describe('the needed scope is named', () => {
  test('on the FHIR API', async () => {
    const key = await facet.keyWith('fhir', ['read', 'system/Observation.cruds']);
    const expectedRefusal = (type: string, scope: string) => [
      403,
      `the scopes of this credential do not cover this use of ${type}: it needs ${scope}`,
    ];
    const practitioner = { resourceType: 'Practitioner', id: 'p' };
    expect(toError(await facet.fhir('post', '/Practitioner', key).send(practitioner))).toEqual(
      expectedRefusal('Practitioner', 'system/Practitioner.c'),
    );
    const { headers } = await facet.fhir('delete', '/Patient/a', key);
    expect(headers['www-authenticate']).toBe('Bearer realm="fhir", error="insufficient_scope", scope="system/Patient.d"');
    expect(toError(await facet.put(practitioner, key))).toEqual(expectedRefusal('Practitioner', 'system/Practitioner.u'));
    expect(toError(await facet.fhir('delete', '/Patient/a', key))).toEqual(expectedRefusal('Patient', 'system/Patient.d'));
  });

  test('for a chain', async () => {
    const key = await facet.keyWith('fhir', ['system/Observation.rs']);
    expect(toError(await facet.fhir('get', '/Observation?subject:Patient.family=curie', key))).toEqual([
      403,
      'the scopes of this credential do not cover a search of Patient: it needs system/Patient.s',
    ]);
  });

  test.each([
    ['loop', '/v1/physicians'],
    ['clinik', '/v1/practitioner-roles'],
  ])('on the %s API', async (surface, path) => {
    const key = await facet.keyWith(surface, ['system/Observation.cruds']);
    const response = await request(facet.app)
      .post(path)
      .set({ 'x-api-key': key, authorization: `Bearer ${key}` })
      .send({});
    expect([response.status, response.text]).toEqual([403, expect.stringMatching(/it needs system\/Practitioner(Role)?\.c"/)]);
  });
});

describe('the maximum body size is named', () => {
  test.each([
    ['resource', '/Patient', 'application/fhir+json', '1.5 MiB'],
    ['form', '/Patient/_search', 'application/x-www-form-urlencoded', '1 MiB'],
    ['file', '/Binary', 'text/plain', '1.1 MiB'],
  ])('for a %s', async (_what, path, type, max) => {
    const response = await facet
      .fhir('post', path)
      .set('Content-Type', type)
      .send('x'.repeat(1537 * KIB));
    expect(toError(response)).toEqual([413, `the body exceeds the size limit of ${max}`]);
  });

  test('on a vendor’s API', async () => {
    const response = await request(facet.app)
      .post('/v1/patients')
      .set('authorization', `Bearer ${facet.demo.loop}`)
      .send({ brand_id: 'x'.repeat(KIB * KIB) });
    expect([response.status, response.text]).toEqual([413, expect.stringContaining('the body exceeds the size limit of 1 MiB')]);
  });
});
