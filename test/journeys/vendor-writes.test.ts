// Changes and deletions through a vendor's API: minimal changes of the resource, with If-Match.
import request from 'supertest';
import { type Running, startFacet } from './running-server.ts';

let facet: Running;
beforeAll(async () => {
  facet = await startFacet();
  await facet.put({ resourceType: 'Practitioner', id: PRACTITIONER });
});
afterAll(() => facet.close());

const PRACTITIONER = '0190b3c2-0000-7000-8000-0000000000b1';

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';
const clinik = (method: Method, path: string, key = facet.demo.clinik!) =>
  request(facet.app)[method](`/v1/practitioner-roles${path}`).set('x-api-key', key);
const make = async (body: object = {}) =>
  (await clinik('post', '').send({ practitionerId: PRACTITIONER, role: 'doctor', phone: '1', ...body })).body.data.id as string;
/** The FHIR id behind one that is shown as digits of base 36. */
function uuidOf(shownText: string): string {
  const number = [...shownText.slice(shownText.indexOf('_') + 1)].reduce(
    (sum, digit) => sum * 36n + BigInt(Number.parseInt(digit, 36)),
    0n,
  );
  return number
    .toString(16)
    .padStart(32, '0')
    .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
const resourceOf = async (id: string) => (await facet.fhir('get', `/PractitionerRole/${uuidOf(id)}`)).body;

test('a plain object is applied as a merge patch; the response is the whole object with its ETag', async () => {
  const id = await make({ phone: 'merge' });
  const response = await clinik('patch', `/${id}`)
    .set('Content-Type', 'application/json-patch+json')
    .set('Accept', 'application/fhir+json')
    .send(JSON.stringify({ active: false, email: 'a@b.example' }));
  expect([response.status, response.body.meta.status]).toEqual([200, 200]);
  expect(response.body.data).toMatchObject({ id, role: 'doctor', phone: 'merge', email: 'a@b.example', active: false });
  const read = await clinik('get', `/${id}`);
  expect([read.body.data, read.headers.etag]).toEqual([response.body.data, response.headers.etag]);
});

test('foreign elements stay, and a change without effect creates no version', async () => {
  const id = await make({ phone: 'stays' });
  const before = await resourceOf(id);
  const resource = { ...before, language: 'en', healthcareService: [{ display: 'x' }], code: [...before.code, { text: 'own' }] };
  await facet.put(resource);
  const same = await clinik('patch', `/${id}`).send({ phone: 'stays', role: 'doctor', specialty: [] });
  expect([same.status, same.headers.etag]).toEqual([200, 'W/"2"']);
  const other = await clinik('patch', `/${id}`).send({ specialty: ['Cardiology'] });
  expect(other.headers.etag).toBe('W/"3"');
  const { body } = await facet.fhir('get', `/PractitionerRole/${before.id}`);
  expect(body).toEqual({ ...resource, specialty: [{ text: 'Cardiology' }], meta: { versionId: '3', lastUpdated: expect.any(String) } });
  expect((await facet.fhir('get', `/PractitionerRole/${before.id}/_history`)).body.entry[0].request.method).toBe('PATCH');
});

test('a change is applied only to the version in If-Match', async () => {
  const id = await make();
  const first = (await clinik('get', `/${id}`)).headers.etag!;
  const change = (tag: string, phone: string) => clinik('patch', `/${id}`).set('If-Match', tag).send({ phone });
  expect((await change(first, '2')).status).toBe(200);
  const late = await change(first, '3');
  expect([late.status, late.body.code]).toEqual([409, 'CONFLICT']);
  expect((await change(`"x", W/"2"`, '4')).status).toBe(200);
  expect((await change('*', '5')).status).toBe(200);
  const deleted = await clinik('delete', `/${id}`).set('If-Match', first);
  expect([deleted.status, (await clinik('get', `/${id}`)).body.data.phone]).toEqual([409, '5']);
});

test('of concurrent changes with one If-Match one succeeds; without If-Match all do', async () => {
  const id = await make();
  const tag = (await clinik('get', `/${id}`)).headers.etag!;
  const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
  const under = await Promise.all(
    days.map((day) =>
      clinik('patch', `/${id}`)
        .set('If-Match', tag)
        .send({ availableDays: [day] }),
    ),
  );
  expect(under.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409, 409, 409]);
  const fields = ['phone', 'email', 'organizationName', 'locationName'];
  await Promise.all(fields.map((name) => clinik('patch', `/${id}`).send({ [name]: `new ${name}` })));
  expect((await clinik('get', `/${id}`)).body.data).toMatchObject(Object.fromEntries(fields.map((name) => [name, `new ${name}`])));
});

test('a name in a change becomes a reference if exactly one resource has it', async () => {
  const place = '0190b3c2-0000-7000-8000-0000000000b2';
  await facet.put({ resourceType: 'Location', id: place, name: 'Harbour' });
  const id = await make({ phone: 'linked', locationName: 'Somewhere' });
  await clinik('patch', `/${id}`).send({ locationName: 'Harbour' });
  expect((await resourceOf(id)).location).toEqual([{ display: 'Harbour', reference: `Location/${place}` }]);
});

test('a create without a body gets the required fields, a change without a body is refused', async () => {
  const { status, body } = await request(facet.app)
    .post('/v1/practitioner-roles')
    .set('x-api-key', facet.demo.clinik!)
    .set('content-type', 'application/json');
  expect([status, body.code, body.issues.map(({ diagnostics }: { diagnostics: string }) => diagnostics)]).toEqual([
    422,
    'VALIDATION_ERROR',
    ['practitionerId is required', 'role is required'],
  ]);
  const change = await request(facet.app)
    .patch('/v1/practitioner-roles/prr_000000000000000001')
    .set('x-api-key', facet.demo.clinik!)
    .set('content-type', 'application/json');
  expect([change.status, change.body.code]).toEqual([400, 'INVALID_JSON']);
});

test('errors of a change have the same format as errors of a create', async () => {
  const id = await make();
  const invalid = await clinik('patch', `/${id}`).send({ role: 'wizard', practitionerId: 'prc_000000000000000001' });
  expect([invalid.status, invalid.body.code, invalid.body.issues.length]).toEqual([422, 'VALIDATION_ERROR', 1]);
  const nobody = await clinik('patch', `/${id}`).send({ practitionerId: 'prc_000000000000000001' });
  expect([nobody.status, nobody.body.issues[0].diagnostics]).toEqual([422, 'practitionerId leads to no Practitioner that exists']);
  expect((await clinik('patch', `/${id}`).send([{ op: 'merge' }])).status).toBe(400);
  expect((await clinik('patch', `/${id}?force=1`).send({})).status).toBe(400);
  expect((await clinik('patch', `/${id}`).send([{ op: 'test', path: '/role', value: 'nurse' }])).status).toBe(422);
});

test('a deletion is 204 without a body; afterwards reads and deletions are 404', async () => {
  const id = await make();
  const deleted = await clinik('delete', `/${id}`);
  expect([deleted.status, deleted.text, deleted.headers['x-request-id']]).toEqual([204, '', expect.stringMatching(/^req_/)]);
  for (const method of ['get', 'delete', 'patch'] as const) {
    const response = await clinik(method, `/${id}`).send(method === 'patch' ? { phone: '1' } : undefined);
    expect([response.status, response.body.code]).toEqual([404, 'NOT_FOUND']);
  }
});

test('another tenant’s item, or a key without write scopes, cannot change or delete', async () => {
  const id = await make();
  const reader = await facet.keyWith('clinik', ['read']);
  for (const method of ['patch', 'delete'] as const) {
    expect((await clinik(method, `/${id}`, facet.other.clinik!).send({ phone: '9' })).status).toBe(404);
    expect((await clinik(method, `/${id}`, reader).send({ phone: '9' })).status).toBe(403);
  }
  expect((await clinik('get', `/${id}`)).body.data.phone).toBe('1');
});

test('an undocumented method is 405 with the documented ones', async () => {
  const id = await make();
  const put = await clinik('put', `/${id}`).send({ role: 'nurse' });
  expect([put.status, put.headers.allow]).toEqual([405, 'GET, HEAD, PATCH, DELETE']);
  const profile = await request(facet.app).patch(`/clinician-profiles/${PRACTITIONER}`).set('x-api-key', facet.demo.jump!).send({});
  expect([profile.status, profile.headers.allow]).toEqual([405, 'GET, HEAD']);
});

test('every create accepts an idempotency-key: a repetition gets the same response and one item exists', async () => {
  const body = { practitionerId: PRACTITIONER, role: 'nurse', phone: 'once' };
  const send = () => clinik('post', '').set('Idempotency-Key', 'role-1').send(body);
  const [first, repeated] = [await send(), await send()];
  expect([first.status, repeated.status, repeated.body.data]).toEqual([201, 201, first.body.data]);
  expect(
    (
      await clinik('post', '')
        .set('Idempotency-Key', 'role-1')
        .send({ ...body, phone: 'twice' })
    ).status,
  ).toBe(409);
});

test('a change of the availability replaces lists of objects completely, and the older fields show their first item', async () => {
  const id = await make({ phone: 'times', availableDays: ['mon'], availableStartTime: '08:00' });
  expect(Object.keys((await clinik('get', `/${id}`)).body.data)).not.toContain('availableTime');
  const times = [
    { daysOfWeek: ['tue'], availableStartTime: '09:00:00' },
    { daysOfWeek: ['wed'], allDay: true },
  ];
  const { body } = await clinik('patch', `/${id}`).send({ availableTime: times, notAvailable: [{ description: 'Conference' }] });
  expect(body.data).toMatchObject({
    availableDays: ['tue'],
    availableStartTime: '09:00',
    availableTime: [
      { daysOfWeek: ['tue'], allDay: null, availableStartTime: '09:00', availableEndTime: null },
      { daysOfWeek: ['wed'], allDay: true, availableStartTime: null, availableEndTime: null },
    ],
    notAvailable: [{ description: 'Conference', during: null }],
  });
  const invalid = await clinik('patch', `/${id}`).send({
    notAvailable: [{ description: 'x', during: { start: '2026-02-01', end: '2026-01-01' } }],
  });
  expect([invalid.status, invalid.body.issues[0].diagnostics]).toEqual([422, 'notAvailable[0].during.end must not be before start']);
});

test('a slot is created, found by its schedule, booked and deleted', async () => {
  const schedule = '0190b3c2-0000-7000-8000-0000000000d1';
  const slots = (method: Method, path = '') => request(facet.app)[method](`/v1/slots${path}`).set('x-api-key', facet.demo.clinik!);
  await facet.put({ resourceType: 'Schedule', id: schedule, actor: [{ display: 'x' }] });
  const body = { scheduleId: schedule, status: 'free', start: '2026-03-02T09:00:00Z', end: '2026-03-02T09:15:00Z' };
  const created = await slots('post').send(body);
  expect([created.status, created.body.data.status]).toEqual([201, 'free']);
  const { id, scheduleId } = created.body.data;
  expect((await slots('post').send({ ...body, scheduleId: 'sch_000000000000000001' })).status).toBe(422);
  expect((await slots('patch', `/${id}`).send({ status: 'busy' })).body.data).toEqual({ ...created.body.data, status: 'busy' });
  const [taken, free] = await Promise.all(['busy', 'free'].map((status) => slots('get', `?scheduleId=${scheduleId}&status=${status}`)));
  expect([taken!.body.data.total, free!.body.data.total]).toEqual([1, 0]);
  expect((await facet.fhir('get', `/Slot?schedule=Schedule/${schedule}&status=busy`)).body.entry).toHaveLength(1);
  expect([(await slots('delete', `/${id}`)).status, (await slots('get', `/${id}`)).status]).toEqual([204, 404]);
});
