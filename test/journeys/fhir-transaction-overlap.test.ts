// "If any resource identities (including resolved identities from conditional update/delete) overlap in steps 1-3, then the transaction SHALL fail."
// https://hl7.org/fhir/R4/http.html#trules
import { type Running, startFacet } from './running-server.ts';

let facet: Running;
beforeAll(async () => {
  facet = await startFacet();
});
afterAll(() => facet.close());

interface Entry {
  resource?: object;
  request: { method: string; url: string };
}

const transaction = (...entry: Entry[]) => facet.fhir('post', '').send({ resourceType: 'Bundle', type: 'transaction', entry });
const patient = (id: string, more: object = {}) => ({
  resourceType: 'Patient',
  id,
  identifier: [{ system: 'urn:overlap', value: id }],
  ...more,
});
const criteria = (id: string) => `Patient?identifier=urn:overlap|${id}`;
const patch = {
  resourceType: 'Binary',
  contentType: 'application/json-patch+json',
  data: Buffer.from('[{"op":"add","path":"/active","value":true}]').toString('base64'),
};

/** One way to write the patient with this id. */
const WRITES: Record<string, (id: string) => Entry> = {
  DELETE: (id) => ({ request: { method: 'DELETE', url: `Patient/${id}` } }),
  'conditional DELETE': (id) => ({ request: { method: 'DELETE', url: criteria(id) } }),
  PUT: (id) => ({ resource: patient(id, { gender: 'female' }), request: { method: 'PUT', url: `Patient/${id}` } }),
  'conditional PUT': (id) => ({ resource: patient(id, { gender: 'female' }), request: { method: 'PUT', url: criteria(id) } }),
  PATCH: (id) => ({ resource: patch, request: { method: 'PATCH', url: `Patient/${id}` } }),
  'conditional PATCH': (id) => ({ resource: patch, request: { method: 'PATCH', url: criteria(id) } }),
};
const names = Object.keys(WRITES);
/** Criteria of an update are looked at after the deletions: they mean nothing that was deleted. */
const isApart = (first: string, second: string): boolean => /DELETE/.test(first) && second === 'conditional PATCH';
const PAIRS = names.flatMap((first, at) => names.slice(at).map((second) => [first, second] as const)).filter((pair) => !isApart(...pair));

test.each(PAIRS)('%s and %s of one resource are refused with 400, and nothing is written', async (first, second) => {
  const id = `o${names.indexOf(first)}${names.indexOf(second)}`;
  await facet.put(patient(id));
  for (const [one, other] of [
    [first, second],
    [second, first],
  ] as const) {
    const { status, body } = await transaction(WRITES[one]!(id), WRITES[other]!(id));
    expect([status, body.issue?.[0].diagnostics]).toEqual([400, 'another entry of this transaction writes the same resource']);
  }
  const { status, body } = await facet.fhir('get', `/Patient/${id}`);
  expect([status, body.meta.versionId]).toEqual([200, '1']);
});

test.each(['DELETE', 'PUT'])('%s twice of a resource that was never stored is refused with 400', async (method) => {
  const { status } = await transaction(WRITES[method]!('never'), WRITES[method]!('never'));
  expect(status).toBe(400);
});

test('a DELETE and a write of another resource do not overlap', async () => {
  await facet.put(patient('gone'));
  await facet.put(patient('kept'));
  const { status, body } = await transaction(WRITES['conditional PATCH']!('kept'), WRITES.DELETE!('gone'));
  expect([status, body.entry.map((entry: { response: { status: string } }) => entry.response.status)]).toEqual([
    200,
    ['200 OK', '204 No Content'],
  ]);
});

test('a resource whose deletion touches another one is deleted in the transaction that writes that other one', async () => {
  const practitioner = { resourceType: 'Practitioner', id: 'touched', name: [{ family: 'Lee' }] };
  await facet.put(practitioner);
  await facet.put({ resourceType: 'PractitionerRole', id: 'touching', practitioner: { reference: 'Practitioner/touched' } });
  const { status } = await transaction(
    { request: { method: 'DELETE', url: 'PractitionerRole/touching' } },
    { resource: { ...practitioner, active: true }, request: { method: 'PUT', url: 'Practitioner/touched' } },
  );
  expect(status).toBe(200);
  expect((await facet.fhir('get', '/Practitioner/touched')).body).toMatchObject({ active: true });
});
