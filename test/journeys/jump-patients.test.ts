// JumpEHR's patients over HTTP: created, changed, archived, and read through the other APIs.
import request from 'supertest';
import { type Running, startFacet } from './running-server.ts';

let facet: Running;
beforeAll(async () => {
  facet = await startFacet();
});
afterAll(() => facet.close());

/** As all times of theirs are printed. */
const IN_SECONDS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
const ADA = { first_name: 'Ada', last_name: 'King', date_of_birth: '1985-12-10' };
const PHONES = { phone: '020 7946 0000', mobile_phone: '07700 900123', home_phone: '020 7946 0999' };

type Method = 'get' | 'post' | 'patch' | 'delete';
const jump = (method: Method, path: string, body?: object, headers: Record<string, string> = {}) =>
  request(facet.app)
    [method](path)
    .set({ Authorization: `Bearer ${facet.demo.jump}`, ...headers })
    .send(body);
const fhir = (path: string) => request(facet.app).get(`/fhir/R4${path}`).set('x-api-key', facet.demo.fhir!);
const created = async (more: object = {}): Promise<string> =>
  (await jump('post', '/patients', { ...ADA, ...more }).expect(201)).body.data.id;

test('a patient is created in the documented envelope, and read back unchanged', async () => {
  const { status, body } = await jump('post', '/patients', { ...ADA, ...PHONES, preferred_name: 'Countess', biological_sex: 'intersex' });
  expect([status, Object.keys(body), body.meta]).toEqual([201, ['data', 'meta'], { request_id: expect.stringMatching(/^req_/) }]);
  expect(body.data).toMatchObject({
    ...ADA,
    ...PHONES,
    preferred_name: 'Countess',
    biological_sex: 'intersex',
    status: 'active',
    title: null,
    created_at: expect.stringMatching(IN_SECONDS),
    updated_at: expect.stringMatching(IN_SECONDS),
  });
  const repeated = await jump('get', `/api-v1/patients/${body.data.id}`);
  expect(repeated.body.data).toEqual(body.data);
});

test('three phone numbers are stored with their uses, and can be removed independently', async () => {
  const id = await created(PHONES);
  const { body } = await jump('patch', `/patients/${id}`, { phone: null }).expect(200);
  expect(body.data).toMatchObject({ ...PHONES, phone: null });
  expect((await fhir(`/Patient/${id}`)).body.telecom).toEqual([
    { system: 'phone', use: 'mobile', value: PHONES.mobile_phone },
    { system: 'phone', use: 'home', value: PHONES.home_phone },
  ]);
  const back = await jump('patch', `/patients/${id}`, { phone: '1', mobile_phone: null }).expect(200);
  expect(back.body.data).toMatchObject({ phone: '1', mobile_phone: null, home_phone: PHONES.home_phone });
});

test('a time of death from FHIR is shown as a date, and writing that date keeps the time', async () => {
  const id = await created();
  const { body: stored } = await fhir(`/Patient/${id}`);
  const died = '2025-12-31T23:30:00-05:00';
  const { deceasedBoolean: _, ...rest } = stored;
  await request(facet.app)
    .put(`/fhir/R4/Patient/${id}`)
    .set({ 'x-api-key': facet.demo.fhir!, 'content-type': 'application/fhir+json' })
    .send(JSON.stringify({ ...rest, deceasedDateTime: died }))
    .expect(200);
  expect((await jump('get', `/patients/${id}`)).body.data).toMatchObject({ is_deceased: true, date_of_death: '2025-12-31' });
  await jump('patch', `/patients/${id}`, { is_deceased: true, date_of_death: '2025-12-31', occupation: 'Poet' }).expect(200);
  expect((await fhir(`/Patient/${id}`)).body.deceasedDateTime).toBe(died);
});

test('a patient can be archived by a change, and cannot be deleted', async () => {
  const id = await created();
  const archived = { status: 'inactive', archived_at: '2026-01-02T10:00:00Z', archived_by: 'Dr Lee', archive_reason: 'moved away' };
  const { body } = await jump('patch', `/patients/${id}`, archived).expect(200);
  expect(body.data).toMatchObject({ ...ADA, ...archived, archive_notes: null });
  expect((await fhir(`/Patient/${id}`)).body).toMatchObject({ active: false, meta: { versionId: '2' } });
  expect((await jump('delete', `/patients/${id}`)).status).toBe(405);
});

test('a repeated change creates one version', async () => {
  const id = await created();
  for (const _time of [1, 2]) await jump('patch', `/patients/${id}`, { occupation: 'Countess' }).expect(200);
  expect((await fhir(`/Patient/${id}`)).body.meta.versionId).toBe('2');
});

test('a patient stays deceased when the date is removed; a date requires deceased', async () => {
  const id = await created({ is_deceased: true, date_of_death: '2025-12-31' });
  expect((await fhir(`/Patient/${id}`)).body.deceasedDateTime).toBe('2025-12-31');
  const { body } = await jump('patch', `/patients/${id}`, { date_of_death: null }).expect(200);
  expect(body.data).toMatchObject({ is_deceased: true, date_of_death: null });
  expect((await fhir(`/Patient/${id}`)).body).toMatchObject({ deceasedBoolean: true });
  const alone = await jump('post', '/patients', { ...ADA, date_of_death: '2025-12-31' });
  expect([alone.status, alone.body.error.message]).toEqual([
    400,
    expect.stringContaining('date_of_death must not be set without is_deceased'),
  ]);
});

test('removing an address line before another line is refused, and nothing is changed', async () => {
  const id = await created({ address_line_1: '1 High Street', address_line_2: 'Flat 4' });
  const refused = await jump('patch', `/patients/${id}`, { address_line_1: null });
  expect([refused.status, refused.body.data, refused.body.error.code]).toEqual([400, null, 'VALIDATION_ERROR']);
  const { body } = await jump('patch', `/patients/${id}`, { address_line_1: null, address_line_2: null }).expect(200);
  expect(body.data).toMatchObject({ address_line_1: null, address_line_2: null });
});

test('one idempotency-key creates one patient, also concurrently; another body is a conflict; without a key each request creates one', async () => {
  const headers = { 'Idempotency-Key': 'ada-1' };
  const responses = await Promise.all([1, 2].map(() => jump('post', '/patients', { ...ADA, last_name: 'Once' }, headers)));
  const repeated = await jump('post', '/patients', { ...ADA, last_name: 'Once' }, headers);
  expect(responses.map(({ status }) => status).every((status) => status === 201 || status === 409)).toBe(true);
  expect(repeated.status).toBe(201);
  expect((await fhir('/Patient?family=Once&_summary=count')).body.total).toBe(1);
  const other = await jump('post', '/patients', { ...ADA, last_name: 'Twice' }, headers);
  expect([other.status, other.body.data, other.body.error.code]).toEqual([409, null, 'CONFLICT']);
  for (const _time of [1, 2]) await created({ last_name: 'Often' });
  expect((await fhir('/Patient?family=Often&_summary=count')).body.total).toBe(2);
});

test('a live key opens a path that other vendors have, too', async () => {
  const { status, body } = await jump('get', '/v1/patients?limit=1', undefined, {
    Authorization: `Bearer ${await facet.keyWith('jump', ['*'])}`,
  });
  expect([status, body.data?.length]).toEqual([200, 1]);
});

test('errors name the field, for required fields and for rules', async () => {
  for (const name of Object.keys(ADA)) {
    const { status, body } = await jump('post', '/patients', { ...ADA, [name]: undefined });
    expect([status, body.error.code, body.error.message]).toEqual([400, 'VALIDATION_ERROR', expect.stringContaining(name)]);
  }
  const { status, body } = await jump('post', '/patients', { ...ADA, nhs_number: '123 456 7890' });
  expect([status, body.error.message]).toEqual([400, 'nhs_number must be ten digits without spaces']);
});

test('a patient of another organisation is 404', async () => {
  const id = await created();
  const { status, body } = await request(facet.app)
    .patch(`/patients/${id}`)
    .set('Authorization', `Bearer ${facet.other.jump}`)
    .send({ occupation: 'x' });
  expect([status, body.error.code]).toEqual([404, 'NOT_FOUND']);
});
