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
