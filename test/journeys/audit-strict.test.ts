// FACET_AUDIT=strict when audit events cannot be stored: no response is confirmed, and the events are stored when the database is back.
import request from 'supertest';
import { until } from '../until.ts';
import { BASE_URL, type Running, startFacet } from './running-server.ts';

let facet: Running;
let isDown = false;
beforeAll(async () => {
  facet = await startFacet({ FACET_AUDIT: 'strict' }, BASE_URL, {
    over: (database) => ({
      ...database,
      // the audit is stored in transactions, and a read runs in none
      transaction: (work) => (isDown ? Promise.reject(new Error('the database is down')) : database.transaction(work)),
    }),
  });
});
afterAll(() => facet.close());

const storedStatuses = async (requestId: string): Promise<number[]> => {
  const rows = await facet.store.database.query<{ event: string }>('select event from audit_event');
  return rows.flatMap(({ event }) => {
    const facts = JSON.parse(event) as { requestId: string; status: number };
    return facts.requestId === requestId ? [facts.status] : [];
  });
};

test('a response is sent when its event is stored', async () => {
  await facet.put({ resourceType: 'Patient', id: 'ann' }).expect(201);
  const read = await facet.fhir('get', '/Patient/ann').expect(200);
  expect(await storedStatuses(read.headers['x-request-id']!)).toEqual([200]);
});

test('while the audit cannot be stored, every API responds with 503 and no data, and its events are stored later', async () => {
  isDown = true;
  const read = await facet.fhir('get', '/Patient/ann').expect(503);
  expect(read.body).toMatchObject({ resourceType: 'OperationOutcome', issue: [{ diagnostics: expect.stringContaining('audit') }] });
  expect(read.headers).toMatchObject({ 'retry-after': '5' });
  expect(read.headers.etag).toBeUndefined();
  const vendor = await request(facet.app).get('/v1/practitioner-roles').set('x-api-key', facet.demo.clinik!).expect(503);
  expect(JSON.stringify(vendor.body)).toContain('audit');
  isDown = false;
  // the event of the second response may be in a later batch than that of the first
  for (const { headers } of [read, vendor]) await until(async () => (await storedStatuses(headers['x-request-id']!)).length === 1);
  await facet.fhir('get', '/Patient/ann').expect(200);
});
