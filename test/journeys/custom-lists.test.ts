// Lists with a custom envelope, without pages, and below the path of another item. The vendor exists in this test only (lists/ward).
import request from 'supertest';
import { toUuidAlias } from '../../src/fhir/indexing/uuid-alias.ts';
import { type Document, faultsOf } from '../mapping/open-api.ts';
import { type Running, startFacet } from './running-server.ts';

let facet: Running;
beforeAll(async () => {
  facet = await startFacet({ FACET_MAPPINGS: 'test/journeys/lists' });
  for (const id of [ANN, BOB, NICK]) await putFhir({ resourceType: 'Patient', id });
});
afterAll(() => facet.close());

const ANN = '0190b3c2-0000-7000-8000-0000000000a1';
const BOB = '0190b3c2-0000-7000-8000-0000000000b1';
const NICK = 'nick';

const putFhir = async (resource: { resourceType: string; id: string; [name: string]: unknown }): Promise<void> => {
  expect((await facet.put(resource)).status).toBe(201);
};
const call = (method: 'get' | 'post' | 'patch', path: string, keys = facet.demo) =>
  request(facet.app)[method](`/v1${path}`).set('authorization', `Bearer ${keys.ward}`);
const order = (patient: string, test: string) => call('post', `/patients/${patient}/orders`).send({ test });

test('an item that is created below a patient belongs to that patient, whatever the body names', async () => {
  const created = await call('post', `/patients/${ANN}/orders`).send({ test: 'TSH', patient_id: BOB });
  expect([created.status, created.body]).toEqual([201, { order: { id: expect.any(String), patient_id: ANN, test: 'TSH' } }]);
  expect((await facet.fhir('get', `/ServiceRequest/${created.body.order.id}`)).body.subject).toEqual({ reference: `Patient/${ANN}` });
});

test('a list below a patient has all items of that patient, in the envelope of the mapping', async () => {
  for (const name of ['T3', 'T4', 'TPO']) expect((await order(ANN, name)).status).toBe(201);
  await order(BOB, 'ALT');
  const { status, body } = await call('get', `/patients/${ANN}/orders?kind=all`);
  const tests = body.orders.map(({ test }: { test: string }) => test);
  expect([status, tests, { ...body, orders: [] }]).toEqual([
    200,
    ['TSH', 'T3', 'T4', 'TPO'],
    { patient_id: ANN, orders: [], kind: 'all', count: 4 },
  ]);
  expect((await call('get', `/patients/${ANN.toUpperCase()}/orders`)).body).toMatchObject({ kind: null, count: 4 });
  expect((await call('get', `/patients/${ANN}/orders?kind=plans`)).body).toMatchObject({ orders: [], kind: 'plans', count: 0 });
});

test('a patient whose id is not a UUID is addressed by its UUID alias', async () => {
  const alias = toUuidAlias(1, 'Patient', NICK);
  const { body } = await order(alias, 'CRP');
  expect(body.order).toMatchObject({ patient_id: alias, test: 'CRP' });
  expect((await facet.fhir('get', `/ServiceRequest/${body.order.id}`)).body.subject).toEqual({ reference: `Patient/${NICK}` });
  expect((await call('get', `/patients/${alias}/orders`)).body).toMatchObject({ patient_id: alias, orders: [body.order] });
});

test.each([
  ['a patient who is not there', '0190b3c2-0000-7000-8000-0000000000ff'],
  ['an id that is none', 'x'],
  ['a blank one', '%20'],
  ['none', ''],
  ['one that is not well encoded', '%ff'],
])('%s: 404 for lists and creates', async (_what, id) => {
  for (const response of [await call('get', `/patients/${id}/orders`), await order(id, 'TSH')]) {
    expect([response.status, response.body.error]).toEqual([404, 'not-found']);
  }
});

test('a patient of another tenant is 404', async () => {
  expect((await call('get', `/patients/${ANN}/orders`, facet.other)).status).toBe(404);
  expect((await call('post', `/patients/${ANN}/orders`, facet.other).send({ test: 'TSH' })).status).toBe(404);
});

test('missing fields are named, and the path is not reported as a parameter', async () => {
  const bare = await call('post', `/patients/${ANN}/orders`).send({});
  expect([bare.status, bare.body.message]).toEqual([422, 'test is required']);
  expect((await call('post', `/patients/${ANN}/orders`).send([])).status).toBe(422);
  for (const query of ['limit=1', 'offset=1', `patient_id=${BOB}`])
    expect([query, (await call('get', `/patients/${ANN}/orders?${query}`)).status]).toEqual([query, 400]);
  const other = await call('patch', `/patients/${ANN}/orders`).send({});
  expect([other.status, other.headers.allow]).toEqual([405, 'GET, HEAD, POST']);
  expect((await call('get', `/patients/${ANN}/orders/x`)).status).toBe(404);
});

test('the same idempotency-key and body below another patient are another request', async () => {
  const ask = (patient: string) => order(patient, 'LDL').set('idempotency-key', 'once');
  const first = await ask(ANN);
  expect((await ask(ANN)).body).toEqual(first.body);
  expect((await ask(BOB)).status).toBe(409);
});

test('take: first returns the first item or null', async () => {
  expect((await call('get', `/orders/first?patient_id=${ANN}`)).body).toEqual({ order: { test: 'TSH' } });
  expect((await call('get', '/orders/first?patient_id=0190b3c2-0000-7000-8000-0000000000ff')).body).toEqual({ order: null });
  expect((await call('get', '/orders/first')).status).toBe(400);
});

describe('parameters', () => {
  beforeAll(async () => {
    const qualification = ['NY', 'CA'].map((state) => ({ code: { text: `${state}-1` }, issuer: { display: state } }));
    await putFhir({ resourceType: 'Practitioner', id: ANN, active: true, qualification });
    await putFhir({ resourceType: 'Practitioner', id: BOB, active: true });
    await putFhir({ resourceType: 'Practitioner', id: NICK, active: false });
  });
  const clinicians = async (query: string) => (await call('get', `/clinicians?${query}`)).body;

  test('the envelope repeats the sent parameters, with null for the others', async () => {
    expect(await clinicians('state=CA')).toEqual({
      clinicians: [
        { id: ANN, licence: 'CA-1' },
        { id: BOB, licence: null },
      ],
      total: 2,
      limit: 2,
      offset: 0,
      state: 'CA',
    });
    for (const query of ['', 'state=', 'state=TX', 'state=%20']) expect((await clinicians(query)).clinicians[0].licence).toBeNull();
    expect((await call('get', `/clinicians/${ANN}`)).body.licence).toBeNull();
  });

  test.each([
    ['a format', 'number=7', 'number must be a UUID'],
    ['a day before the other', 'from=2026-03-02&to=01.03.2026', 'to must not be before from'],
    ['a day too far from the other', 'from=2026-03-02&to=17.03.2026', 'to must be at most 14 days after from'],
    ['a day that is none', 'from=2026-02-30&to=17.03.2026', 'from must be a date of the calendar as YYYY-MM-DD'],
  ])('%s', async (_what, query, error) => {
    const { status, body } = await call('get', `/clinicians?${query}`);
    expect([status, body]).toEqual([400, { error: 'parameter', message: error }]);
  });

  test('a UUID is accepted in upper case', async () => {
    const number = '0190b3c2-0000-7000-8000-0000000000dd';
    await putFhir({ resourceType: 'Practitioner', id: 'numbered', active: true, identifier: [{ value: number }] });
    for (const text of [number, number.toUpperCase()])
      expect([text, (await call('get', `/clinicians?number=${text}`)).body.total]).toEqual([text, 1]);
  });

  test('a range may be one day, the longest span, or one bound only', async () => {
    for (const query of [
      'from=2026-03-02&to=02.03.2026',
      'from=2026-03-02&to=16.03.2026',
      'from=2026-03-02',
      'to=16.03.2026',
      'from=2026-03-02&to=',
    ])
      expect([query, (await call('get', `/clinicians?${query}`)).status]).toEqual([query, 200]);
  });

  test('relative times start at the time of the request', async () => {
    const begins = async (n: number, hours: number): Promise<string> => {
      const id = `0190b3c2-0000-7000-8000-00000000010${n}`;
      const start = new Date(Date.now() + hours * 3_600_000).toISOString();
      await putFhir({ resourceType: 'Encounter', id, status: 'planned', class: { code: 'AMB' }, period: { start, end: start } });
      return id;
    };
    const ids = [await begins(1, -1), await begins(2, 1), await begins(3, 29 * 24), await begins(4, 31 * 24)];
    expect((await call('get', '/visits')).body).toEqual({ items: [{ id: ids[1] }, { id: ids[2] }], total: 2 });
    ids.push(await begins(5, 2), await begins(6, 3));
    const { status, body } = await call('get', '/visits');
    expect([status, body]).toEqual([
      400,
      { error: 'parameter', message: 'more than 3 items match, the limit of one response: filter by kind' },
    ]);
    expect((await call('get', '/visits?kind=IMP')).body.total).toBe(0);
  });
});

test('the document has the path with its parameter, and a body without that field', async () => {
  const document = (await request(facet.app).get('/openapi/ward.json')).body as Document;
  expect(await faultsOf(document)).toBeUndefined();
  const { get, post } = document.paths['/v1/patients/{patient_id}/orders']!;
  expect(get!.parameters.map(({ name, required }) => [name, required])).toEqual([
    ['patient_id', true],
    ['kind', false],
  ]);
  expect(post!.parameters[0]).toMatchObject({ name: 'patient_id', in: 'path', required: true });
  expect(Object.keys((document.components.schemas.OrderRequest as { properties: object }).properties)).toEqual(['test']);
  expect(Object.keys(post!.responses)).toContain('404');
  const clinicians = document.paths['/v1/clinicians']!.get!.parameters;
  expect(clinicians.map(({ name, schema }) => [name, schema.format])).toEqual([
    ['limit', undefined],
    ['offset', undefined],
    ['state', undefined],
    ['number', 'uuid'],
    ['from', undefined],
    ['to', undefined],
  ]);
});
