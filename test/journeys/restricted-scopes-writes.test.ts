// Writes and the vendors' APIs with scopes that cover only a part of the resources of a type. docs/decisions/0052-restricted-scopes.md
import request, { type Response } from 'supertest';
import { AUDIENCE, startIssuer, type TestIssuer } from '../access-tokens/issuer-fixture.ts';
import { type Running, startFacet } from './running-server.ts';
import { ANNS, BOBS, SECRET } from './two-patients.ts';

let issuer: TestIssuer;
let facet: Running;
beforeAll(async () => {
  issuer = await startIssuer();
  facet = await startFacet({ FACET_ISSUERS: JSON.stringify([{ issuer: issuer.url, audience: AUDIENCE, tenant: 'demo' }]) });
  for (const resource of [...ANNS, ...BOBS]) expect((await facet.put(resource)).status).toBe(201);
});
afterAll(async () => {
  await facet.close();
  await issuer.close();
});

const annsToken = () => issuer.token({ scope: 'patient/*.cruds', patient: 'ann' });

describe('writes', () => {
  const [, , annsObservation] = ANNS as [object, object, Record<string, unknown>];
  const [, , bobsObservation] = BOBS as [object, object, Record<string, unknown>];
  const withoutId = ({ id: _id, ...rest }: Record<string, unknown>) => rest;
  const storedBobs = async () => (await facet.fhir('get', '/Observation/bob-obs/_history')).text;

  const WRITES: [name: string, run: (token: string) => Promise<Response>, status: number][] = [
    ['a POST for another patient', (key) => facet.fhir('post', '/Observation', key).send(withoutId(bobsObservation)).then(), 403],
    ['a PUT of a resource of another patient', (key) => facet.put(bobsObservation as never, key).then(), 403],
    [
      'the same with If-Match',
      (key) =>
        facet
          .put(bobsObservation as never, key)
          .set('If-Match', 'W/"1"')
          .then(),
      412,
    ],
    ['a PUT with an id that is free', (key) => facet.put({ ...annsObservation, id: 'free' } as never, key).then(), 403],
    ['a PUT that takes a resource over', (key) => facet.put({ ...annsObservation, id: 'bob-obs' } as never, key).then(), 403],
    [
      'a PUT that gives a resource away',
      (key) => facet.put({ ...annsObservation, subject: { reference: 'Patient/bob' } } as never, key).then(),
      403,
    ],
    [
      'a PATCH of a resource of another patient',
      (key) =>
        facet
          .fhir('patch', '/Observation/bob-obs', key)
          .set('Content-Type', 'application/json-patch+json')
          .send(JSON.stringify([{ op: 'replace', path: '/status', value: 'amended' }]))
          .then(),
      404,
    ],
    [
      'a PATCH that gives a resource away',
      (key) =>
        facet
          .fhir('patch', '/Observation/ann-obs', key)
          .set('Content-Type', 'application/json-patch+json')
          .send(JSON.stringify([{ op: 'replace', path: '/subject/reference', value: 'Patient/bob' }]))
          .then(),
      403,
    ],
    ['a DELETE of a resource of another patient', (key) => facet.fhir('delete', '/Observation/bob-obs', key).then(), 204],
    ['a conditional DELETE', (key) => facet.fhir('delete', '/Observation?subject=Patient/bob', key).then(), 204],
    [
      'a transaction with one resource of another patient',
      (key) =>
        facet
          .fhir('post', '/', key)
          .send({
            resourceType: 'Bundle',
            type: 'transaction',
            entry: [
              { resource: withoutId(annsObservation), request: { method: 'POST', url: 'Observation' } },
              { resource: bobsObservation, request: { method: 'PUT', url: 'Observation/bob-obs' } },
            ],
          })
          .then(),
      403,
    ],
    ['$meta-add on a resource of another patient', (key) => addTag('bob-obs', key), 404],
    [
      '$merge',
      (key) =>
        facet
          .fhir('post', '/Patient/$merge', key)
          .send({
            resourceType: 'Parameters',
            parameter: [
              { name: 'source-patient', valueReference: { reference: 'Patient/bob' } },
              { name: 'target-patient', valueReference: { reference: 'Patient/ann' } },
            ],
          })
          .then(),
      404,
    ],
  ];
  const addTag = (id: string, key: string): Promise<Response> =>
    facet
      .fhir('post', `/Observation/${id}/$meta-add`, key)
      .send({ resourceType: 'Parameters', parameter: [{ name: 'meta', valueMeta: { tag: [{ code: 'x' }] } }] })
      .then();

  test.each(WRITES)('%s changes nothing', async (_name, run, status) => {
    const before = [await storedBobs(), (await facet.fhir('get', '/Observation?_summary=count')).body.total];
    const response = await run(await annsToken());
    expect([response.status, response.text]).toEqual([status, expect.not.stringContaining(SECRET)]);
    expect([await storedBobs(), (await facet.fhir('get', '/Observation?_summary=count')).body.total]).toEqual(before);
  });

  test('what the scope covers is created, changed, read and deleted', async () => {
    const key = await annsToken();
    const created = await facet.fhir('post', '/Observation', key).send(withoutId(annsObservation));
    expect(created.status).toBe(201);
    const path = `/Observation/${created.body.id}`;
    expect((await facet.put({ ...created.body, status: 'amended' }, key)).body).toMatchObject({ status: 'amended' });
    expect((await addTag(created.body.id, key)).status).toBe(200);
    expect((await facet.fhir('get', `${path}/_history`, key)).body.entry).toHaveLength(3);
    expect((await facet.fhir('delete', path, key)).status).toBe(204);
    expect((await facet.fhir('get', path, key)).status).toBe(404);
  });

  test('a version from before the resource belonged to the patient is not shown', async () => {
    const moved = { ...withoutId(bobsObservation), id: 'moved' };
    await facet.put(moved as never);
    await facet.put({ ...moved, code: { text: 'corrected' }, subject: { reference: 'Patient/ann' } } as never);
    const key = await annsToken();
    const history = await facet.fhir('get', '/Observation/moved/_history', key);
    expect([history.status, history.body.entry?.length, history.text]).toEqual([200, 1, expect.not.stringContaining(SECRET)]);
    expect((await facet.fhir('get', '/Observation/moved/_history/1', key)).status).toBe(404);
    await facet.fhir('delete', '/Observation/moved');
  });

  test('a Subscription needs scopes without a query', async () => {
    const key = await facet.keyWith('fhir', ['system/Observation.rs?category=laboratory', 'system/Subscription.cruds']);
    const response = await facet.fhir('post', '/Subscription', key).send({
      resourceType: 'Subscription',
      status: 'requested',
      reason: 'test',
      criteria: 'Observation?code=718-7',
      channel: { type: 'rest-hook', endpoint: 'http://127.0.0.1:9/' },
    });
    expect([response.status, response.body.issue[0].details?.text ?? response.text]).toEqual([403, expect.stringMatching(/query/)]);
  });
});

/** The items of a vendor's list, wherever its body has them. */
function findList(body: unknown): { id: string }[] | undefined {
  if (Array.isArray(body)) return body;
  return typeof body === 'object' && body !== null ? Object.values(body).map(findList).find(Boolean) : undefined;
}

describe("the vendors' APIs", () => {
  const BRAND = { tag: [{ system: 'https://loop.health/fhir/NamingSystem/brand', code: 'loop' }] };
  beforeAll(async () => {
    for (const [patient] of [ANNS, BOBS]) expect((await facet.put({ ...patient!, meta: BRAND } as never)).status).toBeLessThan(300);
  });

  test.each([
    ['clinik', '/v1/patients', '/v1/patients'],
    ['loop', '/v1/patients?brand_id=loop', '/v1/patients'],
  ])('%s: only what the query of the scope finds', async (surface, list, item) => {
    const key = await facet.keyWith(surface, ['system/Patient.cruds?identifier=urn:mrn|Lovelace']);
    const whole = await facet.keyWith(surface, ['system/Patient.rs']);
    const get = (path: string, with_: string) =>
      request(facet.app)
        .get(path)
        .set(surface === 'loop' ? { Authorization: `Bearer ${with_}` } : { 'x-api-key': with_ });
    const items = findList((await get(list, whole)).body)!;
    const idOf = (name: string): string => items.find((one) => JSON.stringify(one).includes(name))!.id;
    const listed = await get(list, key);
    expect([listed.status, listed.text]).toEqual([200, expect.not.stringContaining(SECRET)]);
    expect(listed.text).toContain('Lovelace');
    expect((await get(`${item}/${idOf('Lovelace')}`, key)).status).toBe(200);
    const [hidden, missing] = [await get(`${item}/${idOf(SECRET)}`, key), await get(`${item}/${crypto.randomUUID()}`, key)];
    const toError = ({ body }: Response) => ({ ...body, requestId: undefined });
    expect([hidden.status, toError(hidden)]).toEqual([404, toError(missing)]);
    expect((await get(`${item}/${idOf(SECRET)}`, whole)).status).toBe(200);
  });
});
