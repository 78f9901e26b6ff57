// Several laboratory values in one request, POST /v1/biomarkers/parse: all or none are stored, and each once, also for repeated and concurrent requests.
// https://docs.ross.platform.loop.health
import request from 'supertest';
import { type Running, startFacet } from './running-server.ts';

let facet: Running;
let patient: string;
beforeAll(async () => {
  facet = await startFacet();
});
afterAll(() => facet.close());

const loop = (path: string, key = facet.demo.loop!) => request(facet.app).post(path).set('Authorization', `Bearer ${key}`);
const makePatient = async (brand = 'loop'): Promise<string> => {
  const { body } = await loop('/v1/patients').send({ brand_id: brand, first_name: 'Ada', last_name: 'Lovelace' });
  return body.id as string;
};
beforeEach(async () => {
  patient = await makePatient();
});

const ferritin = {
  code: 'ferritin',
  name: 'Ferritin',
  value: 11.5,
  unit: 'ng/mL',
  reference_low: 15,
  reference_high: null,
  collected_at: '2026-01-05T08:30:00Z',
};
const tsh = { ...ferritin, code: 'tsh', name: 'TSH', value: 2.1, unit: 'mIU/L', reference_low: 0.4, reference_high: 4.5 };
const body = (biomarkers: object[], more: object = {}) => ({
  patient_id: patient,
  brand_id: 'loop',
  source: 'upload',
  biomarkers,
  ...more,
});
const parse = (sent: object, key?: string) => loop('/v1/biomarkers/parse', key).send(sent);
const stored = async () => (await facet.fhir('get', `/Observation?subject=Patient/${patient}&_count=1000`)).body.entry ?? [];

test('each value becomes an Observation, returned in the order of the request, with its status', async () => {
  const response = await parse(body([ferritin, tsh, { ...tsh, code: 'ft4', value: 9, reference_high: 1.7 }]));
  expect([response.status, response.body.count]).toEqual([200, 3]);
  expect(response.body.results[0]).toEqual({
    id: expect.any(String),
    patient_id: patient,
    biomarker_code: 'ferritin',
    biomarker_name: 'Ferritin',
    value: 11.5,
    unit: 'ng/mL',
    reference_low: 15,
    reference_high: null,
    status: 'low',
    collected_at: '2026-01-05T08:30:00Z',
    parsed_at: expect.any(String),
  });
  expect(response.body.results.map(({ biomarker_code: code, status }: Record<string, string>) => [code, status])).toEqual([
    ['ferritin', 'low'],
    ['tsh', 'normal'],
    ['ft4', 'high'],
  ]);
  const found = await facet.fhir('get', `/Observation?subject=Patient/${patient}&value-quantity=lt12|http://unitsofmeasure.org|ng/mL`);
  expect(found.body.entry.map(({ resource }: { resource: { id: string } }) => resource.id)).toEqual([response.body.results[0].id]);
});

test('a value without a range has no interpretation, also in FHIR', async () => {
  const { code, name, value, unit, collected_at } = tsh;
  const [one] = (await parse(body([{ code, name: `${name} alone`, value: value * 100, unit, collected_at }]))).body.results;
  expect([one.reference_low, one.reference_high, one.status]).toEqual([null, null, null]);
  expect((await facet.fhir('get', `/Observation/${one.id}`)).body.interpretation).toBeUndefined();
});

test('a range that is sent later is stored: the value has a second Observation with its interpretation', async () => {
  const { reference_low, reference_high, ...alone } = { ...tsh, value: 300 };
  const [first] = (await parse(body([alone]))).body.results;
  const [second] = (await parse(body([{ ...alone, reference_low, reference_high }]))).body.results;
  expect([first.status, second.status, second.reference_high]).toEqual([null, 'high', 4.5]);
  expect(await stored()).toHaveLength(2);
});

test('digits stay as sent', async () => {
  const sent = JSON.stringify(body([{ ...ferritin, value: 0, reference_low: 1 }])).replace('"value":0', '"value":11.50');
  const response = await loop('/v1/biomarkers/parse').set('Content-Type', 'application/json').send(sent);
  expect(response.text).toContain('"value":11.50,');
  expect((await facet.fhir('get', `/Observation/${response.body.results[0].id}`)).text).toContain('"value":11.50,');
});

test('an invalid value is named by its position, and nothing is stored', async () => {
  const response = await parse(body([ferritin, tsh, { ...tsh, value: 'much' }]));
  expect([response.status, response.body.error, response.body.message]).toEqual([
    400,
    'validation_error',
    'Validation error: biomarkers[2].value must be a number',
  ]);
  expect(await stored()).toEqual([]);
});

test('a thousand values are accepted, one more is refused', async () => {
  const many = Array.from({ length: 1001 }, (_, index) => ({ ...ferritin, code: `c${index}` }));
  const refused = await parse(body(many));
  expect([refused.status, refused.body.message]).toEqual([400, 'Validation error: biomarkers must have at most 1000 members']);
  const taken = await parse(body(many.slice(1)));
  expect([taken.status, taken.body.count]).toEqual([200, 1000]);
  expect(new Set(taken.body.results.map(({ id }: { id: string }) => id)).size).toBe(1000);
});

test('an unknown patient, or one of another brand or tenant, is 404', async () => {
  const nobody = await parse(body([ferritin], { patient_id: '01936b00-0000-7000-8000-0000000000ff' }));
  expect([nobody.status, nobody.body]).toEqual([404, { error: 'not_found', message: 'patient_id leads to no Patient that exists' }]);
  const [other, theirs] = [await makePatient('loopbio'), await parse(body([ferritin]), facet.other.loop)];
  expect([(await parse(body([ferritin], { patient_id: other }))).status, theirs.status]).toEqual([404, 404]);
});

test('a repeated request returns the same ids and creates no versions', async () => {
  const first = await parse(body([ferritin, tsh]));
  const repeated = await parse(body([{ ...tsh, collected_at: '2026-01-05T09:30:00.000+01:00' }, ferritin, ferritin]));
  const [a, b] = first.body.results;
  expect([repeated.status, repeated.body]).toEqual([200, { results: [b, a, a], count: 3 }]);
  const versions = (await stored()).map(({ resource }: { resource: { meta: { versionId: string } } }) => resource.meta.versionId);
  expect(versions).toEqual(['1', '1']);
});

test('another value of the same time is a new Observation: reported values are not overwritten', async () => {
  const first = await parse(body([ferritin]));
  const second = await parse(body([{ ...ferritin, value: 115 }]));
  expect(second.body.results[0].id).not.toBe(first.body.results[0].id);
  expect(await stored()).toHaveLength(2);
});

test('a correction through FHIR stays when the value is sent again; a deleted value is created again', async () => {
  const [created] = (await parse(body([ferritin]))).body.results;
  const { body: resource } = await facet.fhir('get', `/Observation/${created.id}`);
  const corrected = { ...resource, status: 'corrected', valueQuantity: { ...resource.valueQuantity, value: 15.5 } };
  await facet.put(corrected);
  expect((await parse(body([ferritin]))).body.results).toEqual([{ ...created, value: 15.5 }]);
  await facet.fhir('delete', `/Observation/${created.id}`);
  expect((await parse(body([ferritin]))).body.results).toEqual([{ ...created, parsed_at: expect.any(String) }]);
  expect((await facet.fhir('get', `/Observation/${created.id}`)).body.meta.versionId).toBe('4');
});

test('concurrent requests in any order create each value once', async () => {
  const values = Array.from({ length: 20 }, (_, index) => ({ ...ferritin, code: `c${index}` }));
  const orders = [values, values.toReversed(), values.slice(5), values.slice(0, 12), [...values.slice(9), ...values.slice(0, 9)]];
  const responses = await Promise.all(orders.map((order) => parse(body(order))));
  expect(responses.map(({ status }) => status)).toEqual(orders.map(() => 200));
  const ids = new Map(responses.flatMap(({ body: { results } }) => results).map(({ biomarker_code: code, id }) => [code, id]));
  for (const { results } of responses.map((answer) => answer.body))
    for (const { biomarker_code: code, id } of results) expect(ids.get(code)).toBe(id);
  expect(await stored()).toHaveLength(20);
});

describe('with an idempotency-key', () => {
  const keyed = (sent: object, key: string) => loop('/v1/biomarkers/parse').set('idempotency-key', key).send(sent);

  test('the first response is repeated byte for byte', async () => {
    const sent = body([ferritin, tsh]);
    const [first, repeated] = [await keyed(sent, 'again'), await keyed(sent, 'again')];
    expect([repeated.status, repeated.text]).toEqual([200, first.text]);
  });

  test('of concurrent requests one creates, and all get the same response', async () => {
    const sent = body([ferritin, tsh]);
    const responses = await Promise.all([1, 2, 3, 4].map(() => keyed(sent, 'at-once')));
    expect(new Set(responses.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(await stored()).toHaveLength(2);
  });

  test('another body is a conflict and creates nothing', async () => {
    await keyed(body([ferritin]), 'other');
    const response = await keyed(body([tsh]), 'other');
    expect([response.status, response.body.error]).toEqual([409, 'conflict']);
    expect(await stored()).toHaveLength(1);
  });
});
