// Two hundred random bodies and queries per endpoint get a 4xx in the format of the surface, never a 500.

import request from 'supertest';
import fc from '../fast-check.ts';
import { type Running, startFacet } from './running-server.ts';

let facet: Running;
beforeAll(async () => {
  facet = await startFacet();
});
afterAll(() => facet.close());

const TIMES = 200;
const SEED = 20261121;

const keysOf = {
  loop: ['error', 'message'],
  clinik: ['code', 'error', 'issue', 'issues', 'message', 'requestId'],
  jump: ['data', 'error', 'meta'],
};

/** Bodies that no schema admits, and texts that are no JSON: wrong types, nested junk, strange strings, cut-off documents. */
const junk = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }).map((text) => `"${text}`),
  fc
    .jsonValue({ maxDepth: 3 })
    .filter((value) => typeof value !== 'object' || value === null || Array.isArray(value))
    .map((value) => JSON.stringify(value)),
  fc
    .dictionary(
      fc.constantFrom('brand_id', 'patient_id', 'npi', 'name', 'role', 'practitionerId', 'email', '__proto__', 'constructor', 'metadata'),
      fc.jsonValue({ maxDepth: 2 }),
      { minKeys: 1 },
    )
    .map((body) => JSON.stringify({ ...body, panel_id: 7, license_state: 1, first_name: [], availableDays: 'mon' })),
  fc
    .json()
    .map((text) => text.slice(0, Math.max(1, text.length - 1)))
    .filter((text) => !isJson(text)),
);

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

test.each([
  ['loop', '/v1/physicians'],
  ['loop', '/v1/lab-orders'],
  ['loop', '/v1/patients'],
  ['clinik', '/v1/practitioner-roles'],
] as const)('%s POST %s', async (surface, path) => {
  await fc.assert(
    fc.asyncProperty(junk, async (text) => {
      const response = await request(facet.app)
        .post(path)
        .set('x-api-key', facet.demo[surface]!)
        .set('Content-Type', 'application/json')
        .set('idempotency-key', 'x')
        .send(text);
      expect(response.status).toBeGreaterThanOrEqual(400);
      expect(response.status).toBeLessThan(500);
      expect(Object.keys(response.body).sort()).toEqual(keysOf[surface]);
    }),
    { numRuns: TIMES, seed: SEED },
  );
});

const query = fc
  .tuple(
    fc.constantFrom('limit', 'offset', 'is_active', 'is_bookable_online', 'location_id'),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }),
  )
  .filter(([name, value]) => !/^\s*\d+\s*$/.test(value) && !(name.startsWith('is_') && /^(true|false)$/.test(value)));

test('jump GET /clinician-profiles', async () => {
  await fc.assert(
    fc.asyncProperty(query, async ([name, value]) => {
      const response = await request(facet.app)
        .get(`/clinician-profiles?${name}=${encodeURIComponent(value)}`)
        .set('x-api-key', facet.demo.jump!);
      expect(response.status).toBe(400);
      expect(Object.keys(response.body).sort()).toEqual(keysOf.jump);
    }),
    { numRuns: TIMES, seed: SEED },
  );
});

const DOCUMENTED = [
  'limit',
  'offset',
  'count',
  'cursor',
  'brand_id',
  'practitionerId',
  'specialty',
  'status',
  'active',
  'search',
  'location_id',
];
const foreign = fc.string({ unit: 'grapheme', maxLength: 30 }).filter((name) => !DOCUMENTED.includes(name) && !name.startsWith('is_'));

test.each([
  ['loop', '/v1/patients', 'brand_id=a'],
  ['clinik', '/v1/practitioner-roles', 'status=active'],
  ['jump', '/clinician-profiles', 'is_active=true'],
] as const)('%s GET %s: an undocumented parameter is 400 in the vendor’s format', async (surface, path, known) => {
  await fc.assert(
    fc.asyncProperty(foreign, fc.string({ unit: 'grapheme', maxLength: 10 }), async (name, value) => {
      const response = await request(facet.app)
        .get(`${path}?${known}&${new URLSearchParams({ [name]: value })}`)
        .set('x-api-key', facet.demo[surface]!);
      expect([response.status, Object.keys(response.body).sort()]).toEqual([400, keysOf[surface]]);
    }),
    { numRuns: TIMES, seed: SEED },
  );
});

test('jump: every search text gets a 200', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.string({ unit: 'binary', maxLength: 60 }).filter((text) => !text.includes('\0')),
      async (text) => {
        const response = await request(facet.app)
          .get(`/clinician-profiles?${new URLSearchParams({ search: text })}`)
          .set('x-api-key', facet.demo.jump!);
        expect(response.status).toBe(200);
      },
    ),
    { numRuns: TIMES, seed: SEED },
  );
});

test('jump: every random id is a 404', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }), async (text) => {
      const response = await request(facet.app)
        .get(`/clinician-profiles/${encodeURIComponent(text)}`)
        .set('x-api-key', facet.demo.jump!);
      expect([text, response.status === 404 || (/^\.{1,2}$/.test(text) && response.status === 200)]).toEqual([text, true]);
    }),
    { numRuns: TIMES, seed: SEED },
  );
});

const fhirQuery = fc.tuple(
  fc.constantFrom(
    'birthdate',
    '_lastUpdated',
    '_count',
    '_sort',
    '_total',
    '_include',
    'nothing',
    'family:wrong',
    'general-practitioner:Device',
    '_has:x',
    'gender:missing',
  ),
  fc.string({ unit: 'binary', maxLength: 30 }),
);

test('fhir GET /Patient with random parameters is a 400 with an OperationOutcome, or a 200', async () => {
  await fc.assert(
    fc.asyncProperty(fhirQuery, async ([name, value]) => {
      const response = await request(facet.app)
        .get(`/fhir/R4/Patient?${new URLSearchParams({ [name]: value })}`)
        .set('x-api-key', facet.demo.fhir!);
      expect([200, 400]).toContain(response.status);
      expect(response.body.resourceType).toBe(response.status === 200 ? 'Bundle' : 'OperationOutcome');
    }),
    { numRuns: TIMES, seed: SEED },
  );
});

test('fhir POST of random bodies is a 4xx with an OperationOutcome', async () => {
  await fc.assert(
    fc.asyncProperty(junk, async (text) => {
      const response = await request(facet.app)
        .post('/fhir/R4/Patient')
        .set('x-api-key', facet.demo.fhir!)
        .set('Content-Type', 'application/fhir+json')
        .send(text);
      expect([response.status, response.body.resourceType]).toEqual([400, 'OperationOutcome']);
    }),
    { numRuns: TIMES, seed: SEED },
  );
});
