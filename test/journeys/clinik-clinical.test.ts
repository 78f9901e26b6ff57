// Clinik's clinical records: what one door writes, the FHIR API and the other doors show, and its rules are R4's.
import request from 'supertest';
import { type Running, startFacet } from './running-server.ts';

let facet: Running;
let patientId: string;
let doctor: string;
beforeAll(async () => {
  facet = await startFacet();
  patientId = (await clinik('post', 'patients').send({ firstName: 'Ann', lastName: 'Lee' })).body.data.id;
  doctor = (await clinik('post', 'practitioners').send({ firstName: 'Ada', lastName: 'Yonath' })).body.data.id;
});
afterAll(() => facet.close());

const clinik = (method: 'get' | 'post' | 'patch' | 'delete', path: string, keys = facet.demo) =>
  request(facet.app)[method](`/v1/${path}`).set('x-api-key', keys.clinik!);

/** Creates an item, which must succeed. */
async function create(path: string, body: object): Promise<Record<string, unknown> & { id: string }> {
  const response = await clinik('post', path).send(body);
  expect([response.status, response.body.message]).toEqual([201, undefined]);
  return response.body.data;
}

const readResource = async (type: string, filter: string): Promise<Record<string, unknown>> => {
  const { body } = await facet.fhir('get', `/${type}?${filter}`);
  expect(body.entry).toHaveLength(1);
  return body.entry[0].resource;
};

const listIds = async (path: string): Promise<string[]> => {
  const { status, body } = await clinik('get', path);
  expect(status).toBe(200);
  return body.data.data.map(({ id }: { id: string }) => id);
};

describe('images of a report', () => {
  const image = { status: 'completed', type: 'image', content: { contentType: 'image/png', url: 'https://pacs.example/1' } };
  const report = { status: 'final', code: 'Chest X-ray' };

  test('a report refers to its images, in FHIR too', async () => {
    const { id } = await create('media', { ...image, patientId });
    const created = await create('labs', { ...report, patientId, media: [{ comment: 'PA view', linkId: id }] });
    expect(created.media).toEqual([{ comment: 'PA view', linkId: id }]);
    const { id: fhirId } = await readResource('Media', `patient=${await toFhirId(patientId)}`);
    expect((await readResource('DiagnosticReport', `media=Media/${fhirId}`)).media).toEqual([
      { comment: 'PA view', link: { reference: `Media/${fhirId}` } },
    ]);
  });

  test('an image that is missing, or is another tenant’s, is named by its place in the list', async () => {
    const { body } = await clinik('post', 'media', facet.other).send(image);
    const { id } = await create('media', image);
    const media = [{ linkId: id }, { linkId: body.data.id }];
    const refused = await clinik('post', 'labs').send({ ...report, patientId, media });
    expect([refused.status, refused.body.message]).toEqual([422, expect.stringContaining('media[1].linkId')]);
  });

  test('recordings are found by kind, device and day', async () => {
    const { id } = await create('media', { ...image, type: 'video', modality: 'US', patientId, createdDateTime: '2024-03-15T14:30:00Z' });
    expect(await listIds(`media?patientId=${patientId}&type=vid`)).toEqual([id]);
    expect(await listIds(`media?modality=us&dateFrom=2024-03-15&dateTo=2024-03-15`)).toEqual([id]);
    expect(await listIds(`media?modality=us&dateTo=2024-03-14`)).toEqual([]);
  });
});

/** The FHIR id of an item of Clinik. */
const toFhirId = async (id: string): Promise<string> => {
  const { body } = await facet.fhir('get', '/Patient?family=Lee');
  expect(body.entry).toHaveLength(1);
  expect(id).toMatch(/^pat_/);
  return body.entry[0].resource.id;
};

describe('appointments', () => {
  const booking = { status: 'booked', start: '2025-02-01T14:00:00Z', end: '2025-02-01T14:30:00Z' };

  test('a booking has two participants who accepted, and is found by either', async () => {
    const { id } = await create('appointments', { ...booking, patientId, practitionerId: doctor, serviceType: 'Cardiology' });
    const stored = await readResource('Appointment', 'practitioner.family=Yonath&patient.family=Lee');
    expect(stored.participant).toEqual([
      { actor: { reference: expect.stringMatching(/^Patient\//) }, status: 'accepted' },
      { actor: { reference: expect.stringMatching(/^Practitioner\//) }, status: 'accepted' },
    ]);
    expect(await listIds(`appointments?patientId=${patientId}&status=booked&dateFrom=2025-02-01&dateTo=2025-02-01`)).toEqual([id]);
    expect((await clinik('get', `appointments/${id}`, facet.other)).status).toBe(404);
    expect((await clinik('delete', `appointments/${id}`)).status).toBe(204);
  });

  test('R4 requires a time of a booking, and a cancellation of its reason', async () => {
    const untimed = await clinik('post', 'appointments').send({ status: 'booked', patientId });
    expect([untimed.status, untimed.body.message]).toEqual([422, expect.stringContaining('app-3')]);
    const early = await clinik('post', 'appointments').send({ ...booking, patientId, cancelationReason: 'no car' });
    expect([early.status, early.body.message]).toEqual([422, expect.stringContaining('app-4')]);
  });

  test('a cancellation keeps who was invited and how they answered', async () => {
    const patient = await toFhirId(patientId);
    const participant = [
      { actor: { reference: 'Location/x' }, status: 'accepted' },
      { actor: { reference: `Patient/${patient}` }, status: 'tentative', required: 'required' },
    ];
    const { body } = await facet
      .fhir('post', '/Appointment')
      .send(JSON.stringify({ resourceType: 'Appointment', ...booking, participant }));
    const { status } = await clinik('patch', `appointments/${body.id}`).send({ status: 'cancelled', cancelationReason: 'no car' });
    expect(status).toBe(200);
    const { body: after } = await facet.fhir('get', `/Appointment/${body.id}`);
    expect(after).toMatchObject({ status: 'cancelled', cancelationReason: { text: 'no car' }, participant });
    const moved = await clinik('patch', `appointments/${body.id}`).send({ patientId: 'pat_000000000000000001' });
    expect([moved.status, moved.body.message]).toEqual([422, expect.stringContaining('patientId')]);
  });

  test('the first appointment comes first, or last', async () => {
    const at = (hour: string) => ({ ...booking, patientId, start: `2031-01-01T${hour}:00:00Z`, end: `2031-01-01T${hour}:10:00Z` });
    const [late, early] = [await create('appointments', at('11')), await create('appointments', at('09'))];
    expect(await listIds(`appointments?dateFrom=2031-01-01&sort=date`)).toEqual([early.id, late.id]);
    expect(await listIds(`appointments?dateFrom=2031-01-01&sort=-date`)).toEqual([late.id, early.id]);
  });
});

describe('visits', () => {
  test('a visit tells its primary practitioner from the others by the type of participation', async () => {
    const nurse = (await clinik('post', 'practitioners').send({ firstName: 'Flo', lastName: 'Night' })).body.data.id;
    const visit = { status: 'in-progress', class: 'AMB', patientId, practitionerId: doctor, lengthMinutes: 45 };
    const { id } = await create('encounters', { ...visit, participants: [{ practitionerId: nurse, role: 'nurse' }] });
    const stored = await readResource('Encounter', 'class=http://terminology.hl7.org/CodeSystem/v3-ActCode|AMB&length=45||min');
    expect(stored.participant).toEqual([
      { type: [{ text: 'nurse' }], individual: expect.anything() },
      {
        type: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType', code: 'PPRF' }] }],
        individual: expect.anything(),
      },
    ]);
    expect((await clinik('get', `encounters/${id}`)).body.data).toMatchObject({
      practitionerId: doctor,
      participants: [{ practitionerId: nurse, role: 'nurse' }],
    });
  });

  test('a participant who is not stored is named by its place', async () => {
    const participants = [{ practitionerId: doctor }, { practitionerId: 'prc_000000000000000001' }];
    const { status, body } = await clinik('post', 'encounters').send({ status: 'planned', class: 'VR', patientId, participants });
    expect([status, body.message]).toEqual([422, expect.stringContaining('participants[1].practitionerId')]);
  });

  test('a length in hours of a FHIR client stays until a length in minutes replaces it', async () => {
    const subject = { reference: `Patient/${await toFhirId(patientId)}` };
    const length = { value: 2, unit: 'h', system: 'http://unitsofmeasure.org', code: 'h' };
    const draft = { resourceType: 'Encounter', status: 'finished', class: { code: 'AMB' }, subject, length };
    const { body } = await facet.fhir('post', '/Encounter').send(JSON.stringify(draft));
    const readLength = async () => (await facet.fhir('get', `/Encounter/${body.id}`)).body.length;
    expect((await clinik('patch', `encounters/${body.id}`).send({ priority: 'urgent' })).body.data.lengthMinutes).toBeNull();
    expect(await readLength()).toEqual(length);
    expect((await clinik('patch', `encounters/${body.id}`).send({ lengthMinutes: 120 })).body.data.lengthMinutes).toBe(120);
    expect(await readLength()).toEqual({ value: 120, unit: 'min', system: 'http://unitsofmeasure.org', code: 'min' });
  });
});

describe('what a resource lacks that R4 requires', () => {
  test('an allergy is active unless the request has another status, and its status stays', async () => {
    const { id, clinicalStatus } = await create('allergies', { patientId, code: 'Peanut', category: ['food'] });
    expect(clinicalStatus).toBe('active');
    const unset = await clinik('patch', `allergies/${id}`).send({ clinicalStatus: null });
    expect([unset.status, unset.body.message]).toEqual([422, expect.stringContaining('ait-1')]);
    expect(await listIds(`allergies?patientId=${patientId}&clinicalStatus=active&category=food&code=pean`)).toEqual([id]);
  });

  test('a condition that has ended is not active', async () => {
    const ended = { patientId, clinicalStatus: 'active', abatementDateTime: '2024-06-01' };
    const { status, body } = await clinik('post', 'conditions').send(ended);
    expect([status, body.message]).toEqual([422, expect.stringContaining('con-4')]);
    const { id } = await create('conditions', { ...ended, clinicalStatus: 'resolved', code: { system: 'urn:icd', code: 'E11.9' } });
    expect(await listIds('conditions?code=e11&clinicalStatus=resolved')).toEqual([id]);
  });

  test('a vaccination without a time has the time of its creation', async () => {
    const { id, occurrenceDateTime, createdAt } = await create('immunizations', { status: 'completed', vaccineCode: 'MMR', patientId });
    expect(occurrenceDateTime).toMatch(new RegExp(`^${String(createdAt).slice(0, 10)}T`));
    expect(await listIds(`immunizations?vaccineCode=mmr&dateFrom=${String(createdAt).slice(0, 10)}`)).toEqual([id]);
  });

  test('a prescription is an active order, and keeps both when a change unsets them', async () => {
    const { id, status, intent } = await create('prescriptions', {
      patientId,
      prescriberId: doctor,
      medication: 'Lisinopril',
      supplyDays: 30,
    });
    expect([status, intent]).toEqual(['active', 'order']);
    expect((await readResource('MedicationRequest', 'intent=order')).dispenseRequest).toEqual({
      expectedSupplyDuration: { value: 30, unit: 'd', system: 'http://unitsofmeasure.org', code: 'd' },
    });
    expect((await clinik('patch', `prescriptions/${id}`).send({ status: null })).status).toBe(422);
    expect(await listIds(`prescriptions?prescriberId=${doctor}&status=active&medication=lisino`)).toEqual([id]);
  });
});

test.each([
  ['conditions', { resourceType: 'Condition', code: { text: 'x' } }, 'subject'],
  ['allergies', { resourceType: 'AllergyIntolerance', code: { text: 'x' } }, 'patient'],
])('what was entered in error is neither listed nor read: %s', async (path, draft, element) => {
  const coding = (system: string, code: string) => ({ coding: [{ system: `http://terminology.hl7.org/CodeSystem/${system}`, code }] });
  const verification = path === 'allergies' ? 'allergyintolerance-verification' : 'condition-ver-status';
  const patient = { reference: `Patient/${await toFhirId(patientId)}` };
  const resource = { ...draft, [element]: patient, verificationStatus: coding(verification, 'entered-in-error') };
  const { status, body } = await facet.fhir('post', `/${draft.resourceType}`).send(JSON.stringify(resource));
  expect(status).toBe(201);
  expect((await clinik('get', `${path}/${body.id}`)).status).toBe(404);
  expect(await listIds(`${path}?code=x`)).toEqual([]);
});
