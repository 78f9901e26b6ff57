// The entries of a batch run one after the other, but creations that follow each other together. https://hl7.org/fhir/R4/http.html#brules
import request from 'supertest';
import { type Counted, countStatements } from '../store/counted-database.ts';
import { type Running, startFacet } from './running-server.ts';

let facet: Running;
let counted: Counted;
const over = (database: Counted['database']): Counted['database'] => {
  counted = countStatements(database);
  return counted.database;
};
beforeAll(async () => {
  facet = await startFacet({}, undefined, { over });
});
afterAll(() => facet.close());

interface Entry {
  resource?: { id: string; name: { family: string }[] };
  response: { status: string; location?: string; outcome?: object };
}

async function send(entry: object[]): Promise<Entry[]> {
  const { body } = await request(facet.app)
    .post('/fhir/R4')
    .set({ 'x-api-key': facet.demo.fhir!, 'Content-Type': 'application/fhir+json', Prefer: 'return=representation' })
    .send(JSON.stringify({ resourceType: 'Bundle', type: 'batch', entry }))
    .expect(200);
  return body.entry;
}

const create = (family: string, fields: object = {}) => ({
  request: { method: 'POST', url: 'Patient' },
  resource: { resourceType: 'Patient', name: [{ family }], ...fields },
});
const find = (family: string) => ({ request: { method: 'GET', url: `Patient?family=${family}` } });
const familyOf = ({ resource }: Entry) => resource?.name[0]?.family;

test('creations that follow each other share statements; each has its response at its place', async () => {
  await send([create('Warmup')]);
  const families = Array.from({ length: 20 }, (_, n) => `Together${n}`);
  let entries: Entry[] = [];
  const statements = await counted.count(async () => {
    entries = await send(families.map((family) => create(family)));
  });
  expect(entries.map(familyOf)).toEqual(families);
  expect(new Set(entries.map(({ resource }) => resource!.id)).size).toBe(20);
  // they are stored together; work of the server itself may run meanwhile
  expect(statements).toBeLessThan(10);
});

test('an invalid creation fails alone', async () => {
  const entries = await send([create('First'), create('Second', { birthDate: 'yesterday' }), create('Third')]);
  expect(entries.map(({ response }) => response.status)).toEqual(['201 Created', '400 Bad Request', '201 Created']);
  expect(entries.map(familyOf)).toEqual(['First', undefined, 'Third']);
  expect(JSON.stringify(entries[1]!.response.outcome)).toContain('Bundle.entry[1]');
});

test('an entry sees the creations before it and not those after it; a condition sees the creations before it', async () => {
  const conditional = (family: string) => ({
    ...create(family),
    request: { method: 'POST', url: 'Patient', ifNoneExist: `family=${family}` },
  });
  const entries = await send([
    find('Ordered'),
    create('Ordered'),
    create('Other'),
    find('Ordered'),
    conditional('Ordered'),
    conditional('Fresh'),
  ]);
  const totals = entries.map(({ resource }) => (resource as unknown as { total?: number }).total);
  expect(entries.map(({ response }) => response.status.slice(0, 3))).toEqual(['200', '201', '201', '200', '200', '201']);
  expect([totals[0], totals[3]]).toEqual([0, 1]);
});
