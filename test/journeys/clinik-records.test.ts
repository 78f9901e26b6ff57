// Clinik's orders, reports, samples and slots, also for resources that FHIR clients write.
import request from 'supertest';
import { type Running, startFacet } from './running-server.ts';

let facet: Running;
beforeAll(async () => {
  facet = await startFacet();
});
afterAll(() => facet.close());

interface Draft {
  resourceType: string;
  [name: string]: unknown;
}

/** The id of a resource that a FHIR client made. */
const create = async (resource: Draft): Promise<string> => {
  const { status, body } = await facet.fhir('post', `/${resource.resourceType}`).send(JSON.stringify(resource));
  expect(status).toBe(201);
  return body.id;
};

const clinik = (method: 'get' | 'post' | 'patch' | 'delete', path: string) =>
  request(facet.app)[method](`/v1/${path}`).set('x-api-key', facet.demo.clinik!);

const listed = async (path: string): Promise<unknown[]> => {
  const { status, body } = await clinik('get', path);
  expect(status).toBe(200);
  return body.data.data;
};

describe('a resource that was entered in error is 404 and not listed, as if it were deleted', () => {
  test.each<[path: string, resource: Draft, filter: string]>([
    ['labs', { resourceType: 'DiagnosticReport', status: 'final', code: { text: 'x' } }, 'patientId='],
    ['service-requests', { resourceType: 'ServiceRequest', status: 'active', intent: 'order', code: { text: 'x' } }, 'patientId='],
    ['specimens', { resourceType: 'Specimen' }, 'patientId='],
    ['slots', { resourceType: 'Slot', status: 'free', start: '2026-01-01T00:00:00Z', end: '2026-01-01T00:10:00Z' }, 'scheduleId='],
  ])('%s', async (path, resource, filter) => {
    const about =
      path === 'slots' ? await create({ resourceType: 'Schedule', actor: [{ display: 'x' }] }) : await create({ resourceType: 'Patient' });
    const draft =
      path === 'slots'
        ? { ...resource, schedule: { reference: `Schedule/${about}` } }
        : { ...resource, subject: { reference: `Patient/${about}` } };
    const id = await create(draft);
    const list = `${path}?${filter}${about}`;
    expect(await listed(list)).toHaveLength(1);
    const invalid = await facet
      .fhir('put', `/${resource.resourceType}/${id}`)
      .send(JSON.stringify({ ...draft, id, status: 'entered-in-error' }));
    expect(invalid.status).toBe(200);
    expect(await listed(list)).toEqual([]);
    const responses = [
      await clinik('get', `${path}/${id}`),
      await clinik('patch', `${path}/${id}`).send({ status: 'final' }),
      await clinik('delete', `${path}/${id}`),
    ];
    expect(responses.map(({ status, body }) => [status, body.code])).toEqual(Array(3).fill([404, 'NOT_FOUND']));
    expect((await facet.fhir('get', `/${resource.resourceType}/${id}`)).body.status).toBe('entered-in-error');
  });
});

test.each<[path: string, resource: Draft]>([
  ['labs', { resourceType: 'DiagnosticReport', status: 'final', code: { text: 'x' } }],
  ['service-requests', { resourceType: 'ServiceRequest', status: 'active', intent: 'order', code: { text: 'x' } }],
  ['specimens', { resourceType: 'Specimen' }],
])('a resource without a stored patient is on no list of %s, whose items require one', async (path, resource) => {
  const list = async () => (await clinik('get', `${path}?count=100`)).body.data;
  const before = await list();
  const patient = await create({ resourceType: 'Patient' });
  for (const reference of ['Group/1', 'Location/1', 'https://other.example/Patient/1', `Patient/${patient}`])
    await create({ ...resource, subject: { reference } });
  const { data, total } = await list();
  expect(data.every(({ patientId }: { patientId: unknown }) => typeof patientId === 'string')).toBe(true);
  expect(data).toHaveLength(before.data.length + 1);
  // who the patient of another server is to us no search can tell: that one is counted
  expect(total).toBe(before.total + 2);
});

test('an order has the time of its creation unless the body has another, and is found by its date', async () => {
  const patientId = await create({ resourceType: 'Patient' });
  const order = { status: 'active', intent: 'order', patientId, code: 'CBC' };
  const { body } = await clinik('post', 'service-requests').send(order);
  const day = body.data.createdAt.slice(0, 10);
  expect(body.data.authoredOn).toMatch(new RegExp(`^${day}T`));
  await clinik('post', 'service-requests').send({ ...order, authoredOn: '2020-01-01T00:00:00Z' });
  expect(await listed(`service-requests?patientId=${patientId}&dateFrom=${day}&dateTo=${day}`)).toMatchObject([{ id: body.data.id }]);
});

test('a slot shows the service by which it is found, also if it has only codes', async () => {
  const schedule = await create({ resourceType: 'Schedule', actor: [{ display: 'x' }] });
  const id = await create({
    resourceType: 'Slot',
    schedule: { reference: `Schedule/${schedule}` },
    status: 'free',
    start: '2026-01-01T00:00:00Z',
    end: '2026-01-01T00:10:00Z',
    serviceType: [{ coding: [{ system: 'urn:x', code: 'c', display: 'Dermatology' }] }],
  });
  expect(await listed(`slots?scheduleId=${schedule}&serviceType=derma`)).toMatchObject([{ serviceType: 'Dermatology' }]);
  expect((await clinik('get', `slots/${id}`)).body.data.serviceType).toBe('Dermatology');
});

test('a value that is stored as a code only is found by that code', async () => {
  const patient = await create({ resourceType: 'Patient' });
  const subject = { reference: `Patient/${patient}` };
  const coded = (code: string) => ({ coding: [{ system: 'urn:x', code }] });
  const schedule = await create({ resourceType: 'Schedule', actor: [{ display: 'x' }], serviceType: [coded('svc-17')] });
  const times = { status: 'free', start: '2026-01-01T00:00:00Z', end: '2026-01-01T00:10:00Z' };
  const slot = { resourceType: 'Slot', schedule: { reference: `Schedule/${schedule}` }, ...times };
  await create({ ...slot, serviceType: [coded('svc-18')], specialty: [coded('spe-18')] });
  await create({ resourceType: 'ServiceRequest', status: 'active', intent: 'order', subject, category: [coded('cat-19')] });
  await create({ resourceType: 'Specimen', subject, type: coded('typ-20') });
  await create({ resourceType: 'Location', name: 'Ward', type: [coded('typ-21')] });
  await create({ resourceType: 'Organization', name: 'Sunrise', type: [coded('typ-22')] });
  expect(await listed('schedules?serviceType=svc-17')).toMatchObject([{ serviceType: ['svc-17'] }]);
  expect(await listed('slots?serviceType=svc-18')).toMatchObject([{ serviceType: 'svc-18', specialty: 'spe-18' }]);
  expect(await listed('slots?specialty=spe-18')).toMatchObject([{ specialty: 'spe-18' }]);
  expect(await listed('service-requests?category=cat-19')).toMatchObject([{ category: ['cat-19'] }]);
  expect(await listed('specimens?type=typ-20')).toMatchObject([{ type: 'typ-20' }]);
  expect(await listed('locations?type=typ-21')).toMatchObject([{ type: ['typ-21'] }]);
  expect(await listed('organizations?type=typ-22')).toMatchObject([{ type: ['typ-22'] }]);
});

test('reports are sorted by date, as documented', async () => {
  const patient = await create({ resourceType: 'Patient' });
  const report = { resourceType: 'DiagnosticReport', status: 'final', subject: { reference: `Patient/${patient}` } };
  for (const day of ['2025-01-15', '2025-03-15', '2025-02-15']) await create({ ...report, code: { text: day }, effectiveDateTime: day });
  const days = async (sort: string) =>
    (await listed(`labs?patientId=${patient}&sort=${sort}`)).map((one) => (one as { code: string }).code);
  expect(await days('-date')).toEqual(['2025-03-15', '2025-02-15', '2025-01-15']);
  expect(await days('date')).toEqual(['2025-01-15', '2025-02-15', '2025-03-15']);
});

test('a slot that ends before it starts is refused', async () => {
  const scheduleId = await create({ resourceType: 'Schedule', actor: [{ display: 'x' }] });
  const { status, body } = await clinik('post', 'slots').send({
    scheduleId,
    status: 'free',
    start: '2026-01-01T09:00:00Z',
    end: '2026-01-01T10:00:00+02:00',
  });
  expect([status, body.message]).toEqual([422, 'end must not be before start']);
});

test('an error in a period names the period', async () => {
  const patientId = await create({ resourceType: 'Patient' });
  const { status, body } = await clinik('post', 'service-requests').send({
    status: 'active',
    intent: 'order',
    patientId,
    occurrencePeriod: { start: '2026-02-02', end: '2026-02-01' },
  });
  expect([status, body.message]).toEqual([422, 'occurrencePeriod.end must not be before start']);
});

test('an unset required field is reported as missing, not as of a wrong type', async () => {
  const id = await create({ resourceType: 'Patient', name: [{ family: 'X', given: ['Ann'] }] });
  const { status, body } = await clinik('patch', `patients/${id}`).send({ lastName: null });
  expect([status, body.message]).toEqual([422, 'lastName must not be null']);
});

test('an empty JSON Patch changes nothing', async () => {
  const id = await create({ resourceType: 'Patient', name: [{ family: 'X', given: ['Ann'] }] });
  const { status, body } = await clinik('patch', `patients/${id}`).send([]);
  expect([status, body.data?.lastName]).toEqual([200, 'X']);
});

test('a report with a date only is shown as the document describes', async () => {
  const patient = await create({ resourceType: 'Patient' });
  const subject = { reference: `Patient/${patient}` };
  const id = await create({
    resourceType: 'DiagnosticReport',
    status: 'final',
    code: { text: 'x' },
    subject,
    effectiveDateTime: '2026-01-01',
  });
  const { body } = await request(facet.app).get('/openapi/clinik.json');
  expect((await clinik('get', `labs/${id}`)).body.data.effectiveDateTime).toBe('2026-01-01');
  expect(body.components.schemas.Lab.properties.effectiveDateTime).not.toHaveProperty('format');
});

test('an empty parameter is refused by its name, with the status of an invalid parameter', async () => {
  const { status, body } = await clinik('get', 'practitioner-roles?specialty=%00');
  expect([status, body.message]).toEqual([400, 'specialty has no searchable characters']);
});

describe('an edited member of a list keeps its foreign elements', () => {
  const contacts = async (type: string, contact: object[], change: object[]): Promise<unknown> => {
    const id = await create({ resourceType: type, ...(type === 'Organization' && { name: 'Clinic' }), contact });
    const { status } = await clinik('patch', `${type.toLowerCase()}s/${id}`).send({ contact: change });
    expect(status).toBe(200);
    return (await facet.fhir('get', `/${type}/${id}`)).body.contact;
  };
  const phone = (value: string) => [{ system: 'phone', value }];
  const ann = {
    gender: 'female',
    period: { start: '2020' },
    name: { text: 'Ann Lee', given: ['Ann'], family: 'Lee' },
    telecom: phone('1'),
  };
  const bob = { gender: 'male', name: { given: ['Bob'], family: 'Lee' }, telecom: phone('2') };

  test('a contact is matched by its name in any position', async () => {
    const change = [
      { firstName: 'Bob', lastName: 'Lee', phone: '3' },
      { firstName: 'Cid', lastName: 'Lee', phone: '1' },
      { firstName: 'Ann', lastName: 'Lee', phone: '4' },
    ];
    expect(await contacts('Patient', [ann, bob], change)).toEqual([
      { ...bob, telecom: phone('3') },
      { name: { given: ['Cid'], family: 'Lee' }, telecom: phone('1') },
      { ...ann, telecom: phone('4') },
    ]);
  });

  test('of two contacts with one name unchanged ones are matched first, the others in their order', async () => {
    const [first, second] = [ann, { ...ann, gender: 'other', telecom: phone('2') }];
    const named = (value: string) => ({ firstName: 'Ann', lastName: 'Lee', phone: value });
    expect(await contacts('Patient', [first, second], [named('3'), named('1')])).toEqual([{ ...second, telecom: phone('3') }, first]);
    expect(await contacts('Patient', [first, second], [named('3'), named('4')])).toEqual([
      { ...first, telecom: phone('3') },
      { ...second, telecom: phone('4') },
    ]);
  });

  test('a contact without a name is matched only if it is the only one', async () => {
    const desk = (code: string, value: string) => ({ purpose: { coding: [{ code }] }, telecom: phone(value) });
    const [press, patients] = [desk('PRESS', '1'), desk('PATINF', '2')];
    expect(await contacts('Organization', [press, patients], [{ phone: '1' }, { phone: '3' }])).toEqual([press, desk('PATINF', '3')]);
    expect(await contacts('Organization', [press, patients], [{ phone: '3' }])).toEqual([{ telecom: phone('3') }]);
    expect(await contacts('Organization', [press, { name: bob.name }], [{ phone: '3' }])).toEqual([desk('PRESS', '3')]);
  });

  test('a conclusion is matched by its code', async () => {
    const subject = { reference: `Patient/${await create({ resourceType: 'Patient' })}` };
    const conclusionCode = [{ id: 'dictated', coding: [{ code: 'a', display: 'A', version: '1', userSelected: true }] }];
    const id = await create({ resourceType: 'DiagnosticReport', status: 'final', code: { text: 'x' }, subject, conclusionCode });
    const conclusionCodes = [{ code: 'c' }, { code: 'a', display: 'Anaemia' }];
    expect((await clinik('patch', `labs/${id}`).send({ conclusionCodes })).status).toBe(200);
    expect((await facet.fhir('get', `/DiagnosticReport/${id}`)).body.conclusionCode).toEqual([
      { coding: [{ code: 'c' }] },
      { id: 'dictated', coding: [{ code: 'a', display: 'Anaemia', version: '1', userSelected: true }] },
    ]);
  });
});

test.each([
  ['labs', { resourceType: 'DiagnosticReport', status: 'final', code: { text: 'x' } }, 'DiagnosticReport:Observation'],
  ['encounters', { resourceType: 'Encounter', status: 'planned', class: { code: 'AMB' } }, 'Encounter:Patient'],
])('%s: the client’s include is accepted in a read, and changes nothing', async (path, resource, include) => {
  const id = await create({ ...resource, subject: { reference: `Patient/${await create({ resourceType: 'Patient' })}` } });
  const plain = await clinik('get', `${path}/${id}`);
  const included = await clinik('get', `${path}/${id}?_include=${include}&_include=${include}`);
  expect([plain.status, included.status]).toEqual([200, 200]);
  expect(included.body.data).toEqual(plain.body.data);
  expect((await clinik('get', `${path}/${id}?_revinclude=Observation:subject`)).status).toBe(400);
});

test('the roles of a patient are those of the general practitioner', async () => {
  const [own, other] = [await create({ resourceType: 'Practitioner' }), await create({ resourceType: 'Practitioner' })];
  const role = (practitioner: string, start: string): Promise<string> =>
    create({ resourceType: 'PractitionerRole', practitioner: { reference: `Practitioner/${practitioner}` }, period: { start } });
  const [first, second] = [await role(own, '2025-01-01'), await role(own, '2026-01-01')];
  await role(other, '2025-01-01');
  const patient = await create({ resourceType: 'Patient', generalPractitioner: [{ reference: `Practitioner/${own}` }] });
  const ids = async (query: string) =>
    (await clinik('get', `practitioner-roles?patientId=${patient}&${query}`)).body.data.data.map((item: { id: string }) => item.id);
  const shown = await Promise.all([first, second].map(async (id) => (await clinik('get', `practitioner-roles/${id}`)).body.data.id));
  expect(await ids('sort=date')).toEqual(shown);
  expect(await ids('sort=-date')).toEqual(shown.toReversed());
  expect(await ids('dateTo=2025-06-30')).toEqual([shown[0]]);
});
