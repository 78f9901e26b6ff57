// Patient keys: what they may access, and the endpoints about "me".
import { once } from 'node:events';
import { createServer, type OutgoingHttpHeaders, request as open, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { pino } from 'pino';
import request from 'supertest';
import { type Running, startFacet } from './running-server.ts';

const logged: string[] = [];
const log = pino({ level: 'trace' }, { write: (line: string) => void logged.push(line) });
const clock = { now: new Date('2026-03-01T12:00:00.000Z') };
let facet: Running;
beforeAll(async () => {
  facet = await startFacet({}, undefined, { clock: () => clock.now, log });
});
afterAll(() => facet.close());

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';
const as = (key: string) => (method: Method, path: string) => request(facet.app)[method](path).set('Authorization', `Bearer ${key}`);
const AGE = '/v1/patients/me/age-verification';
const RUO = '/v1/patients/me/ruo-acknowledgement';
const ACK = '/v1/researcher-acknowledgements';
const ADULT = { date_of_birth: '1990-02-03' };

/** A patient made through the door, and a key that stands for that one. */
async function person(more: object = {}) {
  const body = { brand_id: 'loop', first_name: 'Ada', last_name: `L${Math.random()}`, ...more };
  const { body: view } = await as(facet.demo.loop!)('post', '/v1/patients').send(body);
  const key = await facet.keyWith('loop', ['*'], view.id);
  return { id: view.id as string, view, key, me: as(key) };
}
const versionOf = async (id: string): Promise<string> => (await facet.fhir('get', `/Patient/${id}`)).body.meta.versionId;

describe('a patient key', () => {
  const CLOSED: [Method, string][] = [
    ['get', '/v1/patients?brand_id=loop'],
    ['post', '/v1/patients'],
    ['get', '/v1/patients/{id}'],
    ['get', '/v1/patients/{id}/safe'],
    ['delete', '/v1/patients/{id}'],
    ['post', '/v1/lab-orders'],
    ['post', '/v1/physicians'],
  ];
  test.each(CLOSED)('%s %s is 403 in the vendor’s format, also for its own patient', async (method, path) => {
    const { me, id } = await person();
    const response = await me(method, path.replace('{id}', id)).send(method === 'post' ? {} : undefined);
    expect([response.status, response.body]).toEqual([403, { error: 'forbidden', message: expect.stringMatching(/is a patient.s key/) }]);
  });

  test('the FHIR API and other vendors’ APIs are 403', async () => {
    const { me, key, id } = await person();
    expect((await me('get', `/fhir/R4/Patient/${id}`)).status).toBe(403);
    expect((await request(facet.app).get('/clinik/v1/patients').set('x-api-key', key)).status).toBe(403);
    expect((await me('get', '/jump/clinician-profiles')).status).toBe(403);
    const astray = as(await facet.keyWith('fhir', ['*'], id));
    const response = await astray('get', `/fhir/R4/Patient/${id}`);
    expect([response.status, response.body.resourceType]).toEqual([403, 'OperationOutcome']);
  });

  test('other keys have no "me": 403 names the key to create', async () => {
    const response = await as(facet.demo.loop!)('post', AGE).send(ADULT);
    expect([response.status, response.body]).toEqual([
      403,
      { error: 'forbidden', message: expect.stringMatching(/facet keys create --patient/) },
    ]);
  });

  describe('an acknowledgement without required fields', () => {
    let server: Server;
    beforeAll(async () => {
      server = createServer(facet.app).listen(0);
      await once(server, 'listening');
    });
    afterAll(() => void server.close());
    /** Sends these headers and no others: a client of a library adds some. */
    async function bare(path: string, headers: OutgoingHttpHeaders, text = '') {
      const { port } = server.address() as AddressInfo;
      const { key } = await person();
      const sent = open({
        port,
        path,
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, ...(text && { 'content-length': text.length }), ...headers },
      });
      sent.useChunkedEncodingByDefault = false;
      sent.end(text);
      const [answer] = await once(sent, 'response');
      return { status: answer.statusCode as number, body: (await json(answer)) as Record<string, unknown> };
    }

    test.each<[what: string, headers: OutgoingHttpHeaders]>([
      ['without a body', {}],
      ['of no length', { 'content-length': 0 }],
      ['of no length, as JSON', { 'content-length': 0, 'content-type': 'application/json' }],
      ['in pieces, of which there are none', { 'transfer-encoding': 'chunked' }],
      ['in no pieces, as JSON', { 'transfer-encoding': 'chunked', 'content-type': 'application/json' }],
    ])('needs no body: %s', async (_what, headers) => {
      const response = await bare(RUO, headers);
      expect([response.status, response.body.ruo_pathway_acknowledged_at]).toEqual([200, '2026-03-01T12:00:00.000Z']);
    });

    test.each<[what: string, headers: OutgoingHttpHeaders, text: string, status: number]>([
      ['of another type', { 'content-type': 'text/plain' }, '', 415],
      ['that names no type', {}, '{}', 415],
      ['that is blank', { 'content-type': 'application/json' }, ' ', 400],
    ])('refuses a body %s', async (_what, headers, text, status) => {
      expect((await bare(RUO, headers, text)).status).toBe(status);
    });

    test.each<[what: string, headers: OutgoingHttpHeaders]>([
      ['no body', {}],
      ['one of no length', { 'content-length': 0, 'content-type': 'application/json' }],
      ['no pieces of one', { 'transfer-encoding': 'chunked', 'content-type': 'application/json' }],
    ])('with required fields, %s gets the names of the missing fields', async (_what, headers) => {
      expect(await bare(AGE, headers)).toEqual({
        status: 400,
        body: { error: 'validation_error', message: 'Validation error: date_of_birth is required' },
      });
    });
  });

  test('is limited by its scopes', async () => {
    const { id } = await person();
    const key = await facet.keyWith('loop', ['system/Patient.r'], id);
    expect((await as(key)('post', AGE).send(ADULT)).status).toBe(403);
  });

  test('gets 404 after its patient was deleted', async () => {
    const { me, id } = await person();
    expect((await facet.fhir('delete', `/Patient/${id}`)).status).toBe(204);
    const response = await me('post', AGE).send(ADULT);
    expect([response.status, response.body]).toEqual([404, { error: 'not_found', message: expect.stringMatching(/was deleted/) }]);
  });

  test('opens only the patient of its tenant, also if another tenant has the same id', async () => {
    const put = (keys: string) =>
      as(keys)('put', '/fhir/R4/Patient/same-id')
        .set('Content-Type', 'application/fhir+json')
        .send('{"resourceType":"Patient","id":"same-id"}');
    await put(facet.demo.fhir!);
    await put(facet.other.fhir!);
    const me = as(await facet.keyWith('loop', ['*'], 'same-id'));
    expect((await me('post', AGE).send(ADULT)).status).toBe(200);
    expect((await facet.fhir('get', '/Patient/same-id')).body.birthDate).toBe('1990-02-03');
    expect((await as(facet.other.fhir!)('get', '/fhir/R4/Patient/same-id')).body.birthDate).toBeUndefined();
  });

  test('other methods than POST are 405', async () => {
    const { me } = await person();
    const response = await me('get', AGE);
    expect([response.status, response.headers.allow]).toEqual([405, 'POST']);
  });
});

describe('POST /v1/patients/me/age-verification', () => {
  test('stores the birth date and the time of the verification, and returns the whole patient; other elements stay', async () => {
    const { me, view, id } = await person({ phone: '+1 518 473 1122', metadata: { dose: 1.5 } });
    const response = await me('post', AGE).send({ ...ADULT, first_name: 'Nobody asks' });
    expect([response.status, response.body]).toEqual([
      200,
      { ...view, ...ADULT, age_verified_at: '2026-03-01T12:00:00.000Z', updated_at: expect.any(String) },
    ]);
    expect((await as(facet.demo.loop!)('get', `/v1/patients/${id}`)).body).toEqual(response.body);
    expect(await versionOf(id)).toBe('2');
  });

  test('a repetition creates no version and keeps the first time; another date is another verification', async () => {
    const { me, id } = await person();
    const first = await me('post', AGE).send(ADULT);
    clock.now = new Date('2026-03-02T12:00:00.000Z');
    const repeated = await me('post', AGE).send(ADULT);
    expect([repeated.status, repeated.body, repeated.headers.etag]).toEqual([200, first.body, first.headers.etag]);
    expect(await versionOf(id)).toBe('2');
    const other = await me('post', AGE).send({ date_of_birth: '1991-02-03' });
    expect(other.body).toMatchObject({ date_of_birth: '1991-02-03', age_verified_at: '2026-03-02T12:00:00.000Z' });
    clock.now = new Date('2026-03-01T12:00:00.000Z');
  });

  test('age is counted in whole years in UTC; under eighteen is refused, and nothing is stored', async () => {
    const { me, id } = await person();
    for (const date_of_birth of ['2008-03-02', '2026-01-01', '2030-01-01']) {
      const response = await me('post', AGE).send({ date_of_birth });
      expect([response.status, response.body]).toEqual([
        400,
        { error: 'validation_error', message: 'Validation error: date_of_birth must be at least 18 years ago' },
      ]);
    }
    expect(await versionOf(id)).toBe('1');
    expect((await me('post', AGE).send({ date_of_birth: '2008-03-01' })).status).toBe(200);
  });

  test('requests with one idempotency-key, in sequence or concurrent, are performed once with the same response', async () => {
    const { me, id } = await person();
    const send = (body: object, key = 'once') => me('post', AGE).set('idempotency-key', key).send(body);
    const responses = await Promise.all([send(ADULT), send(ADULT), send(ADULT)]);
    expect(responses.map(({ status }) => status)).toEqual([200, 200, 200]);
    await me('post', AGE).send({ date_of_birth: '1991-02-03' });
    const replayed = await send(ADULT);
    expect([replayed.status, replayed.body]).toEqual([200, responses[0]!.body]);
    expect((await facet.fhir('get', `/Patient/${id}`)).body.birthDate).toBe('1991-02-03');
    expect((await send({ date_of_birth: '1980-02-03' })).status).toBe(409);
  });

  test('two concurrent requests with different dates are both stored', async () => {
    const { me, id } = await person();
    const responses = await Promise.all(['1990-01-01', '1991-01-01'].map((date_of_birth) => me('post', AGE).send({ date_of_birth })));
    expect(responses.map(({ status }) => status)).toEqual([200, 200]);
    expect(await versionOf(id)).toBe('3');
  });

  test('an outdated If-Match is 412, and nothing is changed', async () => {
    const { me, id } = await person();
    expect((await me('post', AGE).set('If-Match', 'W/"7"').send(ADULT)).status).toBe(409);
    expect((await me('post', AGE).set('If-Match', 'W/"1"').send(ADULT)).status).toBe(200);
    expect(await versionOf(id)).toBe('2');
  });
});

describe('POST /v1/patients/me/ruo-acknowledgement', () => {
  test('stores the acknowledged version and the time; a repetition changes nothing', async () => {
    const { me, view, id } = await person();
    const response = await me('post', RUO).send({});
    expect([response.status, response.body]).toEqual([
      200,
      { ...view, ruo_pathway_acknowledged_at: '2026-03-01T12:00:00.000Z', updated_at: expect.any(String) },
    ]);
    expect((await facet.fhir('get', `/Patient/${id}`)).body.extension).toContainEqual({
      url: 'https://loop.health/fhir/StructureDefinition/ruo-statement-version',
      valueString: 'ruo-pathway-v1',
    });
    expect((await me('post', RUO).send({ statement_version: 'ruo-pathway-v1' })).headers.etag).toBe(response.headers.etag);
    expect((await me('post', RUO).send({ statement_version: 'ruo-pathway-v2' })).headers.etag).not.toBe(response.headers.etag);
  });
});

describe('POST /v1/researcher-acknowledgements', () => {
  const SIGNED = { full_name: 'Ada Lovelace', ip_address: '203.0.113.7', source: 'checkout' };

  test('stores who acknowledged what, when and from where as a Consent, whose id the patient shows', async () => {
    const { me, id } = await person();
    const response = await me('post', ACK).send({ ...SIGNED, patient_id: 'somebody else' });
    const now = '2026-03-01T12:00:00.000Z';
    expect([response.status, response.headers.location]).toEqual([200, undefined]);
    expect(response.body).toEqual({
      id: expect.any(String),
      patient_id: id,
      ...SIGNED,
      statement_version: 'ruo-researcher-v1',
      acknowledged_at: now,
      created_at: now,
      updated_at: now,
    });
    const consents = await facet.fhir('get', `/Consent?patient=${id}&consentor=Patient/${id}&date=2026-03-01`);
    expect(consents.body.entry.map(({ resource }: { resource: { id: string } }) => resource.id)).toEqual([response.body.id]);
    expect((await as(facet.demo.loop!)('get', `/v1/patients/${id}`)).body.researcher_acknowledgement_id).toBe(response.body.id);
    expect(await versionOf(id)).toBe('2');
  });

  test('the patient shows the newest, and foreign elements stay', async () => {
    const { me, id } = await person({ metadata: { dose: 1.5 } });
    await me('post', ACK).send(SIGNED);
    const second = await me('post', ACK).send(SIGNED);
    const { body } = await as(facet.demo.loop!)('get', `/v1/patients/${id}`);
    expect(body).toMatchObject({ researcher_acknowledgement_id: second.body.id, metadata: { dose: 1.5 } });
  });

  test('concurrent requests with one idempotency-key create one; without a key each creates one, and the patient shows one of them', async () => {
    const { me, id } = await person();
    const send = (key?: string) => {
      const call = me('post', ACK);
      return (key === undefined ? call : call.set('idempotency-key', key)).send(SIGNED);
    };
    const once = await Promise.all([send('k'), send('k'), send('k')]);
    expect(new Set(once.map(({ status, body }) => `${status} ${body.id}`)).size).toBe(1);
    const each = await Promise.all([send(), send(), send()]);
    expect(each.map(({ status }) => status)).toEqual([200, 200, 200]);
    const { body } = await as(facet.demo.loop!)('get', `/v1/patients/${id}`);
    expect(each.map((response) => response.body.id)).toContain(body.researcher_acknowledgement_id);
    expect((await facet.fhir('get', `/Consent?patient=${id}&_summary=count`)).body.total).toBe(4);
  });

  test('a patient with an id from a FHIR client is shown by its alias, and referred to by its own id', async () => {
    await facet.put({ resourceType: 'Patient', id: 'ada' });
    const key = await facet.keyWith('loop', ['*'], 'ada');
    const response = await as(key)('post', ACK).send(SIGNED);
    expect([response.status, response.body.patient_id]).toEqual([200, expect.stringMatching(/^[0-9a-f]{8}-/)]);
    const { body } = await facet.fhir('get', `/Consent/${response.body.id}`);
    expect([body.patient.reference, body.performer[0].reference]).toEqual(['Patient/ada', 'Patient/ada']);
    expect((await as(facet.demo.loop!)('get', `/v1/patients/${response.body.patient_id}`)).body.researcher_acknowledgement_id).toBe(
      response.body.id,
    );
  });

  test('a deleted patient is 404, and nothing is created', async () => {
    const { me, id } = await person();
    await facet.fhir('delete', `/Patient/${id}`);
    expect((await me('post', ACK).send(SIGNED)).status).toBe(404);
    expect((await facet.fhir('get', `/Consent?patient=${id}&_summary=count`)).body.total).toBe(0);
  });

  test('errors name the field; neither address nor name is in an error response or in the log', async () => {
    const { me } = await person();
    const response = await me('post', ACK).send({ ...SIGNED, full_name: 'A', source: '' });
    expect([response.status, response.body]).toEqual([
      400,
      { error: 'validation_error', message: 'Validation error: full_name must have at least 2 characters; source must not be blank' },
    ]);
    expect((await as(facet.demo.loop!)('post', ACK).send(SIGNED)).status).toBe(403);
    log.info('the log is open');
    expect(logged.join('')).toContain('the log is open');
    expect(logged.join('')).not.toMatch(/203\.0\.113\.7|Lovelace/);
  });
});
