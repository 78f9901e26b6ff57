// JumpEHR's documented endpoints over HTTP: GET /clinician-profiles and /{id}.
import request from 'supertest';
import { BASE_URL, type Running, startFacet } from './running-server.ts';
import { tickingClock } from './ticking-clock.ts';

let facet: Running;
beforeAll(async () => {
  facet = await startFacet({}, undefined, { clock: tickingClock() });
  await facet.put(sarah);
  await facet.put({
    resourceType: 'Location',
    id: '0190b3c2-0000-7000-8000-0000000000bb',
    name: 'High Street',
  });
  await facet.put({
    resourceType: 'PractitionerRole',
    id: '0190b3c2-0000-7000-8000-0000000000cc',
    active: true,
    practitioner: { reference: `Practitioner/${SARAH}` },
    code: [{ text: 'GP Partner' }],
    location: [{ reference: 'Location/0190b3c2-0000-7000-8000-0000000000bb' }],
  });
  await facet.put({
    resourceType: 'Practitioner',
    id: '0190b3c2-0000-7000-8000-0000000000dd',
    active: false,
    name: [{ given: ['Ann'], family: 'Lee' }],
  });
  await facet.put({
    resourceType: 'Practitioner',
    id: 'not-a-uuid',
    name: [{ given: ['Bob'], family: 'Okafor' }],
  });
});
afterAll(() => facet.close());

/** As its page prints them. */
const IN_SECONDS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
const SARAH = '123e4567-e89b-12d3-a456-426614174000';
const DEFINITION = 'https://jumpehr.com/fhir/StructureDefinition';
const sarah = {
  resourceType: 'Practitioner',
  id: SARAH,
  active: true,
  extension: [
    { url: `${DEFINITION}/display-name`, valueString: 'Dr S. Johnson' },
    {
      url: `${DEFINITION}/bio`,
      valueString: 'Dr Johnson has over 15 years of experience in general practice with a special interest in dermatology.',
    },
    { url: `${DEFINITION}/bookable-online`, valueBoolean: true },
  ],
  identifier: [{ system: 'https://fhir.hl7.org.uk/Id/gmc-number', value: '7654321' }],
  name: [{ text: 'Dr Sarah Johnson', prefix: ['Dr'], given: ['Sarah'], family: 'Johnson' }],
  telecom: [{ system: 'email', value: 'sarah.johnson@example.nhs.uk' }],
  photo: [{ url: 'https://example.com/photos/sarah-johnson.jpg' }],
  qualification: [{ code: { text: 'MBBS' } }, { code: { text: 'MRCGP' } }, { code: { text: 'DRCOG' } }],
};
const documented = {
  id: SARAH,
  name: 'Dr Sarah Johnson',
  display_name: 'Dr S. Johnson',
  first_name: 'Sarah',
  last_name: 'Johnson',
  title: 'Dr',
  role: 'GP Partner',
  email: 'sarah.johnson@example.nhs.uk',
  bio: 'Dr Johnson has over 15 years of experience in general practice with a special interest in dermatology.',
  photo_url: 'https://example.com/photos/sarah-johnson.jpg',
  qualifications: 'MBBS, MRCGP, DRCOG',
  registration_number: '7654321',
  professional_registration_body: 'GMC',
  is_active: true,
  is_bookable_online: true,
};

const jump = (path: string) => request(facet.app).get(path).set('Authorization', `Bearer ${facet.demo.jump}`);
const names = (response: request.Response) => response.body.data.map((profile: { last_name: string }) => profile.last_name);

test('the profile has exactly the documented keys on each of its paths', async () => {
  for (const path of ['/clinician-profiles', '/api-v1/clinician-profiles', '/v1/clinician-profiles', '/jump/clinician-profiles']) {
    const response = await jump(`${path}/${SARAH}`);
    expect(response.status).toBe(200);
    expect(response.body.meta).toEqual({ request_id: expect.stringMatching(/^req_/) });
    expect(response.body.data).toEqual({
      ...documented,
      created_at: expect.stringMatching(IN_SECONDS),
      updated_at: expect.stringMatching(IN_SECONDS),
    });
    expect(Object.keys(response.body.data)).toEqual([...Object.keys(documented), 'created_at', 'updated_at']);
  }
});

test('a location has its times in seconds, as documented', async () => {
  const { data } = (await jump('/locations/0190b3c2-0000-7000-8000-0000000000bb')).body;
  expect([data.created_at, data.updated_at]).toEqual([expect.stringMatching(IN_SECONDS), expect.stringMatching(IN_SECONDS)]);
});

test('the list has the documented meta and filters by every documented parameter', async () => {
  const all = await jump('/clinician-profiles');
  expect(all.body.meta).toEqual({ request_id: expect.stringMatching(/^req_/), limit: 20, has_more: false, next_offset: null });
  expect(names(all)).toEqual(['Johnson', 'Lee', 'Okafor']);
  expect(names(await jump('/clinician-profiles?is_bookable_online=true'))).toEqual(['Johnson']);
  expect(names(await jump('/clinician-profiles?is_bookable_online=false'))).toEqual(['Lee', 'Okafor']);
  expect(names(await jump('/clinician-profiles?is_active=false'))).toEqual(['Lee']);
  expect(names(await jump('/clinician-profiles?location_id=0190b3c2-0000-7000-8000-0000000000bb'))).toEqual(['Johnson']);
  expect(names(await jump('/clinician-profiles?location_id=0190b3c2-0000-7000-8000-0000000000ee'))).toEqual([]);
  expect(names(await jump('/clinician-profiles?search=JOHN%20s.%20nhs'))).toEqual(['Johnson']);
  expect(names(await jump('/clinician-profiles?search=50%25'))).toEqual([]);
});

test('a clinician is found by each word of the shown name, also of a composed name', async () => {
  const id = '0190b3c2-0000-7000-8000-0000000000fe';
  await facet.put({
    resourceType: 'Practitioner',
    id,
    name: [{ prefix: ['Prof'], given: ['Eve'], family: 'Moreau', suffix: ['OBE'] }],
  });
  expect((await jump(`/clinician-profiles/${id}`)).body.data.name).toBe('Prof Eve Moreau, OBE');
  for (const word of ['Prof', 'Eve', 'Moreau', 'OBE', 'Prof%20Eve%20Moreau,%20OBE'])
    expect([word, names(await jump(`/clinician-profiles?search=${word}`))]).toEqual([word, ['Moreau']]);
  await facet.fhir('delete', `/Practitioner/${id}`);
});

test('offset paging returns each clinician once', async () => {
  const first = await jump('/clinician-profiles?limit=2');
  expect(first.body.meta).toMatchObject({ limit: 2, has_more: true, next_offset: 2 });
  const second = await jump('/clinician-profiles?limit=2&offset=2');
  expect([...names(first), ...names(second)]).toEqual(['Johnson', 'Lee', 'Okafor']);
  expect(second.body.meta).toMatchObject({ has_more: false, next_offset: null });
  const far = await jump('/clinician-profiles?offset=1000000');
  expect([far.status, far.body.data]).toEqual([200, []]);
});

test('an id that is not a UUID is shown as a UUID alias, and found by it', async () => {
  const listed = (await jump('/clinician-profiles')).body.data.find((profile: { last_name: string }) => profile.last_name === 'Okafor');
  expect(listed.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5/);
  expect((await jump(`/clinician-profiles/${listed.id}`)).body.data).toEqual(listed);
});

test.each(['limit=0', 'limit=101', 'limit=x', 'offset=-1', 'offset=99999999', 'is_active=maybe', 'is_bookable_online=1', 'location_id=7'])(
  '%s is 400 in the documented shape, naming the parameter',
  async (query) => {
    const response = await jump(`/clinician-profiles?${query}`);
    expect(response.status).toBe(400);
    expect(response.body).toEqual({
      data: null,
      meta: { request_id: expect.any(String) },
      error: { code: 'VALIDATION_ERROR', message: expect.stringContaining(query.split('=')[0]!) },
    });
  },
);

test('an unknown profile is 404, and so is another organisation’s', async () => {
  const unknown = await jump('/clinician-profiles/123e4567-e89b-12d3-a456-426614174999');
  expect([unknown.status, unknown.body.error.code]).toEqual([404, 'NOT_FOUND']);
  const foreign = await request(facet.app).get(`/clinician-profiles/${SARAH}`).set('Authorization', `Bearer ${facet.other.jump}`);
  expect([foreign.status, foreign.body.error]).toEqual([404, unknown.body.error]);
});

test('a role that refers to its practitioner by an absolute URL of this server belongs to that practitioner', async () => {
  const id = '0190b3c2-0000-7000-8000-0000000000ef';
  const practitioner = '0190b3c2-0000-7000-8000-0000000000ee';
  await facet.put({ resourceType: 'Practitioner', id: practitioner, name: [{ family: 'Zimmer' }] });
  const reference = `${BASE_URL}/fhir/R4/Practitioner/${practitioner}`;
  await facet.put({
    resourceType: 'PractitionerRole',
    id,
    practitioner: { reference },
    code: [{ text: 'Midwife' }],
  });
  const readProfile = async () => (await jump(`/clinician-profiles/${practitioner}`)).body.data;
  const before = await readProfile();
  expect(before.role).toBe('Midwife');
  await facet.fhir('delete', `/PractitionerRole/${id}`);
  const after = await readProfile();
  expect([after.role, after.updated_at >= before.updated_at]).toEqual([null, true]);
});

test('updated_at never decreases, also when a role is changed or deleted', async () => {
  const readUpdatedAt = async () => (await jump(`/clinician-profiles/${SARAH}`)).body.data.updated_at as string;
  const role = '/PractitionerRole/0190b3c2-0000-7000-8000-0000000000ff';
  const before = await readUpdatedAt();
  await facet.put({
    resourceType: 'PractitionerRole',
    id: '0190b3c2-0000-7000-8000-0000000000ff',
    practitioner: { reference: `Practitioner/${SARAH}` },
    code: [{ text: 'Trainer' }],
  });
  const added = await readUpdatedAt();
  await facet.fhir('delete', role);
  const removed = await readUpdatedAt();
  expect([before <= added, added <= removed]).toEqual([true, true]);
  expect(added).not.toBe(before);
});
