// A server that dies at any step of storing several laboratory values: between two statements, or after the commit. All or nothing is stored, a repetition
// stores each value once, and the number of statements does not depend on the number of values.
import request from 'supertest';
import { fated, mortal, type Statements } from './crash-injection.ts';
import { type Running, startFacet } from './running-server.ts';

const transactions: Statements[] = [];

let facet: Running;
let patient: string;
beforeAll(async () => {
  facet = await startFacet({}, undefined, { over: (database) => mortal(database, transactions) });
});
afterAll(() => facet.close());

const post = (path: string, body: object, headers: Record<string, string> = {}) =>
  request(facet.app).post(path).set('Authorization', `Bearer ${facet.demo.loop}`).set(headers).send(body);
const body = (count: number) => ({
  patient_id: patient,
  brand_id: 'loop',
  source: 'upload',
  biomarkers: Array.from({ length: count }, (_, index) => ({
    ...{ code: `c${index}`, name: 'Ferritin', value: 11.5, unit: 'ng/mL' },
    collected_at: '2026-01-05T08:30:00Z',
  })),
});
const count = async (): Promise<number> => {
  const response = await request(facet.app)
    .get(`/fhir/R4/Observation?subject=Patient/${patient}&_summary=count`)
    .set('x-api-key', facet.demo.fhir!);
  return response.body.total;
};
beforeEach(async () => {
  patient = (await post('/v1/patients', { brand_id: 'loop', first_name: 'Ada', last_name: 'Lovelace' })).body.id;
});

test.each([
  ['without an idempotency-key', false],
  ['with one', true],
])('%s: all or no Observations are created, and a repetition of the request creates each once', async (_title, keyed) => {
  const statuses: number[] = [];
  for (let steps = 0; ; steps++) {
    patient = (await post('/v1/patients', { brand_id: 'loop', first_name: 'Ada', last_name: 'Lovelace' })).body.id;
    const headers: Record<string, string> = keyed ? { 'idempotency-key': `dies-${steps}` } : {};
    const { status } = await fated({ left: steps }, () => post('/v1/biomarkers/parse', body(3), headers));
    expect([0, 3]).toContain(await count());
    const repeated = await post('/v1/biomarkers/parse', body(3), headers);
    expect([repeated.status, repeated.body.count, await count()]).toEqual([200, 3, 3]);
    statuses.push(status);
    if (status === 200) break;
  }
  expect(statuses.length).toBeGreaterThan(keyed ? 6 : 4);
  expect(statuses.slice(0, -1).every((status) => status === 500)).toBe(true);
});

test('two hundred values take as many statements as two', async () => {
  const statementsFor = async (size: number): Promise<number> => {
    transactions.length = 0;
    const { status } = await fated({}, () => post('/v1/biomarkers/parse', body(size), { 'idempotency-key': `of-${size}` }));
    expect(status).toBe(200);
    return transactions.find((statements) => statements.includes('resource-hold'))!.length;
  };
  const few = await statementsFor(2);
  expect([few, await statementsFor(200)]).toEqual([few, few]);
  expect(few).toBeLessThanOrEqual(5);
});
