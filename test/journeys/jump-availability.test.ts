// JumpEHR's GET /availability and GET /availability/next over HTTP: free times with clinician and location.
import request from 'supertest';
import type { Database } from '../../src/store/database/database.ts';
import { type Running, startFacet } from './running-server.ts';

const NOW = '2026-03-02T10:00:00.000Z';
const TEMPLATE = '123e4567-e89b-12d3-a456-4266141740aa';
const SYSTEM = 'https://jumpehr.com/fhir/CodeSystem/appointment-template';
const uuid = (digits: string): string => `0190b3c2-0000-7000-8000-${digits.padStart(12, '0')}`;
const [ANN, BOB, HIGH_STREET, MILL_LANE] = [uuid('a1'), uuid('b1'), uuid('c1'), uuid('c2')] as [string, string, string, string];

let facet: Running;
let statements = 0;
beforeAll(async () => {
  facet = await startFacet({}, undefined, { clock: () => new Date(NOW), over: counted });
  await put('Location', HIGH_STREET, { name: 'High Street' });
  await put('Location', MILL_LANE, { name: 'Mill Lane' });
  await put('Practitioner', ANN, { name: [{ text: 'Dr Ann Lee', family: 'Lee' }] });
  await put('Practitioner', BOB, { name: [{ prefix: ['Dr'], given: ['Bob'], family: 'Okafor' }] });
  await put('PractitionerRole', 'bob-gp', { practitioner: { reference: `Practitioner/${BOB}` } });
  await put('Schedule', 'ann', { actor: [{ reference: `Practitioner/${ANN}` }, { reference: `Location/${HIGH_STREET}` }] });
  await put('Schedule', 'bob', { actor: [{ reference: 'PractitionerRole/bob-gp' }, { reference: `Location/${MILL_LANE}` }] });
  await put('PractitionerRole', 'cat-gp', { location: [{ reference: `Location/${MILL_LANE}` }] });
  await put('PractitionerRole', 'dan-gp', { location: [{ reference: `Location/${MILL_LANE}` }, { reference: `Location/${HIGH_STREET}` }] });
  await put('Schedule', 'room', { actor: [{ display: 'Room 2' }] });
  await put('Schedule', 'old', { active: false, actor: [{ reference: `Practitioner/${ANN}` }] });
  await slot('old', '2026-03-03T08:00:00Z');
  await slot('ann', '2026-03-03T09:00:00Z');
  await slot('bob', '2026-03-02T11:00:00+00:00');
  await slot('room', '2026-03-16T23:45:00Z');
  await slot('ann', '2026-03-02T09:00:00Z');
  await slot('ann', '2026-03-17T00:00:00Z');
  await slot('ann', '2026-03-04T09:00:00Z', { status: 'busy' });
  await slot('ann', '2026-03-04T10:00:00Z', { appointmentType: { coding: [{ system: SYSTEM, code: uuid('ee') }] } });
});
afterAll(() => facet.close());

/** The database, with every statement counted that reads resources: others are asked beside, by the clock. */
const counted = (database: Database): Database => ({
  ...database,
  forRequest: (...args) => counted(database.forRequest(...args)),
  query: (...args) => {
    if (args[0].includes('r.body')) statements++;
    return database.query(...args);
  },
  transaction: (work) => database.transaction((inside) => work(counted(inside))),
});

async function put(resourceType: string, id: string, rest: object): Promise<void> {
  const response = await request(facet.app)
    .put(`/fhir/R4/${resourceType}/${id}`)
    .set('x-api-key', facet.demo.fhir!)
    .set('Content-Type', 'application/fhir+json')
    .send(JSON.stringify({ resourceType, id, ...rest }));
  expect([response.status, response.body.issue]).toEqual([201, undefined]);
}

let slots = 0;
const slot = (schedule: string, start: string, more: object = {}): Promise<void> => {
  const end = new Date(Date.parse(start) + 900_000).toISOString();
  const appointmentType = { coding: [{ system: SYSTEM, code: TEMPLATE }] };
  return put('Slot', `slot-${slots++}`, {
    schedule: { reference: `Schedule/${schedule}` },
    status: 'free',
    start,
    end,
    appointmentType,
    ...more,
  });
};

const ask = (path: string, parameters: Record<string, string>, key = facet.demo.jump!) =>
  request(facet.app)
    .get(`/api-v1/availability${path}?${new URLSearchParams({ appointment_template_id: TEMPLATE, ...parameters })}`)
    .set('Authorization', `Bearer ${key}`);
const SPAN = { date_from: '2026-03-02', date_to: '2026-03-16' };
const starts = async (parameters: Record<string, string> = {}): Promise<string[]> => {
  const { status, body } = await ask('', { ...SPAN, ...parameters });
  expect(status).toBe(200);
  return body.data.slots.map(({ start_time }: { start_time: string }) => start_time);
};

const bobs = {
  start_time: '2026-03-02T11:00:00Z',
  end_time: '2026-03-02T11:15:00Z',
  clinician_profile_id: BOB,
  clinician_name: 'Dr Bob Okafor',
  location_id: MILL_LANE,
  appointment_template_id: TEMPLATE,
  is_available: true,
};

test('the free times of a span are listed in order, including the whole last day, in the documented envelope', async () => {
  const { status, body } = await ask('', SPAN);
  expect([status, body]).toEqual([
    200,
    {
      data: {
        slots: [
          bobs,
          {
            ...bobs,
            start_time: '2026-03-03T09:00:00Z',
            end_time: '2026-03-03T09:15:00Z',
            clinician_profile_id: ANN,
            clinician_name: 'Dr Ann Lee',
            location_id: HIGH_STREET,
          },
          {
            ...bobs,
            start_time: '2026-03-16T23:45:00Z',
            end_time: '2026-03-17T00:00:00Z',
            clinician_profile_id: null,
            clinician_name: null,
            location_id: null,
          },
        ],
        date_range: { from: '2026-03-02', to: '2026-03-16' },
      },
      meta: { request_id: expect.stringMatching(/^req_/) },
    },
  ]);
});

test.each<[what: string, parameters: Record<string, string>, found: string[]]>([
  ['a clinician with a schedule', { clinician_profile_id: ANN }, ['2026-03-03T09:00:00Z']],
  ['a clinician whose role has one', { clinician_profile_id: BOB }, ['2026-03-02T11:00:00Z']],
  ['a place', { location_id: HIGH_STREET }, ['2026-03-03T09:00:00Z']],
  ['a clinician at a place', { clinician_profile_id: BOB, location_id: MILL_LANE }, ['2026-03-02T11:00:00Z']],
  ['a clinician who is elsewhere', { clinician_profile_id: BOB, location_id: HIGH_STREET }, []],
  ['a clinician whom nobody knows', { clinician_profile_id: uuid('ff') }, []],
  ['another kind of appointment', { appointment_template_id: uuid('ee') }, ['2026-03-04T10:00:00Z']],
  ['a kind that nobody offers', { appointment_template_id: uuid('ef') }, []],
  ['one day', { date_to: '2026-03-02' }, ['2026-03-02T11:00:00Z']],
])('%s', async (_what, parameters, found) => {
  expect(await starts(parameters)).toEqual(found);
});

test.each([
  [{ date_to: '2026-03-17' }, 'date_to must be at most 14 days after date_from'],
  [{ date_to: '2026-03-01' }, 'date_to must not be before date_from'],
  [{ date_from: '' }, 'date_from is required'],
  [{ appointment_template_id: 'check-up' }, 'appointment_template_id must be a UUID'],
  [{ limit: '5' }, 'limit is not a parameter of this request'],
])('%j is refused', async (parameters, error) => {
  const { status, body } = await ask('', { ...SPAN, ...(parameters as Record<string, string>) });
  expect([status, body.data, body.error]).toEqual([400, null, { code: 'VALIDATION_ERROR', message: expect.stringContaining(error) }]);
});

test('the next time is the first within thirty days, or null', async () => {
  expect((await ask('/next', {})).body).toEqual({ data: bobs, meta: { request_id: expect.any(String) } });
  expect((await ask('/next', { clinician_profile_id: ANN })).body.data).toMatchObject({ start_time: '2026-03-03T09:00:00Z' });
  const { status, body } = await ask('/next', { appointment_template_id: uuid('ef') });
  expect([status, body]).toEqual([200, { data: null, meta: { request_id: expect.any(String) } }]);
  await slot('ann', '2026-04-02T09:00:00Z', { appointmentType: { coding: [{ system: SYSTEM, code: uuid('ed') }] } });
  expect((await ask('/next', { appointment_template_id: uuid('ed') })).body.data).toBeNull();
});

test('a time has the location of its schedule, or else of its role', async () => {
  const kind = uuid('ec');
  const more = { appointmentType: { coding: [{ system: SYSTEM, code: kind }] } };
  await put('Schedule', 'cat', { actor: [{ reference: 'PractitionerRole/cat-gp' }] });
  await put('Schedule', 'dan', { actor: [{ reference: 'PractitionerRole/dan-gp' }] });
  await put('Schedule', 'cat-away', { actor: [{ reference: 'PractitionerRole/cat-gp' }, { reference: `Location/${HIGH_STREET}` }] });
  await slot('cat', '2026-03-05T09:00:00Z', more);
  await slot('dan', '2026-03-06T09:00:00Z', more);
  await slot('cat-away', '2026-03-07T09:00:00Z', more);
  const places = async (parameters: Record<string, string>) => {
    const { slots } = (await ask('', { ...SPAN, appointment_template_id: kind, ...parameters })).body.data;
    return slots.map(({ location_id }: { location_id: string | null }) => location_id);
  };
  expect(await places({})).toEqual([MILL_LANE, null, HIGH_STREET]);
  expect(await places({ location_id: MILL_LANE })).toEqual([MILL_LANE]);
  expect(await places({ location_id: HIGH_STREET })).toEqual([HIGH_STREET]);
  const next = await ask('/next', { appointment_template_id: kind, location_id: MILL_LANE });
  expect(next.body.data).toMatchObject({ start_time: '2026-03-05T09:00:00Z', location_id: MILL_LANE });
});

test('another tenant sees none of them', async () => {
  expect((await ask('', SPAN, facet.other.jump!)).body.data.slots).toEqual([]);
  expect((await ask('/next', {}, facet.other.jump!)).body.data).toBeNull();
});

test('the list has no pages, and its items have no path of their own', async () => {
  for (const path of ['/x', '/next/x']) {
    const { status, body } = await ask(path, SPAN);
    expect([path, status, body.error.code]).toEqual([path, 404, 'NOT_FOUND']);
  }
});

test('the number of statements does not depend on the number of times and clinicians', async () => {
  const during = async (): Promise<[number, number]> => {
    const before = statements;
    const found = await starts();
    return [found.length, statements - before];
  };
  const [few, some] = await during();
  for (let n = 0; n < 30; n++) {
    await put('Practitioner', `p${n}`, { name: [{ text: `Dr ${n}` }] });
    await put('PractitionerRole', `r${n}`, { practitioner: { reference: `Practitioner/p${n}` } });
    await put('Schedule', `s${n}`, { actor: [{ reference: n % 2 ? `Practitioner/p${n}` : `PractitionerRole/r${n}` }] });
    await slot(`s${n}`, '2026-03-05T09:00:00Z');
  }
  const [many, asMany] = await during();
  expect([few, many]).toEqual([3, 33]);
  expect([some, asMany]).toEqual([4, 4]); // one each for times in their order, schedules, roles, clinicians
  const names = (await ask('', SPAN)).body.data.slots.map(({ clinician_name }: { clinician_name: string }) => clinician_name);
  expect(names).toEqual(expect.arrayContaining(['Dr 0', 'Dr 29']));
});
