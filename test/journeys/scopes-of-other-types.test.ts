// A vendor's API applies scopes to other types as FHIR does: joined resources are omitted like includes, and filters that read another type are refused like
// chains. src/interactions/scope-filter.ts
import request from 'supertest';
import { type Running, startFacet } from './running-server.ts';

let facet: Running;
const SARAH = '0190b3c2-0000-7000-8000-00000000000a';
const CLINIC = '0190b3c2-0000-7000-8000-0000000000bb';
const KIND = '123e4567-e89b-12d3-a456-4266141740aa';
const SYSTEM = 'https://jumpehr.com/fhir/CodeSystem/appointment-template';
const START = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);

beforeAll(async () => {
  facet = await startFacet();
  for (const resource of [
    { resourceType: 'Practitioner', id: SARAH, name: [{ text: 'Dr Sarah Johnson', family: 'Johnson' }] },
    { resourceType: 'Location', id: CLINIC, name: 'Clinic' },
    {
      resourceType: 'PractitionerRole',
      id: 'partner',
      practitioner: { reference: `Practitioner/${SARAH}` },
      code: [{ text: 'GP Partner' }],
      location: [{ reference: `Location/${CLINIC}` }],
    },
    { resourceType: 'Schedule', id: 'sarahs', actor: [{ reference: 'PractitionerRole/partner' }] },
    {
      resourceType: 'Slot',
      id: '0190b3c2-0000-7000-8000-000000000001',
      schedule: { reference: 'Schedule/sarahs' },
      status: 'free',
      start: `${START}T09:00:00Z`,
      end: `${START}T09:15:00Z`,
      appointmentType: { coding: [{ system: SYSTEM, code: KIND }] },
    },
    { resourceType: 'Organization', id: 'org', name: 'Springfield Clinic' },
  ])
    expect((await facet.put(resource)).status).toBe(201);
});
afterAll(() => facet.close());

const get = async (path: string, ...scopes: string[]) =>
  request(facet.app)
    .get(path)
    .set('Authorization', `Bearer ${await facet.keyWith('jump', scopes)}`);
const expectedRefusal = (type: string) => [
  403,
  `the scopes of this credential do not cover a search of ${type}: it needs system/${type}.s`,
];
const toError = ({ status, body }: request.Response) => [status, body.error?.message];

describe('joined resources', () => {
  test.each([`/clinician-profiles/${SARAH}`, '/clinician-profiles'])(
    'GET %s: the role of a practitioner is a PractitionerRole',
    async (path) => {
      const itemOf = ({ body }: request.Response) => [body.data].flat().find(({ id }: { id: string }) => id === SARAH);
      expect(itemOf(await get(path, 'system/Practitioner.rs', 'system/PractitionerRole.rs'))).toMatchObject({ role: 'GP Partner' });
      const without = await get(path, 'system/Practitioner.rs');
      expect([without.status, itemOf(without)]).toEqual([200, expect.objectContaining({ name: 'Dr Sarah Johnson', role: null })]);
    },
  );

  test('updated_at does not reveal changes of a role that the key may not read', async () => {
    const response = await get(`/clinician-profiles/${SARAH}`, 'system/Practitioner.rs');
    const { body } = await facet.fhir('get', `/Practitioner/${SARAH}`);
    expect(Date.parse(response.body.data.updated_at)).toBeLessThanOrEqual(Date.parse(body.meta.lastUpdated));
  });

  test('GET /availability: the clinician and the location of a time need their own scopes', async () => {
    const path = `/availability?date_from=${START}&date_to=${START}&appointment_template_id=${KIND}`;
    const slots = async (...types: string[]) => (await get(path, ...types.map((type) => `system/${type}.rs`))).body.data.slots;
    expect(await slots('Slot', 'Schedule', 'PractitionerRole', 'Practitioner')).toEqual([
      expect.objectContaining({ clinician_profile_id: SARAH, clinician_name: 'Dr Sarah Johnson', location_id: CLINIC }),
    ]);
    expect(await slots('Slot', 'Schedule', 'PractitionerRole')).toEqual([
      expect.objectContaining({ clinician_profile_id: SARAH, clinician_name: null, location_id: CLINIC }),
    ]);
    expect(await slots('Slot', 'Schedule')).toEqual([
      expect.objectContaining({ clinician_profile_id: null, clinician_name: null, location_id: null }),
    ]);
  });
});

describe('a filter that reads another type', () => {
  const times = `/availability?date_from=${START}&date_to=${START}&appointment_template_id=${KIND}`;

  test.each([
    [times, ['Slot'], 'Schedule'],
    [`${times}&clinician_profile_id=${SARAH}`, ['Slot', 'Schedule'], 'PractitionerRole'],
    [`${times}&location_id=${CLINIC}`, ['Slot', 'Schedule'], 'PractitionerRole'],
    [`/clinician-profiles?location_id=${CLINIC}`, ['Practitioner'], 'PractitionerRole'],
  ])('GET %s with a key for %j is refused with the needed scope', async (path, types, needed) => {
    const scopes = types.map((type) => `system/${type}.rs`);
    expect(toError(await get(path, ...scopes))).toEqual(expectedRefusal(needed));
    expect((await get(path, ...scopes, `system/${needed}.s`)).status).toBe(200);
  });

  test('filters of the same type need no other scope', async () => {
    expect((await get('/clinician-profiles?is_active=true&search=sarah', 'system/Practitioner.rs')).status).toBe(200);
  });
});

test('a name is resolved to a reference only for a key that may search that type', async () => {
  const body = { practitionerId: `prac_${'0'.repeat(24)}`, role: 'doctor', organizationName: 'Springfield Clinic' };
  const { body: practitioner } = await request(facet.app)
    .post('/clinik/v1/practitioners')
    .set('x-api-key', facet.demo.clinik!)
    .send({ firstName: 'Ann', lastName: 'Lee' });
  const owner = practitioner.data?.id ?? practitioner.id;
  const createRole = async (...scopes: string[]) => {
    const response = await request(facet.app)
      .post('/clinik/v1/practitioner-roles')
      .set('x-api-key', await facet.keyWith('clinik', scopes))
      .send({ ...body, practitionerId: owner });
    expect([response.status, response.text]).toEqual([201, expect.any(String)]);
    const stored = (await facet.fhir('get', '/PractitionerRole?_sort=-_lastUpdated&_count=1')).body.entry[0].resource;
    return stored.organization;
  };
  expect(await createRole('system/PractitionerRole.cruds')).toEqual({ display: 'Springfield Clinic' });
  expect(await createRole('system/PractitionerRole.cruds', 'system/Organization.s')).toEqual({
    display: 'Springfield Clinic',
    reference: 'Organization/org',
  });
});
